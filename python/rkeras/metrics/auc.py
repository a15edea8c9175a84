"""The area under a curve of two rates."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.metrics.confusion import even_thresholds
from rkeras.metrics.outcomes import Outcomes
from rkeras.variables import Variable

_CURVES = ("ROC", "PR", "PRGAIN")
_METHODS = ("interpolation", "majoring", "minoring")


def _one_of(what: str, value: Any, allowed: tuple[str, ...]) -> str:
    for known in allowed:
        if isinstance(value, str) and value.lower() == known.lower():
            return known
    raise ValueError(f"AUC: {what} must be one of {allowed}, got {value!r}")


class AUC(Outcomes):
    """The area under the ROC curve, the precision-recall curve, or the precision-recall-gain curve.

    Args:
        num_thresholds: how many thresholds the curve is drawn with.
        curve: ``ROC``, ``PR`` or ``PRGAIN`` (Flach and Kull 2015).
        summation_method: ``interpolation``; ``majoring`` or ``minoring`` for a bound from above or below.
        name: of the metric.
        dtype: of the state.
        thresholds: those between 0 and 1, instead of evenly spaced ones.
        multi_label: whether the area of each label (last axis) is found by itself, and their mean taken.
        num_labels: how many labels; found at the first update by default.
        label_weights: weights of labels.
        from_logits: whether predictions are logits instead of probabilities.

    Raises:
        ValueError: an unknown curve or method, fewer than 2 thresholds, a threshold outside [0, 1], or ``num_labels``
            without ``multi_label``.

    Example:
        >>> m = AUC()
        >>> m.update_state([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
        >>> round(float(m.result()), 6)
        1.0
    """

    _direction = "up"
    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = _one_of("curve", curve, _CURVES)
        self.summation_method = _one_of("summation_method", summation_method, _METHODS)
        if num_labels and not multi_label:
            raise ValueError("AUC: num_labels has a meaning only with multi_label=True")
        if thresholds is None:
            if num_thresholds <= 1:
                raise ValueError(f"AUC: num_thresholds must be at least 2, got {num_thresholds}")
            inner = even_thresholds(num_thresholds)[1:-1]
        else:
            inner = sorted(float(t) for t in thresholds)
            if any(t < 0 or t > 1 for t in inner):
                raise ValueError(f"AUC: thresholds must be in [0, 1], got {thresholds}")
        self._own_thresholds = None if thresholds is None else inner
        # The ends lie a little outside, so that predictions of exactly 0 and 1 are on the right side of them.
        self.thresholds = [-config.epsilon(), *inner, 1.0 + config.epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else [float(w) for w in label_weights]
        self._built = False
        if not multi_label:
            self._build((self.num_thresholds,))
        elif num_labels:
            self._build((self.num_thresholds, num_labels))

    def _build(self, shape: tuple[int, ...]) -> None:
        self._add_counts(shape)
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: labels, true where not 0.
            y_pred: predictions of the same shape.
            sample_weight: weights of samples or of single predictions.

        Raises:
            ValueError: the shapes do not fit together, or not (samples, labels) with ``multi_label``.
        """
        y_pred = ops.convert_to_tensor(y_pred)
        if self.multi_label and len(y_pred.shape) != 2:
            raise ValueError(f"AUC: multi_label needs predictions (samples, labels), got {tuple(y_pred.shape)}")
        if not self._built:
            self._build((self.num_thresholds, y_pred.shape[-1]))
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        weights = None if self.multi_label else self.label_weights
        self._add_outcomes(
            y_true, y_pred, sample_weight=sample_weight, label_weights=weights, multi_label=self.multi_label
        )

    def result(self) -> Any:
        """The area so far."""
        if not self._built:
            return ops.zeros((), self.dtype)
        if self.curve == "PR" and self.summation_method == "interpolation":
            pieces = self._precision_pieces()
        else:
            x, y = self._curve_points()
            height = {
                "interpolation": lambda a, b: (a + b) / 2.0,
                "majoring": ops.maximum,
                "minoring": ops.minimum,
            }[self.summation_method]
            pieces = (x[:-1] - x[1:]) * height(y[:-1], y[1:])
        areas = ops.sum(pieces, axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = ops.array(self.label_weights, dtype=self.dtype)
        return ops.divide_no_nan(ops.sum(areas * weights), ops.sum(weights))

    def _curve_points(self) -> tuple[Any, Any]:
        """Both rates at each threshold."""
        if self.curve == "ROC":
            return self._share("fp", "tn"), self._share("tp", "fn")
        if self.curve == "PR":
            return self._share("tp", "fn"), self._share("tp", "fp")
        tp, fp, fn = (v.value for v in (self.true_positives, self.false_positives, self.false_negatives))
        odds = ops.divide_no_nan(tp + fn, fp + self.true_negatives.value)
        none = ops.equal(tp, 0.0)
        recall = ops.where(none, 0.0, 1.0 - odds * ops.divide_no_nan(fn, tp))
        precision = ops.where(none, 1.0, 1.0 - odds * ops.divide_no_nan(fp, tp))
        return ops.maximum(recall, 0.0), precision

    def _precision_pieces(self) -> Any:
        """Areas under the precision-recall curve between thresholds (Davis and Goadrich 2006).

        Between two thresholds true positives grow linearly with the number p of positive predictions, tp = s * p + c,
        so that the integral of precision over recall is s * (dtp + c * log(p1 / p0)) / (tp + fn).
        """
        tp, p = self.true_positives.value, self.true_positives.value + self.false_positives.value
        growth = tp[:-1] - tp[1:]
        slope = ops.divide_no_nan(growth, ops.maximum(p[:-1] - p[1:], 0.0))
        offset = tp[1:] - slope * p[1:]
        both = ops.logical_and(p[:-1] > 0, p[1:] > 0)
        ratio = ops.where(both, ops.divide_no_nan(p[:-1], ops.maximum(p[1:], 0.0)), 1.0)
        labels = ops.maximum(tp[1:] + self.false_negatives.value[1:], 0.0)
        return ops.divide_no_nan(slope * (growth + offset * ops.log(ratio)), labels)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self.from_logits,
        }
        if self._own_thresholds is not None:
            own["thresholds"] = self._own_thresholds
        return {**super().get_config(), **own}
