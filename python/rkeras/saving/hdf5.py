"""Reading and writing HDF5 with care: nothing is read on trust."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.saving.hdf5_chunks import read_chunked

Array = npt.NDArray[Any]

_MAX_ATTRIBUTE = 1 << 26


class Writer:
    """The mapping that ``save_own_variables`` fills."""

    def __init__(self, group: Any) -> None:
        self._group = group

    def __setitem__(self, key: str, value: Any) -> None:
        array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
        if array.dtype.name == "bfloat16":
            # HDF5 has no such type: two opaque bytes, with the name beside them.
            data = self._group.create_dataset(key, data=array.view("V2"))
            data.attrs["dtype"] = "bfloat16"
        else:
            self._group.create_dataset(key, data=array)


class Reader:
    """The mapping that ``load_own_variables`` takes from; datasets are checked before they are read."""

    def __init__(self, group: Any, place: str) -> None:
        self._group = group
        self._place = place

    def keys(self) -> list[str]:
        """The names of the datasets."""
        return [] if self._group is None else list(self._group.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, key: str) -> bool:
        return key in self.keys()

    def __getitem__(self, key: str) -> Array:
        return self.read(key, None, key)

    def read(self, key: str, shape: tuple[int, ...] | None, what: str) -> Array:
        """The array of a dataset that has this shape, or any shape that the file really stores if None."""
        import h5py

        data = None if self._group is None else follow(self._group, key)
        if not isinstance(data, h5py.Dataset):
            raise ValueError(f"the file has no dataset '{self._place}/{key}' for `{what}`.")
        if data.is_virtual or data.external:
            raise ValueError(f"dataset '{self._place}/{key}' keeps its numbers in another file, which is refused.")
        if shape is not None and tuple(data.shape or ()) != shape:
            raise ValueError(
                f"`{what}` has shape {shape}, but '{self._place}/{key}' in the file has shape {data.shape}."
            )
        if shape is None and data.size * data.dtype.itemsize > max(1 << 24, 1000 * data.id.get_storage_size()):
            raise ValueError(
                f"dataset '{self._place}/{key}' declares far more numbers than the file holds; it is refused."
            )
        kind, size = data.dtype.kind, data.dtype.itemsize
        opaque = kind == "V" and (size != 2 or data.dtype.names or data.dtype.subdtype)
        if kind not in "fiubV" or opaque:
            raise ValueError(f"dataset '{self._place}/{key}' holds {data.dtype}, not numbers.")
        place = f"dataset '{self._place}/{key}'"
        array = read_chunked(data, place) if data.chunks else np.asarray(data[()])
        if array.dtype.kind == "V":
            import ml_dtypes

            array = array.view(ml_dtypes.bfloat16)
        return array


def follow(group: Any, path: str) -> Any:
    """What stands at ``path``, if only plain (hard) links lead there; None if nothing does."""
    import h5py

    for part in path.split("/"):
        if not isinstance(group, h5py.Group):
            return None
        # Not `part in group`, which follows links.
        name, links = part.encode(), group.id.links
        if not links.exists(name):
            return None
        if links.get_info(name).type != h5py.h5l.TYPE_HARD:
            target = links.get_val(name)
            raise ValueError(f"'{path}' in the file is a link to {target!r}, which is refused.")
        group = group[part]
    return group


def has(group: Any, name: str) -> bool:
    """Whether there is something of that name; not ``in``, which opens what a link leads to."""
    return bool(group.id.links.exists(name.encode()))


def read_attribute(group: Any, name: str) -> Any:
    """An attribute of texts: one, an array of them, or None if there is none.

    Raises:
        ValueError: if it holds something else, or would need much memory.
    """
    import h5py

    if name not in group.attrs:
        return None
    attribute = group.attrs.get_id(name)
    kind, count = attribute.get_type(), math.prod(attribute.shape or (1,))
    if count == 0:
        return np.zeros(0, "S1")  # Keras writes an empty list as numbers
    if not isinstance(kind, h5py.h5t.TypeStringID) or attribute.shape is None:
        raise ValueError(f"the attribute '{name}' in the file holds no text.")
    # Texts of variable length may all be the same bytes of the file: a short list can stand for a huge one.
    stored = group.file.id.get_filesize()
    if count * (stored if kind.is_variable_str() else kind.get_size()) > max(_MAX_ATTRIBUTE, stored):
        raise ValueError(f"the attribute '{name}' in the file is too large.")
    return group.attrs[name]


def read_text(group: Any, name: str, limit: int) -> str | bytes | None:
    """An attribute that holds a single text, or None.

    Raises:
        ValueError: if it holds something else, or more than ``limit`` bytes.
    """
    value = read_attribute(group, name)
    if value is not None and not isinstance(value, (str, bytes)):
        raise ValueError(f"the attribute '{name}' in the file is no text")
    if value is not None and len(value) > limit:
        raise ValueError(f"the attribute '{name}' in the file has more than {limit:,} bytes.")
    return value
