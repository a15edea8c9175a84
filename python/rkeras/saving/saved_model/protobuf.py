"""Writing protocol buffers: enough of the wire format for TensorFlow's messages, and those that several share."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

# TensorFlow's numbers for dtypes.
DTYPES = {
    "float32": 1,
    "float64": 2,
    "int32": 3,
    "uint8": 4,
    "int16": 5,
    "int8": 6,
    "string": 7,
    "int64": 9,
    "bool": 10,
    "bfloat16": 14,
    "uint16": 17,
    "float16": 19,
    "resource": 20,
    "uint32": 22,
    "uint64": 23,
}


def varint(value: int) -> bytes:
    """A number in as few bytes as it takes, seven bits each.

    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """An integer, bool or enum field; negative ones take ten bytes.

    >>> number(1, 150).hex()
    '089601'
    """
    return varint(field << 3) + varint(int(value) & 0xFFFFFFFFFFFFFFFF)


def single(field: int, value: float) -> bytes:
    """A float field."""
    return varint(field << 3 | 5) + struct.pack("<f", value)


def text(field: int, value: bytes | str) -> bytes:
    """A string, bytes or message field.

    >>> text(2, "ab")
    b'\\x12\\x02ab'
    """
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def repeated(field: int, values: Iterable[bytes | str]) -> bytes:
    """A repeated string or message field."""
    return b"".join(text(field, value) for value in values)


def mapping(field: int, entries: Mapping[str, bytes]) -> bytes:
    """A map from strings to messages."""
    return b"".join(text(field, text(1, key) + text(2, entries[key])) for key in sorted(entries))


def shape(sizes: Sequence[int | None]) -> bytes:
    """A ``TensorShapeProto``; None is an unknown size."""
    return repeated(2, (number(1, -1 if size is None else size) for size in sizes))


def tensor(array: Any) -> bytes:
    """A ``TensorProto`` with the numbers of an array in native (little-endian) order."""
    array = np.asarray(array)
    return number(1, DTYPES[array.dtype.name]) + text(2, shape(array.shape)) + text(4, array.tobytes())


class DType(str):
    """The name of a dtype as the value of an attribute, apart from other strings."""


def attribute(value: Any) -> bytes:
    """An ``AttrValue``: of bool, int, float, str, ``DType``, array, list of ints, or list of ``DType``."""
    if isinstance(value, bool):
        return number(5, value)
    if isinstance(value, int):
        return number(3, value)
    if isinstance(value, float):
        return single(4, value)
    if isinstance(value, DType):
        return number(6, DTYPES[value])
    if isinstance(value, str):
        return text(2, value)
    if isinstance(value, np.ndarray):
        return text(8, tensor(value))
    if value and isinstance(value[0], DType):
        return text(1, b"".join(number(6, DTYPES[item]) for item in value))
    return text(1, b"".join(number(3, item) for item in value))
