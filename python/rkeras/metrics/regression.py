"""How well numbers are predicted: R2, relative error, correlations, and the mean of tensors."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.losses.loss import aligned
from rkeras.metrics.metric import Metric
from rkeras.metrics.reduction import Mean
from rkeras.variables import Variable


class R2Score(Metric):
    """The coefficient of determination: 1 - sum of squared errors / sum of squared distances from the mean.

    Args:
        class_aggregation: ``uniform_average``, ``variance_weighted_average``, or None for a score of each output.
        num_regressors: number of regressors for the adjusted score; 0 for the plain one, which is also given while
            there are not more samples than that.
        name: of the metric.
        dtype: of the state.

    Raises:
        ValueError: an unknown aggregation or a negative number of regressors.

    Example:
        >>> m = R2Score()
        >>> m.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
        >>> round(float(m.result()), 4)
        0.5714
    """

    _direction = "up"
    _SUMS = ("squared_sum", "sum", "total_mse", "count")
    squared_sum: Variable
    sum: Variable
    total_mse: Variable
    count: Variable

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        allowed = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in allowed:
            raise ValueError(f"class_aggregation must be one of {allowed}, got {class_aggregation!r}")
        if num_regressors < 0:
            raise ValueError(f"num_regressors must be at least 0, got {num_regressors}")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, y_true: Any, y_pred: Any) -> None:
        if len(y_pred.shape) != 2 or len(y_true.shape) != 2:
            raise ValueError(
                "R2Score needs targets and predictions of shape (samples, outputs), got "
                f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}"
            )
        for name in self._SUMS:
            label = "residual" if name == "total_mse" else name
            setattr(self, name, self.add_variable((y_pred.shape[-1],), "zeros", name=label))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: targets (samples, outputs).
            y_pred: predictions of the same shape.
            sample_weight: weights of samples, or of single numbers.

        Raises:
            ValueError: other shapes.
        """
        y_true = ops.cast(ops.convert_to_tensor(y_true), self.dtype)
        y_pred = ops.cast(ops.convert_to_tensor(y_pred), self.dtype)
        y_true, y_pred = aligned(y_true, y_pred)
        if not self._built:
            self._build(y_true, y_pred)
        weight = ops.cast(ops.convert_to_tensor(1.0 if sample_weight is None else sample_weight), self.dtype)
        if len(weight.shape) == 1:
            weight = ops.expand_dims(weight, 1)
        weight = ops.broadcast_to(weight, y_true.shape)
        added = (weight * y_true * y_true, weight * y_true, weight * ops.square(y_true - y_pred), weight)
        for name, values in zip(self._SUMS, added, strict=True):
            variable = getattr(self, name)
            variable.assign(variable + ops.sum(values, axis=0))
        self.num_samples.assign(self.num_samples + float(y_true.size))

    def result(self) -> Any:
        """The score so far: a scalar, or one for each output without aggregation."""
        if not self._built:
            return ops.zeros((), self.dtype)
        total = self.squared_sum.value - ops.square(self.sum.value) / self.count.value
        score = 1.0 - self.total_mse.value / total
        score = ops.where(ops.isinf(score), 0.0, score)
        if self.class_aggregation == "uniform_average":
            score = ops.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = ops.sum(total * score) / ops.sum(total)
        if not self.num_regressors:
            return score
        free = self.num_samples - 1.0 - float(self.num_regressors)
        enough = free > 0
        adjusted = 1.0 - (1.0 - score) * (self.num_samples - 1.0) / ops.where(enough, free, 1.0)
        return ops.where(enough, adjusted, score)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}


class MeanRelativeError(Mean):
    """The mean of |y_true - y_pred| / normalizer; where the normalizer is 0, nothing is added.

    Args:
        normalizer: what errors are measured in, of the predictions' shape or broadcast to it.
        name: of the metric.
        dtype: of the state.

    Example:
        >>> m = MeanRelativeError(normalizer=[1.0, 2.0])
        >>> m.update_state([1.0, 4.0], [2.0, 3.0])
        >>> float(m.result())
        0.75
    """

    _direction = "down"

    def __init__(self, normalizer: Any, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.normalizer = ops.convert_to_numpy(ops.cast(ops.convert_to_tensor(normalizer), self.dtype))

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Adds a batch."""
        y_true = ops.cast(ops.convert_to_tensor(y_true), self.dtype)
        y_true, y_pred = aligned(y_true, ops.cast(ops.convert_to_tensor(y_pred), self.dtype))
        super().update_state(ops.divide_no_nan(ops.absolute(y_true - y_pred), self.normalizer), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), "normalizer": self.normalizer.tolist()}


class MeanTensor(Metric):
    """The (weighted) mean of tensors, element by element.

    Args:
        name: of the metric.
        dtype: of the state.
        shape: of the tensors; found at the first update by default.

    Raises:
        ValueError: at an update, for tensors of another shape than the first.

    Example:
        >>> m = MeanTensor()
        >>> m.update_state([0.0, 1.0])
        >>> m.update_state([2.0, 4.0])
        >>> m.result().tolist()
        [1.0, 2.5]
    """

    total: Variable
    count: Variable

    def __init__(self, name: str | None = "mean_tensor", dtype: Any = None, shape: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.shape: tuple[int, ...] | None = None
        if shape is not None:
            self._build(tuple(shape))

    def _build(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.total = self.add_variable(shape, "zeros", name="total")
        self.count = self.add_variable(shape, "zeros", name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds a tensor, with weights that broadcast to it from the left."""
        values = ops.cast(ops.convert_to_tensor(values), self.dtype)
        if self.shape is None:
            self._build(tuple(values.shape))
        if tuple(values.shape) != self.shape:
            raise ValueError(f"MeanTensor holds tensors of shape {self.shape}, got one of {tuple(values.shape)}")
        weight = ops.ones_like(values)
        if sample_weight is not None:
            own = ops.cast(ops.convert_to_tensor(sample_weight), self.dtype)
            own = ops.reshape(own, (*own.shape, *[1] * (len(values.shape) - len(own.shape))))
            weight = ops.broadcast_to(own, values.shape)
        self.total.assign(self.total + values * weight)
        self.count.assign(self.count + weight)

    def result(self) -> Any:
        """The means so far; 0 where nothing was counted.

        Raises:
            ValueError: no tensor was added and no shape given.
        """
        if self.shape is None:
            raise ValueError("MeanTensor has no shape yet: add a tensor first, or give shape=")
        return ops.divide_no_nan(self.total.value, self.count.value)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), "shape": self.shape}


def _centred(y_true: Any, y_pred: Any, axis: Any) -> tuple[Any, Any, Any]:
    """Both without their means, and the difference of the means."""
    y_pred = ops.convert_to_tensor(y_pred)
    if not y_pred.dtype.startswith(("float", "bfloat")):
        y_pred = ops.cast(y_pred, config.floatx())
    y_true, y_pred = aligned(ops.cast(ops.convert_to_tensor(y_true), y_pred.dtype), y_pred)
    m_true, m_pred = (ops.mean(x, axis=axis, keepdims=True) for x in (y_true, y_pred))
    return y_true - m_true, y_pred - m_pred, m_true - m_pred


def pearson_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    """The linear correlation of targets and predictions along an axis, from -1 to 1.

    Example:
        >>> round(float(pearson_correlation([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])), 5)
        1.0
    """
    t, p, _ = _centred(y_true, y_pred, axis)
    spread = ops.sqrt(ops.mean(t * t, axis=axis)) * ops.sqrt(ops.mean(p * p, axis=axis))
    return ops.mean(t * p, axis=axis) / spread


def concordance_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    """2 * covariance / (both variances + the squared difference of the means) along an axis (Lin 1989).

    Example:
        >>> round(float(concordance_correlation([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])), 5)
        1.0
    """
    t, p, apart = _centred(y_true, y_pred, axis)
    spread = ops.mean(t * t, axis=axis) + ops.mean(p * p, axis=axis) + ops.square(ops.mean(apart, axis=axis))
    return 2.0 * ops.mean(t * p, axis=axis) / (spread + config.epsilon())


CLASSES = [R2Score, MeanRelativeError, MeanTensor]
