"""Numbers with mean 0 and variance 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import config, ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.preprocessing.adaptation import batches


class Normalization(ArgumentLayer):
    """Takes off the mean of a data set and divides by its deviation, both given or found by ``adapt``.

    Args:
        axis: the axes that have a mean for each index; None for one mean of all.
        mean: the means, if known.
        variance: the variances, if known.
        invert: whether to undo it instead.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: only one of ``mean`` and ``variance``, or their shapes differ.

    Example:
        >>> layer = Normalization(axis=None)
        >>> layer.adapt(np.array([1.0, 3.0]))
        >>> layer(np.array([5.0])).tolist()
        [3.0]
    """

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(f"Normalization needs mean and variance or none, got mean={mean}, variance={variance}")
        if np.shape(mean) != np.shape(variance):
            raise ValueError(
                f"Normalization: mean has shape {np.shape(mean)} and variance {np.shape(variance)}; they must agree"
            )
        self.axis: tuple[int, ...] = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean = None if mean is None else np.asarray(mean, "float32")
        self.input_variance = None if variance is None else np.asarray(variance, "float32")
        self.invert = invert
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Makes mean, variance and count, unless they were given."""
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(f"Normalization: axis {self.axis} of inputs of shape {input_shape}")
        kept = sorted(axis % rank for axis in self.axis)
        if any(input_shape[axis] is None for axis in kept):
            raise ValueError(f"Normalization needs to know the size of axis {self.axis}, got shape {input_shape}")
        self._reduced = tuple(axis for axis in range(rank) if axis not in kept)
        self._shape = tuple(input_shape[axis] if axis in kept else 1 for axis in range(rank))
        if self.input_mean is None:
            sizes = tuple(input_shape[axis] for axis in kept)
            self.adapt_mean = self.add_weight(name="mean", shape=sizes, initializer="zeros", trainable=False)
            self.adapt_variance = self.add_weight(name="variance", shape=sizes, initializer="ones", trainable=False)
            self.count = self.add_weight(name="count", shape=(), dtype="int32", initializer="zeros", trainable=False)

    def adapt(self, data: Any) -> None:
        """Finds mean and variance of a data set.

        Args:
            data: an array, or batches of a dataset.

        Raises:
            ValueError: they were given, or there is no data.
        """
        if self.input_mean is not None:
            raise ValueError(f"{self.name} was made with a mean; adapt would replace it")
        count, mean, spread = 0, np.zeros(()), np.zeros(())
        for batch in batches(data, dtype="float64"):
            if not self.built:
                self.build(batch.shape)
                self.built = True
            size = int(np.prod([batch.shape[axis] for axis in self._reduced]))
            new = batch.mean(self._reduced)
            # The sum of squares about the common mean (Chan et al. 1979).
            spread = spread + batch.var(self._reduced) * size + (new - mean) ** 2 * count * size / (count + size)
            mean = mean + (new - mean) * size / (count + size)
            count += size
        if not count:
            raise ValueError(f"{self.name}.adapt got no data")
        self.adapt_mean.assign(mean.astype("float32"))
        self.adapt_variance.assign((spread / count).astype("float32"))
        self.count.assign(count)

    @property
    def mean(self) -> Any:
        """The means, in a shape that broadcasts with inputs."""
        return self._broadcast(self.adapt_mean if self.input_mean is None else self.input_mean)

    @property
    def variance(self) -> Any:
        """The variances, in a shape that broadcasts with inputs."""
        return self._broadcast(self.adapt_variance if self.input_variance is None else self.input_variance)

    def _broadcast(self, value: Any) -> Any:
        value = ops.cast(value, self.compute_dtype)
        if self.input_mean is None or len(value.shape) == len(self.axis):
            return ops.broadcast_to(ops.reshape(value, self._shape), self._shape) if value.shape else value
        return value

    def call(self, inputs: Any) -> Any:
        """The normalised inputs."""
        inputs = ops.cast(inputs, self.compute_dtype)
        deviation = ops.maximum(ops.sqrt(self.variance), config.epsilon())
        return inputs * deviation + self.mean if self.invert else (inputs - self.mean) / deviation

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the inputs."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        return {
            **super().get_config(),
            "axis": list(self.axis),
            "mean": None if self.input_mean is None else self.input_mean.tolist(),
            "variance": None if self.input_variance is None else self.input_variance.tolist(),
            "invert": self.invert,
        }
