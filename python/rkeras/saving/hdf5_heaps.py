"""A check of the places where HDF5 files keep texts of variable length, before the HDF5 library reads them.

The library goes through the objects of such a heap by their sizes, and for ever if one that is free has none.
"""

from __future__ import annotations

import mmap
import os
import struct

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAP = b"GCOL"
_HEADER = 16
# Index of the object (0: free space), references, padding, size.
_OBJECT = struct.Struct("<HHIQ")


def check_heaps(path: str) -> None:
    """Looks at all heaps of a file.

    Raises:
        ValueError: if the file is no HDF5 file, is laid out for other machines, or a heap is damaged.
    """
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size < 16 or file.read(8) != _SIGNATURE:
            raise ValueError("it does not begin as such a file does")
        version, *rest = file.read(8)
        # Sizes of addresses and of lengths stand elsewhere since version 2.
        sizes = rest[4:6] if version < 2 else rest[:2]
        if sizes != [8, 8]:
            raise ValueError("its addresses do not have 64 bits")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            place = data.find(_HEAP)
            while place >= 0:
                _check_heap(data, place)
                place = data.find(_HEAP, place + 1)


def _check_heap(data: mmap.mmap, start: int) -> None:
    if start + _HEADER > len(data):
        return
    end = start + int.from_bytes(data[start + 8 : start + _HEADER], "little")
    if data[start + 4] != 1 or end > len(data):
        return  # not a heap, but some numbers; or one that the library refuses
    place = start + _HEADER
    while place + _OBJECT.size <= end:
        index, _, _, size = _OBJECT.unpack_from(data, place)
        step = size if index == 0 else _OBJECT.size + -(-size // 8) * 8
        if step < _OBJECT.size or place + step > end:
            raise ValueError(f"the texts at byte {start:,} are damaged")
        place += step
