"""``import keras``: rkeras under a version that scripts can compare."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import rkeras

# The Keras whose names and behaviour rkeras has.
KERAS_VERSION = "3.15.1"


class KerasRoot(ModuleType):
    """The names of rkeras, whose own version number says nothing to scripts written for Keras.

    Example:
        >>> KERAS.Model is rkeras.Model, KERAS.__version__.split(".")[0]
        (True, '3')
    """

    __version__ = KERAS_VERSION

    def version(self) -> str:
        """The version of Keras."""
        return KERAS_VERSION

    def __getattr__(self, name: str) -> Any:
        return getattr(rkeras, name)

    def __setattr__(self, name: str, value: Any) -> None:
        # What the import system notes about itself stays here; all else, submodules too, is rkeras'.
        if name.startswith("__"):
            super().__setattr__(name, value)
        else:
            setattr(rkeras, name, value)

    def __dir__(self) -> list[str]:
        return dir(rkeras)


KERAS = KerasRoot("keras", rkeras.__doc__)
