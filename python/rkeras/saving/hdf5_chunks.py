"""Datasets in chunks, unpacked here: the HDF5 library inflates a chunk to whatever it becomes, a thousandfold."""

from __future__ import annotations

import itertools
import math
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3
_CHECKSUM = 4
_SMALL_CHUNK = 1 << 24


def read_chunked(data: Any, what: str) -> Array:
    """The array of a dataset in chunks, in memory for it, a chunk and the chunk's packed form.

    Args:
        data: the dataset; its own shape has been found to be as expected.
        what: what it is called in errors.

    Raises:
        ValueError: if a chunk is not what its size says, or is packed by something other than deflate.
    """
    import h5py

    settings, dtype, chunk = data.id.get_create_plist(), data.dtype, data.chunks
    filters = [settings.get_filter(i)[0] for i in range(settings.get_nfilters())]
    if not set(filters) <= {_DEFLATE, _SHUFFLE, _FLETCHER32}:
        # The HDF5 library would look for a program library that can undo it.
        raise ValueError(f"{what} is packed by a filter that is not supported.")
    size = math.prod(chunk) * dtype.itemsize
    if size > max(_SMALL_CHUNK, 4 * data.size * dtype.itemsize):
        raise ValueError(f"{what} has chunks of {size:,} bytes, far larger than itself; it is refused.")
    if data.id.get_type() != h5py.h5t.py_create(dtype, logical=True):
        raise ValueError(f"{what} has numbers in a form of its own, which is not supported in chunks.")
    result = np.full(data.shape, data.fillvalue, dtype)
    for place in itertools.product(*(range(0, n, c) for n, c in zip(data.shape, chunk, strict=True))):
        stored = data.id.get_chunk_info_by_coord(place)
        if stored.byte_offset is None:
            continue
        if stored.size > 2 * size + 1024:
            raise ValueError(f"{what} has a chunk of {stored.size:,} bytes for numbers of {size:,}; it is refused.")
        mask, packed = data.id.read_direct_chunk(place)
        used = [code for i, code in enumerate(filters) if not mask >> i & 1]
        numbers = np.frombuffer(_unpacked(packed, used, size, dtype.itemsize, what), dtype).reshape(chunk)
        inside = tuple(slice(0, n - start) for n, start in zip(data.shape, place, strict=True))
        part = numbers[inside]
        result[tuple(slice(start, start + n) for start, n in zip(place, part.shape, strict=True))] = part
    return result


def _unpacked(packed: bytes, filters: list[int], size: int, width: int, what: str) -> bytes:
    """The bytes of a chunk with its filters undone, the last first."""
    for i, code in reversed(list(enumerate(filters))):
        if code == _DEFLATE:
            # A checksum below would have been packed too.
            inflater = zlib.decompressobj()
            try:
                packed = inflater.decompress(packed, size + _CHECKSUM * filters[:i].count(_FLETCHER32) + 1)
            except zlib.error as error:
                raise ValueError(f"{what} is damaged: {error}") from None
        elif code == _SHUFFLE and len(packed) % width == 0:
            packed = np.frombuffer(packed, np.uint8).reshape(width, -1).T.tobytes()
        elif code == _FLETCHER32:
            packed = packed[:-_CHECKSUM]
    if len(packed) != size:
        raise ValueError(f"{what} is damaged: a chunk should have {size:,} bytes, but has {len(packed):,} or more.")
    return packed
