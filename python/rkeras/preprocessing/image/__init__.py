"""Pictures as arrays, from files and back, and varied at random for training."""

from __future__ import annotations

from rkeras._lazy import lazy

_HERE = "rkeras.preprocessing.image"
_NAMES = {
    "DataFrameIterator": f"{_HERE}.dataframe_iterator",
    "DirectoryIterator": f"{_HERE}.directory_iterator",
    "ImageDataGenerator": f"{_HERE}.generator",
    "Iterator": f"{_HERE}.iterator",
    "NumpyArrayIterator": f"{_HERE}.array_iterator",
    "apply_affine_transform": f"{_HERE}.affine",
    "apply_brightness_shift": f"{_HERE}.colours",
    "apply_channel_shift": f"{_HERE}.colours",
    "array_to_img": f"{_HERE}.pictures",
    "img_to_array": f"{_HERE}.pictures",
    "load_img": f"{_HERE}.pictures",
    "random_brightness": f"{_HERE}.random_transforms",
    "random_channel_shift": f"{_HERE}.random_transforms",
    "random_rotation": f"{_HERE}.random_transforms",
    "random_shear": f"{_HERE}.random_transforms",
    "random_shift": f"{_HERE}.random_transforms",
    "random_zoom": f"{_HERE}.random_transforms",
    "save_img": f"{_HERE}.pictures",
    "smart_resize": f"{_HERE}.smart_resize",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
