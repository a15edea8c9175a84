"""Numbers as the ranges that they lie in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.preprocessing.adaptation import batches
from rkeras.layers.preprocessing.encoding import encode

_MODES = ("int", "one_hot", "multi_hot", "count")


class Discretization(ArgumentLayer):
    """Turns numbers into the number of the range that they lie in.

    Args:
        bin_boundaries: where ranges end; a number on a boundary lies in the upper one.
        num_bins: how many ranges ``adapt`` makes, with the same number of values in each.
        epsilon: how exactly, as a share of the values, if they come in batches.
        output_mode: ``int``, or rows as in ``CategoryEncoding``.
        sparse: must be False.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> Discretization([0.0, 1.0])(np.array([-1.0, 0.0, 0.5, 2.0])).tolist()
        [0, 1, 1, 2]
    """

    num_bins: int | None
    epsilon: float
    output_mode: str

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # In half precision numbers would cross the boundaries.
        self.autocast = False
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError("Discretization needs either bin_boundaries or num_bins")
        if output_mode not in _MODES:
            raise ValueError(f"Discretization: output_mode must be one of {_MODES}, got {output_mode!r}")
        if sparse:
            raise ValueError("Discretization makes dense rows only; leave out sparse=True")
        self.bin_boundaries = None if bin_boundaries is None else [float(b) for b in bin_boundaries]
        self._keep(num_bins=num_bins, epsilon=epsilon, output_mode=output_mode)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Finds boundaries that divide a data set evenly.

        Args:
            data: an array, or batches of a dataset.
            steps: how many batches.

        Raises:
            ValueError: the boundaries were given.
        """
        if self.num_bins is None:
            raise ValueError(f"{self.name} was made with bin_boundaries; adapt needs num_bins")
        summary = np.zeros((2, 0), "float32")
        for batch in batches(data, steps, "float32"):
            joined = np.concatenate([_summary(batch, self.epsilon), summary], axis=1)
            summary = _compressed(joined[:, np.argsort(joined[0])], self.epsilon)
        self.bin_boundaries = _compressed(summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def call(self, inputs: Any) -> Any:
        """The numbers of the ranges, or rows."""
        if self.bin_boundaries is None:
            raise ValueError(f"{self.name} has no boundaries yet; call adapt(data) first")
        inputs = ops.cast(inputs, "float32")
        above = ops.expand_dims(inputs, -1) >= ops.convert_to_tensor(self.bin_boundaries, "float32")
        numbers = ops.sum(ops.cast(above, "int32"), axis=-1)
        dtype = "int32" if self.output_mode == "int" else self.compute_dtype
        return encode(numbers, self.output_mode, len(self.bin_boundaries) + 1, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        return {**super().get_config(), "bin_boundaries": self.bin_boundaries}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Discretization:
        """Makes a layer from ``get_config``; one that was adapted has both boundaries and their number."""
        boundaries, number = config.get("bin_boundaries"), config.get("num_bins")
        if boundaries is None or number is None:
            return cls(**config)
        layer = cls(**{**config, "bin_boundaries": None})
        layer.bin_boundaries = [float(b) for b in boundaries]
        return layer


def _summary(values: npt.NDArray[Any], epsilon: float) -> npt.NDArray[Any]:
    """Some of the values, evenly spaced in their order, and for how many each stands."""
    ordered = np.sort(values, axis=None)
    step = max(ordered.size * epsilon, 1.0)
    chosen = ordered[int(step - 1) :: int(step)]
    return np.stack([chosen, np.full_like(chosen, step)])


def _compressed(summary: npt.NDArray[Any], epsilon: float) -> npt.NDArray[Any]:
    """A summary with no more than 1 / epsilon values."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    counts = summary[1].cumsum()
    values = np.interp(shares, counts / counts[-1], summary[0])
    found = np.interp(shares, counts / counts[-1], counts)
    return np.stack([values, np.diff(found, prepend=0.0)]).astype("float32")
