"""What weights must satisfy after each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import config, ops
from rkeras.saving.identifiers import ObjectTable


class Constraint:
    """Maps a weight to the nearest allowed one; subclasses define ``__call__(w)``.

    Example:
        >>> import rkeras
        >>> Constraint()(3.0)
        3.0
    """

    def __call__(self, w: Any) -> Any:
        """The allowed weight."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """Makes a constraint from ``get_config``."""
        return cls(**config)


def _norms(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Shortens vectors that are longer than a limit.

    Args:
        max_value: the limit.
        axis: along which axes the length is taken.

    Example:
        >>> import rkeras
        >>> rkeras.ops.round(MaxNorm(1.0)(rkeras.ops.array([[3.0], [4.0]])), 3).shape
        (2, 1)
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        """The allowed weight."""
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0.0, float(self.max_value)) / (norms + config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Sets negative weights to zero.

    Example:
        >>> import rkeras
        >>> NonNeg()(rkeras.ops.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: Any) -> Any:
        """The allowed weight."""
        return ops.maximum(w, 0.0)


class UnitNorm(Constraint):
    """Scales vectors to length 1.

    Args:
        axis: along which axes the length is taken.

    Example:
        >>> import rkeras
        >>> UnitNorm()(rkeras.ops.array([[3.0], [4.0]])).shape
        (2, 1)
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The allowed weight."""
        return w / (config.epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Draws the length of vectors into an interval.

    Args:
        min_value: the least length.
        max_value: the largest.
        rate: how far: 1 all the way.
        axis: along which axes the length is taken.

    Example:
        >>> import rkeras
        >>> MinMaxNorm()(rkeras.ops.array([[3.0], [4.0]])).shape
        (2, 1)
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        """The allowed weight."""
        norms = _norms(w, self.axis)
        wanted = (
            self.rate * ops.clip(norms, float(self.min_value), float(self.max_value))
            + (1 - self.rate) * norms
        )
        return w * (wanted / (norms + config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


class RadialConstraint(Constraint):
    """Gives weights of a square window that are as far from its middle the same value.

    Distance is counted in whole rings, and each takes the value of a diagonal element, as in Keras 2: from the
    middle on those of the indices 0, 1 for three rows; 1, 3 for four; 1, 2, 3 for five.

    Example:
        >>> import numpy as np
        >>> RadialConstraint()(np.arange(9.0).reshape(3, 3, 1, 1)).numpy()[:, :, 0, 0].tolist()
        [[4.0, 4.0, 4.0], [4.0, 0.0, 4.0], [4.0, 4.0, 4.0]]
    """

    def __call__(self, w: Any) -> Any:
        """The allowed weight; anything but kernels (size, size, channels, filters) raises ValueError."""
        w = ops.convert_to_tensor(w)
        shape = tuple(w.shape)
        if len(shape) != 4 or shape[0] != shape[1]:
            raise ValueError(f"RadialConstraint takes kernels (size, size, channels, filters), got shape {shape}")
        size = shape[0]
        offset = np.abs(np.arange(size) - (size - 1) / 2)
        ring = np.floor(np.maximum(offset[:, None], offset)).astype("int32")
        # Weights made so must stay as they are, therefore also with an odd number, where the element of the next
        # ring inside is taken.
        corner = np.maximum(size // 2 - 1 + ring + ((ring > 0) & (size % 2 == 0)), 0)
        rows = ops.reshape(w, (size * size, *shape[2:]))
        return ops.reshape(ops.take(rows, (corner * (size + 1)).ravel(), axis=0), shape)


TABLE = ObjectTable(
    "constraint",
    [MaxNorm, MinMaxNorm, NonNeg, RadialConstraint, UnitNorm],
    {"maxnorm": MaxNorm, "nonneg": NonNeg, "unitnorm": UnitNorm},  # names of Keras 1
)
radial_constraint = RadialConstraint
max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm
maxnorm, nonneg, unitnorm = MaxNorm, NonNeg, UnitNorm
get = TABLE.get
serialize = TABLE.serialize
deserialize = TABLE.deserialize
