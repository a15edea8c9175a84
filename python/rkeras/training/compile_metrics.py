"""The metrics given to ``compile``, resolved against the model's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras import metrics as metrics_module
from rkeras.naming import to_snake_case
from rkeras.tracing import eager_scope
from rkeras.training.compile_loss import has_class_indices, is_binary
from rkeras.training.targets import flat_outputs, per_output

_BY_SHAPE = {
    ("accuracy", "binary"): "BinaryAccuracy",
    ("accuracy", "sparse"): "SparseCategoricalAccuracy",
    ("accuracy", "categorical"): "CategoricalAccuracy",
    ("crossentropy", "binary"): "BinaryCrossentropy",
    ("crossentropy", "sparse"): "SparseCategoricalCrossentropy",
    ("crossentropy", "categorical"): "CategoricalCrossentropy",
}
_ALIASES = {"accuracy": "accuracy", "acc": "accuracy", "crossentropy": "crossentropy", "ce": "crossentropy"}


class CompileMetrics:
    """The metrics of a model's outputs, without and with sample weights.

    Args:
        metrics: names, functions or ``Metric`` objects: one alone, a list (for all outputs), a list of lists
            (one for each output), or a dict by output name.
        weighted_metrics: likewise; these get the sample weights.
        output_names: the model's output names, or None if it has none.

    Raises:
        ValueError: if either is none of these.
    """

    def __init__(self, metrics: Any, weighted_metrics: Any, output_names: list[str] | None = None) -> None:
        for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value is None or isinstance(value, (list, tuple, dict)):
                continue
            if not isinstance(value, str) and not callable(value):
                raise ValueError(
                    f"`{name}` must hold names, functions or Metric objects, for instance {name}=['accuracy']; "
                    f"received {value!r} of type {type(value).__name__}."
                )
        self._wanted = {"metrics": _alone_or_many(metrics), "weighted_metrics": _alone_or_many(weighted_metrics)}
        self.output_names = output_names
        self.built = False
        self._plain: list[list[Any]] = []
        self._weighted: list[list[Any]] = []
        self.named: dict[str, Any] = {}
        """Metrics by the name under which they are logged."""

    @property
    def metrics(self) -> list[Any]:
        """All metrics, in the order of ``named``."""
        return list(self.named.values())

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Makes the metrics for labels and predictions of these shapes."""
        preds, names = flat_outputs(y_pred, self.output_names)
        labels = self._labels(y_true, names)
        with eager_scope():
            self._plain = self._make("metrics", names, labels, preds)
            self._weighted = self._make("weighted_metrics", names, labels, preds)
        self.named = self._name_all(names)
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Updates every metric with a batch."""
        if not self.built:
            self.build(y_true, y_pred)
        preds, names = flat_outputs(y_pred, self.output_names)
        labels = self._labels(y_true, names)
        weights = per_output(sample_weight, names, "sample_weight")
        for i, (label, pred, weight) in enumerate(zip(labels, preds, weights, strict=True)):
            for metric in self._plain[i]:
                _update(metric, label, pred, None)
            for metric in self._weighted[i]:
                _update(metric, label, pred, weight)

    def _labels(self, y_true: Any, names: list[str]) -> list[Any]:
        if len(names) > 1 and isinstance(y_true, (list, tuple)) and len(y_true) < len(names):
            return [*y_true, *[None] * (len(names) - len(y_true))]
        return per_output(y_true, names, "y")

    def _make(self, what: str, names: list[str], labels: list[Any], preds: list[Any]) -> list[list[Any]]:
        wanted = self._for_outputs(what, names)
        return [
            [resolve_metric(m, label, pred) for m in group if m is not None]
            for group, label, pred in zip(wanted, labels, preds, strict=True)
        ]

    def _for_outputs(self, what: str, names: list[str]) -> list[list[Any]]:
        value = self._wanted[what]
        if value is None:
            return [[] for _ in names]
        if isinstance(value, dict):
            return [_as_list(v) for v in per_output(value, names, what)]
        if len(names) == 1:
            return [[m for item in value for m in _as_list(item)]]
        if len(value) == len(names):
            return [_as_list(v) for v in value]
        if any(isinstance(v, (list, tuple, dict, metrics_module.Metric)) for v in value):
            raise ValueError(
                f"`{what}` has {len(value)} entries, but the model has {len(names)} outputs: {names}. Give a "
                "list of metrics for each output, or a dict by output name; a Metric object serves only one."
            )
        return [list(value) for _ in names]

    def _name_all(self, names: list[str]) -> dict[str, Any]:
        named: dict[str, Any] = {}
        seen: dict[str, int] = {}
        for groups, prefix in ((self._plain, ""), (self._weighted, "weighted_")):
            for output, group in zip(names, groups, strict=True):
                place = f"{output}_" if len(names) > 1 else ""
                for metric in group:
                    name = f"{place}{metric.name}"
                    if prefix and name in seen:
                        name = f"{place}{prefix}{metric.name}"
                    count = seen.get(name, 0)
                    seen[name] = count + 1
                    named[f"{name}_{count}" if count else name] = metric
        return named


def resolve_metric(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """The ``Metric`` for what a user passed; ``accuracy`` and ``crossentropy`` are chosen by the shapes."""
    family = _ALIASES.get(identifier.lower()) if isinstance(identifier, str) else None
    if family is not None:
        if y_true is None:
            raise ValueError(f"The metric '{identifier}' needs labels, but there are none for its output.")
        form = (
            "binary"
            if is_binary(y_pred)
            else "sparse"
            if has_class_indices(y_true, y_pred)
            else "categorical"
        )
        return getattr(metrics_module, _BY_SHAPE[family, form])(name=identifier)
    metric = metrics_module.get(identifier)
    if isinstance(metric, metrics_module.Metric):
        if isinstance(identifier, str):
            metric.name = identifier
        return metric
    if not isinstance(identifier, str):
        identifier = to_snake_case(getattr(metric, "__name__", type(metric).__name__))
    return metrics_module.MeanMetricWrapper(metric, name=identifier)


def _alone_or_many(value: Any) -> Any:
    return value if value is None or isinstance(value, (list, tuple, dict)) else [value]


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _update(metric: Any, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
    if getattr(type(metric), "update_state", None) is metrics_module.Mean.update_state:
        # A bare Mean (document 000 passes one): the mean of what the output is.
        metric.update_state(y_pred, sample_weight=sample_weight)
    elif sample_weight is None:
        metric.update_state(y_true, y_pred)
    else:
        metric.update_state(y_true, y_pred, sample_weight=sample_weight)
