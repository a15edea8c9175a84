"""Reading and writing HDF5 with care: nothing is read on trust."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Deflate, shuffle and checksums.
_FILTERS = {1, 2, 3}
_MAX_ATTRIBUTE = 1 << 24


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
        settings = data.id.get_create_plist()
        filters = [settings.get_filter(i)[0] for i in range(settings.get_nfilters())]
        if not set(filters) <= _FILTERS:
            # The HDF5 library would look for a program library that can undo it.
            raise ValueError(f"dataset '{self._place}/{key}' is packed by a filter that is not supported.")
        array = np.asarray(data[()])
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


def read_attribute(group: Any, name: str) -> Any:
    """An attribute, or None; one that would need much memory raises ValueError."""
    if name not in group.attrs:
        return None
    attribute = group.attrs.get_id(name)
    # Not the storage size, which h5py takes for an error if it is zero.
    if math.prod(attribute.shape or ()) * attribute.get_type().get_size() > _MAX_ATTRIBUTE:
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
