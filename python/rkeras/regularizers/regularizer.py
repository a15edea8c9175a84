"""The base class of penalties on weights."""

from __future__ import annotations

import math
from typing import Any


class Regularizer:
    """Maps a weight or an output to a scalar that is added to the loss."""

    def __call__(self, x: Any) -> Any:
        """Returns the penalty on ``x``, a scalar tensor."""
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a regularizer from the result of `get_config`."""
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define `get_config()` to be saved")


def checked_factor(value: Any, name: str) -> float:
    """Returns ``value`` as float.

    Raises:
        ValueError: unless it is a finite number that is not negative.
    """
    if isinstance(value, (int, float)) and math.isfinite(value) and value >= 0:
        return float(value)
    raise ValueError(f"{name} must be a finite number of at least 0, got {name}={value!r}")
