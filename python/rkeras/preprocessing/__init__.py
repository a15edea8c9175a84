"""Preparing sequences, texts and pictures."""

from __future__ import annotations

from rkeras._lazy import lazy

_NAMES = {
    "image_dataset_from_directory": "rkeras.utils.directory_datasets",
    "text_dataset_from_directory": "rkeras.utils.directory_datasets",
    "timeseries_dataset_from_array": "rkeras.utils.timeseries_dataset",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES, ("image", "sequence", "text"))
