"""Methods of models in older Keras: each warns once a call what it is called today, and does that."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from rkeras.keras_tensor import KerasTensor
from rkeras.training.compile_metrics import CompileMetrics
from rkeras.training.compiled import as_scalar
from rkeras.training.old_arguments import OLD_ARGUMENTS, today
from rkeras.training.step import is_tensor


class OldNames:
    """The part of ``Trainer`` that older scripts use."""

    def fit_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """Old name of ``fit`` for generators.

        Args:
            generator: yields ``(x, y)`` or ``(x, y, sample_weight)``, or is a ``Sequence``.
            args: ``steps_per_epoch``, ``epochs``, ``verbose``, ``callbacks``, ``validation_data``,
                ``validation_steps``, ``validation_freq``, ``class_weight``, ``max_queue_size``, ``workers``,
                ``use_multiprocessing``, ``shuffle``, ``initial_epoch``.
            kwargs: the same by name.
        """
        names = (
            "steps_per_epoch epochs verbose callbacks validation_data validation_steps validation_freq "
            "class_weight max_queue_size workers use_multiprocessing shuffle initial_epoch"
        )
        source, arguments = _take("fit_generator", "fit", generator, names.split(), args, kwargs)
        return self.fit(source, **arguments)  # type: ignore[attr-defined]

    def evaluate_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """Old name of ``evaluate`` for generators; takes ``steps``, ``callbacks``, ``max_queue_size``,
        ``workers``, ``use_multiprocessing``, ``verbose``."""
        names = ["steps", "callbacks", "max_queue_size", "workers", "use_multiprocessing", "verbose"]
        source, arguments = _take("evaluate_generator", "evaluate", generator, names, args, kwargs)
        return self.evaluate(source, **{"verbose": 0, **arguments})  # type: ignore[attr-defined]

    def predict_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """Old name of ``predict`` for generators; arguments as of ``evaluate_generator``."""
        names = ["steps", "callbacks", "max_queue_size", "workers", "use_multiprocessing", "verbose"]
        source, arguments = _take("predict_generator", "predict", generator, names, args, kwargs)
        return self.predict(source, **{"verbose": 0, **arguments})  # type: ignore[attr-defined]

    def reset_states(self) -> None:
        """Sets the states of all stateful layers to zeros."""
        for layer in self._flatten_layers(include_self=False):  # type: ignore[attr-defined]
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
                layer.reset_state()

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """Old name of ``predict``."""
        _warn("predict_proba(x)", "predict(x)")
        return self.predict(x, batch_size=batch_size, verbose=verbose)  # type: ignore[attr-defined]

    def predict_classes(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """The most likely class of each sample, or for one output whether it exceeds 0.5."""
        _warn("predict_classes(x)", "predict(x).argmax(-1), or (predict(x) > 0.5).astype('int32')")
        scores = self.predict(x, batch_size=batch_size, verbose=verbose)  # type: ignore[attr-defined]
        if scores.shape[-1] > 1:
            return scores.argmax(-1)
        return (scores > 0.5).astype("int32")

    @property
    def compiled_loss(self) -> Callable[..., Any]:
        """The loss of ``compile`` as a function of ``(y_true, y_pred, sample_weight,
        regularization_losses)``.

        It notes its value for the log, as it did in Keras 2; ``compute_loss`` is today's way.
        """

        def loss(y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None) -> Any:
            model: Any = self
            total = model._compile_loss(y, y_pred, sample_weight)
            for part in regularization_losses or ():
                total = total + as_scalar(part)
            model._loss_tracker.update_state(
                total, sample_weight=y_pred.shape[0] if is_tensor(y_pred) else None
            )
            return total

        return loss

    @property
    def compiled_metrics(self) -> CompileMetrics:
        """The metrics of ``compile``, to be updated with ``update_state(y_true, y_pred, sample_weight)``."""
        model: Any = self
        return model._compile_metrics or CompileMetrics(None, None)

    @property
    def metrics_tensors(self) -> list[Any]:
        """Tensors of the model to show while training, under the names appended to ``metrics_names``.

        ``add_metric(tensor, name=…)`` does both.
        """
        return self.__dict__.setdefault("_metrics_tensors", [])  # type: ignore[no-any-return]

    @metrics_tensors.setter
    def metrics_tensors(self, tensors: list[Any]) -> None:
        self.__dict__["_metrics_tensors"] = tensors

    def _show_metrics_tensors(self) -> None:
        """Makes metrics of the symbolic tensors that were appended since the last call."""
        model: Any = self
        tensors = self.__dict__.get("_metrics_tensors")
        if not tensors:
            return
        shown = self.__dict__.setdefault("_metrics_tensors_shown", [])
        pending = [x for x in tensors if isinstance(x, KerasTensor) and not any(x is y for y in shown)]
        for tensor, name in zip(pending, model._appended_names(), strict=False):
            model.add_metric(tensor, name=name)
            shown.append(tensor)


def _take(
    old: str, new: str, source: Any, names: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The dataset with its workers, and the arguments for the method of today."""
    _warn(f"{old}(generator)", f"{new}(generator)")
    if len(args) > len(names):
        raise TypeError(f"{old}() takes at most {len(names) + 1} positional arguments; got {len(args) + 1}.")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    unknown = [name for name in given if name not in names and name not in OLD_ARGUMENTS]
    if unknown:
        raise TypeError(f"{old}() has no argument '{unknown[0]}'.")
    if hasattr(source, "__next__"):  # these methods ran generators ahead by default
        given = given if {"workers", "nb_worker"} & given.keys() else {**given, "workers": 1}
    arguments = today({"x": source, **given}, lambda *_: None)
    return arguments.pop("x"), arguments


def _warn(old: str, new: str) -> None:
    warnings.warn(f"model.{old} is an old name: use model.{new}.", DeprecationWarning, stacklevel=4)
