"""Event files of TensorBoard, written without TensorFlow.

A file is a sequence of records: length, checksum, payload, checksum. The payload is a protocol buffer
``Event``.
Source: tensorboard/compat/proto/{event,summary,histogram,graph,node_def}.proto; the record format is
    TFRecord.
"""

from __future__ import annotations

import os
import socket
import struct
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def masked_crc(data: bytes) -> int:
    """CRC-32C of ``data``, rotated and offset as TFRecord wants it.

    >>> hex(masked_crc(b"123456789"))
    '0xc78ab0e5'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & 0xFFFFFFFFFFFFFFFF)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


class EventFile:
    """An event file that is being written.

    Args:
        directory: made if it does not exist.
    """

    _count = 0

    def __init__(self, directory: str) -> None:
        Path(directory).mkdir(parents=True, exist_ok=True)
        EventFile._count += 1
        name = (
            f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{EventFile._count}"
        )
        self._file: BinaryIO = (Path(directory) / name).open("wb")
        self._event(_bytes(3, "brain.Event:2"))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Writes a number."""
        self._summary(tag, _float(2, value), step)

    def histogram(self, tag: str, values: Array, step: int, buckets: int = 30) -> None:
        """Writes how numbers are distributed; those that are not finite are left out."""
        finite = np.asarray(values, np.float64).reshape(-1)
        finite = finite[np.isfinite(finite)]
        if not finite.size:
            return
        counts, edges = np.histogram(finite, buckets)
        histogram = (
            _double(1, finite.min())
            + _double(2, finite.max())
            + _double(3, finite.size)
            + _double(4, finite.sum())
            + _double(5, float(np.square(finite).sum()))
            + _bytes(6, edges[1:].astype("<f8").tobytes())
            + _bytes(7, counts.astype("<f8").tobytes())
        )
        self._summary(tag, _bytes(5, histogram), step)

    def image(self, tag: str, pixels: Array, step: int) -> None:
        """Writes a picture.

        Args:
            tag: its name.
            pixels: bytes of shape ``(height, width, channels)`` with 1, 3 or 4 channels.
            step: its number.
        """
        height, width, channels = pixels.shape
        picture = _int(1, height) + _int(2, width) + _int(3, channels) + _bytes(4, png(pixels))
        self._summary(tag, _bytes(4, picture), step)

    def graph(self, nodes: Iterable[tuple[str, str, list[str]]]) -> None:
        """Writes a graph of nodes, each a name, an operation and the names of what it takes."""
        definition = b"".join(
            _bytes(1, _bytes(1, name) + _bytes(2, kind) + b"".join(_bytes(3, i) for i in inputs))
            for name, kind, inputs in nodes
        )
        self._event(_bytes(4, definition))

    def flush(self) -> None:
        """Hands everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Ends the file."""
        self._file.close()

    def _summary(self, tag: str, value: bytes, step: int) -> None:
        self._event(_int(2, step) + _bytes(5, _bytes(1, _bytes(1, tag) + value)))

    def _event(self, content: bytes) -> None:
        payload = _double(1, time.time()) + content
        length = struct.pack("<Q", len(payload))
        checks = struct.pack("<I", masked_crc(length)), struct.pack("<I", masked_crc(payload))
        self._file.write(length + checks[0] + payload + checks[1])


def png(pixels: Array) -> bytes:
    """A PNG file of bytes of shape ``(height, width, channels)`` with 1, 3 or 4 channels.

    >>> png(np.zeros((2, 3, 1), np.uint8))[:4]
    b'\\x89PNG'
    """
    height, width, channels = pixels.shape
    kind = {1: 0, 3: 2, 4: 6}[channels]
    # Each row begins with its filter: none.
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows.tobytes()))
        + chunk(b"IEND", b"")
    )
