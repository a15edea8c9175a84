"""Hash functions of text, bit for bit those that data pipelines of TensorFlow use: FarmHash64 and SipHash-2-4."""

from __future__ import annotations

import struct
from typing import Any

_MASK = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CAT = 0xC6A4A7935BD1E995


def _rotate(x: int, by: int) -> int:
    x &= _MASK
    return ((x >> by) | (x << (64 - by))) & _MASK


def _shift_mix(x: int) -> int:
    x &= _MASK
    return x ^ (x >> 47)


def _mix(u: int, v: int, by: int) -> int:
    a = _shift_mix((u ^ v) * by)
    return _shift_mix((v ^ a) * by) * by & _MASK


def _word(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 8], "little")


def farmhash64(text: bytes) -> int:
    """The 64-bit fingerprint of FarmHash.

    Args:
        text: any bytes.

    Example:
        >>> farmhash64(b"")
        11160318154034397263
    """
    n = len(text)
    by = _K2 + n * 2
    if n > 64:
        return _long(text)
    if n > 16:
        a, b = _word(text, 0) * (_K2 if n > 32 else _K1), _word(text, 8)
        c, d = _word(text, n - 8) * by, _word(text, n - 16) * _K2
        y = _rotate(a + b, 43) + _rotate(c, 30) + d
        z = a + _rotate(b + _K2, 18) + c
        first = _mix(y & _MASK, z & _MASK, by)
        if n <= 32:
            return first
        e, f = _word(text, 16) * by, _word(text, 24)
        g, h = (y + _word(text, n - 32)) * by, (first + _word(text, n - 24)) * by
        return _mix((_rotate(e + f, 43) + _rotate(g, 30) + h) & _MASK, (e + _rotate(f + a, 18) + g) & _MASK, by)
    if n >= 8:
        a, b = _word(text, 0) + _K2, _word(text, n - 8)
        c, d = _rotate(b, 37) * by + a, (_rotate(a, 25) + b) * by
        return _mix(c & _MASK, d & _MASK, by)
    if n >= 4:
        first, last = (int.from_bytes(part, "little") for part in (text[:4], text[-4:]))
        return _mix(n + (first << 3), last, by)
    if n:
        y, z = text[0] + (text[n >> 1] << 8), n + (text[-1] << 2)
        return _shift_mix((y * _K2 & _MASK) ^ (z * _K0 & _MASK)) * _K2 & _MASK
    return _K2


def _weak(text: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """32 bytes, with two numbers that went before."""
    w, x, y, z = struct.unpack_from("<4Q", text, at)
    a += w
    b = _rotate(b + a + z, 21)
    c = a
    a += x + y
    return (a + z) & _MASK, (b + _rotate(a, 44) + c) & _MASK


def _long(text: bytes) -> int:
    n = len(text)
    x = 81 * _K2 + _word(text, 0)
    y = 81 * _K1 + 113
    z = _shift_mix(y * _K2 + 113) * _K2
    v, w = (0, 0), (0, 0)
    # The last 64 bytes overlap with those before, and are mixed in another way.
    for at in (*range(0, (n - 1) // 64 * 64, 64), n - 64):
        last = at == n - 64
        by = _K1
        if last:
            by = _K1 + ((z & 0xFF) << 1)
            w = (w[0] + ((n - 1) & 63), w[1])
            v = (v[0] + w[0], v[1])
            w = (w[0] + v[0], w[1])
        nine = 9 if last else 1
        x = _rotate(x + y + v[0] + _word(text, at + 8), 37) * by
        y = _rotate(y + v[1] + _word(text, at + 48), 42) * by
        x = (x ^ (w[1] * nine)) & _MASK
        y += v[0] * nine + _word(text, at + 40)
        z = _rotate(z + w[0], 33) * by
        v = _weak(text, at, v[1] * by, x + w[0])
        w = _weak(text, at + 32, z + w[1], y + _word(text, at + 16))
        z, x = x, z
    y &= _MASK
    first = _mix(v[0], w[0], by) + _shift_mix(y) * _K0 + z
    return _mix(first & _MASK, (_mix(v[1], w[1], by) + x) & _MASK, by)


def siphash64(text: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4, for which nobody finds collisions without the key.

    Args:
        text: any bytes.
        key: two 64-bit numbers.

    Example:
        >>> hex(siphash64(bytes(range(15)), (0x0706050403020100, 0x0F0E0D0C0B0A0908)))
        '0xa129ca6149be45e5'
    """
    low, high = key[0] & _MASK, key[1] & _MASK
    v = [low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573]
    padded = text + bytes(7 - len(text) % 8) + bytes([len(text) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        _sip_rounds(v, 2)
        v[0] ^= word
    v[2] ^= 0xFF
    _sip_rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _sip_rounds(v: list[int], count: int) -> None:
    for _ in range(count):
        a, b, c, d = v
        a = (a + b) & _MASK
        b = _rotate(b, 51) ^ a
        a = _rotate(a, 32)
        c = (c + d) & _MASK
        d = _rotate(d, 48) ^ c
        a = (a + d) & _MASK
        d = _rotate(d, 43) ^ a
        c = (c + b) & _MASK
        b = _rotate(b, 47) ^ c
        c = _rotate(c, 32)
        v[:] = a, b, c, d


def joined(first: int, second: int) -> int:
    """The fingerprint of two, in order.

    Args:
        first: a 64-bit number.
        second: a 64-bit number.

    Example:
        >>> joined(1, 2) == joined(2, 1)
        False
    """
    found = (first ^ _CAT) ^ (_shift_mix(second * _CAT) * _CAT & _MASK)
    return _shift_mix(_shift_mix(found * _CAT) * _CAT)


def salt_of(layer: str, salt: Any) -> list[int] | None:
    """The two numbers of a salt.

    Args:
        layer: class of the layer, for the error.
        salt: one or two numbers, or None.

    Example:
        >>> salt_of("Hashing", 3)
        [3, 3]
    """
    if salt is None:
        return None
    pair = [salt, salt] if isinstance(salt, int) else salt
    if isinstance(pair, (list, tuple)) and len(pair) == 2 and all(isinstance(part, int) for part in pair):
        return list(pair)
    raise ValueError(f"{layer}: salt must be one or two integers, got {salt!r}")


def bucket(text: bytes, buckets: int, salt: list[int] | None) -> int:
    """A number below ``buckets``, as evenly spread as a hash is.

    Args:
        text: what gets a number.
        buckets: how many numbers there are.
        salt: the key of a hash that has one.

    Example:
        >>> bucket(b"A", 10, None)
        4
    """
    return (farmhash64(text) if salt is None else siphash64(text, (salt[0], salt[1]))) % buckets
