"""Means of precision and recall."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.metrics.metric import Metric
from rkeras.variables import Variable


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall: (1 + b^2) * p * r / (b^2 * p + r).

    Args:
        average: ``None`` for a score of each class, ``micro`` (of all decisions together), ``macro`` (the mean of
            the classes) or ``weighted`` (their mean by number of true labels).
        beta: how much more recall counts than precision.
        threshold: predictions above are positive; by default the largest of each sample is.
        name: of the metric.
        dtype: of the state.

    Raises:
        ValueError: an unknown average, or ``beta`` or ``threshold`` is no float in range.

    Example:
        >>> m = FBetaScore(beta=2.0, average="micro")
        >>> m.update_state([[1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.2]])
        >>> round(float(m.result()), 4)
        0.5
    """

    _direction = "up"
    _COUNTS = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"average must be None, 'micro', 'macro' or 'weighted', got {average!r}")
        if not isinstance(beta, float) or beta <= 0.0:
            raise ValueError(f"beta must be a float above 0, got {beta!r}")
        if threshold is not None and (not isinstance(threshold, float) or not 0.0 < threshold <= 1.0):
            raise ValueError(f"threshold must be a float in (0, 1], got {threshold!r}")
        self.average, self.beta, self.threshold = average, beta, threshold
        self._built = False

    def _build(self, y_true: Any, y_pred: Any) -> None:
        if len(y_pred.shape) != 2 or len(y_true.shape) != 2:
            raise ValueError(
                f"{type(self).__name__} needs labels and predictions of shape (samples, classes), got "
                f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}"
            )
        shape = () if self.average == "micro" else (y_pred.shape[-1],)
        for name in self._COUNTS:
            setattr(self, name, self.add_variable(shape, "zeros", name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: 0 and 1, of shape (samples, classes).
            y_pred: predictions of the same shape.
            sample_weight: weights of shape (samples,).

        Raises:
            ValueError: other shapes.
        """
        y_true = ops.cast(ops.convert_to_tensor(y_true), self.dtype)
        y_pred = ops.cast(ops.convert_to_tensor(y_pred), self.dtype)
        if not self._built:
            self._build(y_true, y_pred)
        if self.threshold is None:
            # A sample without any prediction has no largest one.
            largest = ops.max(y_pred, axis=-1, keepdims=True)
            y_pred = ops.logical_and(y_pred >= largest, ops.absolute(y_pred) > 1e-9)
        else:
            y_pred = y_pred > self.threshold
        y_pred = ops.cast(y_pred, self.dtype)
        weight = None
        if sample_weight is not None:
            weight = ops.expand_dims(ops.cast(ops.convert_to_tensor(sample_weight), self.dtype), -1)
        outcomes = (y_pred * y_true, y_pred * (1.0 - y_true), (1.0 - y_pred) * y_true, y_true)
        for name, values in zip(self._COUNTS, outcomes, strict=True):
            variable = getattr(self, name)
            weighted = values if weight is None else values * weight
            variable.assign(variable + ops.sum(weighted, axis=None if self.average == "micro" else 0))

    def result(self) -> Any:
        """The score so far: a scalar, or one for each class without an average."""
        if not self._built:
            return ops.zeros((), self.dtype)
        little, square = config.epsilon(), self.beta**2
        tp = self.true_positives.value
        precision = tp / (tp + self.false_positives.value + little)
        recall = tp / (tp + self.false_negatives.value + little)
        score = precision * recall / (square * precision + recall + little) * (1.0 + square)
        if self.average == "weighted":
            support = self.intermediate_weights.value
            return ops.sum(score * (support / (ops.sum(support) + little)))
        return score if self.average is None else ops.mean(score)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Args:
        average: ``None`` for a score of each class, ``micro``, ``macro`` or ``weighted``; see :class:`FBetaScore`.
        threshold: predictions above are positive; by default the largest of each sample is.
        name: of the metric.
        dtype: of the state.

    Example:
        >>> m = F1Score(threshold=0.5)
        >>> m.update_state([[1, 1], [1, 0]], [[0.9, 0.8], [0.2, 0.6]])
        >>> [round(x, 4) for x in m.result().tolist()]
        [0.6667, 0.6667]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        config = super().get_config()
        del config["beta"]
        return config
