"""Writing protocol buffers: enough of the wire format for TensorFlow's messages, and those that several share."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

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


# Arrays of more bytes are not copied into the messages around them.
_LARGE = 4096


class Message:
    """The bytes of a message in pieces, so that weights are not copied for each message that they are nested in.

    Args:
        parts: the pieces in order.
    """

    def __init__(self, parts: Iterable[bytes | memoryview]) -> None:
        self.parts = list(parts)
        self._size = sum(map(len, self.parts))

    def __len__(self) -> int:
        return self._size

    def __add__(self, other: Message | bytes) -> Message:
        return Message([*self.parts, *(other.parts if isinstance(other, Message) else [other])])

    def __radd__(self, other: bytes) -> Message:
        return Message([other, *self.parts])


Encoded = bytes | Message


def joined(messages: Iterable[Encoded]) -> Encoded:
    """One after the other."""
    parts: list[bytes | memoryview] = []
    small: list[bytes] = []
    for message in messages:
        if isinstance(message, bytes):
            small.append(message)
        else:
            parts += [b"".join(small), *message.parts]
            small = []
    return Message([*parts, b"".join(small)]) if parts else b"".join(small)


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


@overload
def text(field: int, value: bytes | str) -> bytes: ...


@overload
def text(field: int, value: Encoded | str) -> Encoded: ...


def text(field: int, value: Encoded | str) -> Encoded:
    """A string, bytes or message field.

    >>> text(2, "ab")
    b'\\x12\\x02ab'
    """
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def repeated(field: int, values: Iterable[Encoded | str]) -> Encoded:
    """A repeated string or message field."""
    return joined(text(field, value) for value in values)


def mapping(field: int, entries: Mapping[str, Encoded]) -> Encoded:
    """A map from strings to messages."""
    return joined(text(field, text(1, key) + text(2, entries[key])) for key in sorted(entries))


def shape(sizes: Sequence[int | None]) -> Encoded:
    """A ``TensorShapeProto``; None is an unknown size."""
    return repeated(2, (number(1, -1 if size is None else size) for size in sizes))


def tensor(array: Any) -> Encoded:
    """A ``TensorProto`` with the numbers of an array in little-endian order."""
    array = np.ascontiguousarray(array).reshape(np.shape(array))
    raw = memoryview(array.reshape(-1).view("u1"))
    content = Message([raw]) if array.nbytes > _LARGE else raw.tobytes()
    return number(1, DTYPES[array.dtype.name]) + text(2, shape(array.shape)) + text(4, content)


class DType(str):
    """The name of a dtype as the value of an attribute, apart from other strings."""


def attribute(value: Any) -> Encoded:
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
