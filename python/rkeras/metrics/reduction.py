"""Sums and means over batches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rkeras import ops
from rkeras.losses.loss import aligned, masked_weight
from rkeras.metrics.metric import Metric


def samplewise(values: Any, sample_weight: Any, dtype: str, reduce: Callable[..., Any] = ops.mean) -> tuple[Any, Any]:
    """One weighted value and one weight (or None) for each sample; a mask that the values carry counts as weight.

    Args:
        values: of shape (samples, ...).
        sample_weight: weights that broadcast to them from the left, or None.
        dtype: of the result.
        reduce: how the axes of a sample become one value.

    Raises:
        ValueError: the weights have more axes than the values.

    Example:
        >>> samplewise([[1.0, 3.0], [2.0, 4.0]], [1.0, 2.0], "float32")[0].tolist()
        [2.0, 6.0]
    """
    mask = getattr(values, "_keras_mask", None)
    values = ops.cast(ops.convert_to_tensor(values), dtype)
    weight = None if sample_weight is None else ops.cast(ops.convert_to_tensor(sample_weight), dtype)
    if mask is not None:
        weight = masked_weight(weight, ops.cast(mask, dtype))
    if weight is not None:
        values, weight = aligned(values, weight)
        if len(weight.shape) > len(values.shape):
            raise ValueError(f"sample weights of shape {tuple(weight.shape)} for values of shape {tuple(values.shape)}")
        values = _over_axes(reduce, values, len(weight.shape))
        weight = ops.broadcast_to(weight, values.shape)
        values, weight = values * weight, _over_axes(reduce, weight, 1)
    return _over_axes(reduce, values, 1), weight


def _over_axes(reduce: Callable[..., Any], values: Any, first: int) -> Any:
    axes = tuple(range(first, len(values.shape)))
    return reduce(values, axis=axes) if axes else values


class Sum(Metric):
    """The (weighted) sum of all values.

    Args:
        name: of the metric.
        dtype: of the state.

    Example:
        >>> m = Sum()
        >>> m.update_state([1.0, 2.0])
        >>> float(m.result())
        3.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds a batch."""
        values, _ = samplewise(values, sample_weight, self.dtype, ops.sum)
        self.total.assign(self.total + ops.sum(values))

    def result(self) -> Any:
        """The sum so far."""
        return ops.cast(self.total, self.dtype)


class Mean(Metric):
    """The (weighted) mean of all values.

    Args:
        name: of the metric.
        dtype: of the state.

    Example:
        >>> m = Mean()
        >>> m.update_state([1.0, 3.0])
        >>> float(m.result())
        2.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), name="total")
        self.count = self.add_variable((), name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds a batch."""
        values, weight = samplewise(values, sample_weight, self.dtype)
        self.total.assign(self.total + ops.sum(values))
        count = float(math.prod(values.shape)) if weight is None else ops.sum(weight)
        self.count.assign(self.count + count)

    def result(self) -> Any:
        """The mean so far; 0 before the first batch."""
        return ops.divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Args:
        fn: gives a number for each sample.
        name: the function's by default.
        dtype: of the state.
        kwargs: further arguments of the function.

    Example:
        >>> m = MeanMetricWrapper(lambda t, p: ops.absolute(t - p), name="distance")
        >>> m.update_state(ops.array([1.0]), ops.array([3.0]))
        >>> float(m.result())
        2.0
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None), dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Adds a batch."""
        mask = getattr(y_pred, "_keras_mask", None)
        values = ops.convert_to_tensor(self._fn(y_true, y_pred, **self._fn_kwargs))
        if mask is not None:
            sample_weight = masked_weight(sample_weight, ops.cast(mask, self.dtype))
        super().update_state(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        from rkeras.saving.serialization import serialize_keras_object

        config = super().get_config()
        if type(self) is MeanMetricWrapper:
            config["fn"] = serialize_keras_object(self._fn)
        return {**config, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Makes a metric from ``get_config``."""
        from rkeras.saving.deserialization import deserialize_keras_object

        if "fn" in config:
            config = {**config, "fn": deserialize_keras_object(config["fn"])}
        return cls(**config)
