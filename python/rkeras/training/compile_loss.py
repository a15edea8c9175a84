"""The loss given to ``compile``, resolved against the model's outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rkeras import losses, metrics
from rkeras.tracing import eager_scope
from rkeras.training.targets import flat_outputs, per_output


@dataclass
class OutputLoss:
    """The loss of one output."""

    name: str
    loss: Callable[..., Any]
    weight: Any
    tracker: Any
    """Mean of the unweighted loss, shown as ``<name>_loss``; None for a model with one output."""
    classes: int | None
    """How many classes the output has, if its labels are class indices."""


class CompileLoss:
    """Sum of the losses of a model's outputs.

    Args:
        loss: a name, function or ``Loss``, one for all outputs, a list with one for each, or a dict by
            output name; None for an output that is not trained.
        loss_weights: factors in the same form, or None.
        output_names: the model's output names, or None if it has none.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, output_names: list[str] | None = None) -> None:
        if loss_weights is not None and not isinstance(loss_weights, (list, tuple, dict, float, int)):
            raise ValueError(
                "`loss_weights` must be a number, or a list or dict of numbers by output; "
                f"received {loss_weights!r} of type {type(loss_weights).__name__}."
            )
        self.loss = loss
        self.loss_weights = loss_weights
        self.output_names = output_names
        self.outputs: list[OutputLoss | None] = []
        self.built = False

    @property
    def metrics(self) -> list[Any]:
        """The trackers of the outputs' own losses."""
        return [o.tracker for o in self.outputs if o is not None and o.tracker is not None]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Resolves the losses for labels and predictions of these shapes."""
        preds, names = flat_outputs(y_pred, self.output_names)
        wanted = per_output(self.loss, names, "loss")
        weights = per_output(self.loss_weights, names, "loss_weights")
        labels = self._labels(y_true, names, wanted)
        self.outputs = []
        several = sum(w is not None for w in wanted) > 1
        with eager_scope():
            for name, identifier, weight, label, pred in zip(
                names, wanted, weights, labels, preds, strict=True
            ):
                if identifier is None:
                    self.outputs.append(None)
                    continue
                loss = resolve_loss(identifier, label, pred)
                _check_shapes(loss, label, pred, name)
                tracker = metrics.Mean(name=f"{name}_loss") if several else None
                classes = int(pred.shape[-1]) if _takes_class_indices(loss) and len(pred.shape) > 1 else None
                self.outputs.append(OutputLoss(name, loss, weight, tracker, classes))
        self.built = True

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The weighted sum of the losses, a scalar; None if no output has one."""
        if not self.built:
            self.build(y_true, y_pred)
        preds, names = flat_outputs(y_pred, self.output_names)
        labels = self._labels(y_true, names, self.outputs)
        weights = per_output(sample_weight, names, "sample_weight")
        total = None
        for output, label, pred, weight in zip(self.outputs, labels, preds, weights, strict=True):
            if output is None:
                continue
            value = output.loss(label, pred, sample_weight=weight)
            if output.tracker is not None:
                output.tracker.update_state(value, sample_weight=pred.shape[0] if pred.shape else None)
            if output.weight is not None:
                value = value * output.weight
            total = value if total is None else total + value
        return total

    def targets(self, y_true: Any) -> list[tuple[OutputLoss, Any]]:
        """Each loss with the labels that it will get."""
        names = [o.name if o is not None else f"output_{i + 1}" for i, o in enumerate(self.outputs)]
        labels = self._labels(y_true, self._names(names), self.outputs)
        return [(o, label) for o, label in zip(self.outputs, labels, strict=True) if o is not None]

    def _names(self, fallback: list[str]) -> list[str]:
        names = self.output_names
        return list(names) if names and len(names) == len(fallback) else fallback

    def _labels(self, y_true: Any, names: list[str], losses_by_output: list[Any]) -> list[Any]:
        """Labels by output; outputs without a loss may be left out."""
        used = [i for i, loss in enumerate(losses_by_output) if loss is not None]
        if y_true is None and used:
            raise ValueError(
                "The model was compiled with a loss, which needs labels, but `y` is None. "
                "Pass `y`, or compile with loss=None and use add_loss in the model."
            )
        if isinstance(y_true, (list, tuple)) and len(y_true) == len(used) < len(names):
            labels: list[Any] = [None] * len(names)
            for i, label in zip(used, y_true, strict=True):
                labels[i] = label
        elif len(names) > 1 and not isinstance(y_true, (list, tuple, dict)) and y_true is not None:
            if len(used) != 1:
                raise ValueError(
                    f"The model has {len(names)} outputs ({names}), but `y` is one array. Pass one for each."
                )
            labels = [y_true if i in used else None for i in range(len(names))]
        else:
            labels = per_output(y_true, names, "y")
        missing = [names[i] for i in used if labels[i] is None]
        if missing:
            raise ValueError(f"`y` has no labels for {missing}, for which `compile` set a loss.")
        return labels


def is_binary(y_pred: Any) -> bool:
    """Whether the output is one number per sample."""
    return bool(len(y_pred.shape) and y_pred.shape[-1] == 1)


def has_class_indices(y_true: Any, y_pred: Any) -> bool:
    """Whether the labels are class indices where the output has a number per class."""
    return len(y_true.shape) < len(y_pred.shape) or (y_true.shape[-1] == 1 and y_pred.shape[-1] > 1)


def resolve_loss(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """The ``Loss`` for what a user passed; ``crossentropy`` and ``ce`` are chosen by the shapes."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        if is_binary(y_pred):
            identifier = "binary_crossentropy"
        elif has_class_indices(y_true, y_pred):
            identifier = "sparse_categorical_crossentropy"
        else:
            identifier = "categorical_crossentropy"
    loss = losses.get(identifier)
    if isinstance(loss, losses.Loss):
        return loss
    name = identifier if isinstance(identifier, str) else getattr(loss, "__name__", type(loss).__name__)
    return losses.LossFunctionWrapper(loss, name=name)


def _check_shapes(loss: Any, label: Any, pred: Any, name: str) -> None:
    """Refuses labels that a built-in loss would broadcast against the output, which is never meant."""
    function = getattr(loss, "fn", None)
    if function is None or not function.__module__.startswith("rkeras.losses"):
        return
    if any(part in function.__name__ for part in ("sparse", "ctc", "generalized", "circle")):
        return
    ours, theirs = tuple(pred.shape)[1:], tuple(label.shape)[1:]
    differ = any(None not in pair and pair[0] != pair[1] for pair in zip(ours, theirs, strict=False))
    if differ and len(ours) == len(theirs):
        remedy = ""
        if theirs[-1:] == (1,) and function.__name__ == "categorical_crossentropy":
            remedy = " Labels that are class indices need sparse_categorical_crossentropy."
        raise ValueError(
            f"Labels of shape {tuple(label.shape)} do not fit output `{name}` of shape {tuple(pred.shape)}: "
            f"loss `{loss.name}` compares them element by element.{remedy}"
        )


def _takes_class_indices(loss: Any) -> bool:
    function = getattr(loss, "fn", None)
    return (
        isinstance(loss, losses.SparseCategoricalCrossentropy)
        or function is losses.sparse_categorical_crossentropy
    )
