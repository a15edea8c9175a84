"""Parts of time."""

from __future__ import annotations

from typing import Any

from rkeras.layers.reshaping.base_cropping import BaseCropping


class Cropping1D(BaseCropping):
    """Takes away from both ends of time.

    Args:
        cropping: how much: one number, or a pair (before, after).
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Cropping1D(1)(np.ones((1, 4, 2))).shape
        (1, 2, 2)
    """

    _rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        del config["data_format"]
        return config
