"""What ``compile`` sets: optimizer, losses, metrics, and how they are asked for their values."""

from __future__ import annotations

import warnings
from typing import Any

from rkeras import metrics as metrics_module
from rkeras import ops, optimizers
from rkeras.labels import work_of
from rkeras.layers.tracking import untracked
from rkeras.tracing import eager_scope
from rkeras.training.compile_loss import CompileLoss
from rkeras.training.compile_metrics import CompileMetrics

_OLD_ARGUMENTS = ("sample_weight_mode", "target_tensors", "distribute", "experimental_run_tf_function")


class Compiled:
    """The part of ``Trainer`` that holds the training configuration."""

    optimizer: Any = None
    loss: Any = None
    compiled: bool = False
    run_eagerly: bool = False
    jit_compile: Any = "auto"
    steps_per_execution: int = 1
    stop_training: bool = False
    _compile_loss: CompileLoss | None = None
    _compile_metrics: CompileMetrics | None = None
    _loss_tracker: Any = None
    _last_names: tuple[list[str], int] = ([], 0)
    _compile_arguments: dict[str, Any] | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        **old_arguments: Any,
    ) -> None:
        """Sets how the model is trained.

        Args:
            optimizer: name or ``Optimizer``.
            loss: name, function or ``Loss``; for several outputs a list with one each or a dict by output
                name.
            loss_weights: factor of each output's loss, as number, list or dict.
            metrics: a name, function or ``Metric``, or a list of them; for several outputs a list of lists or
                a dict.
            weighted_metrics: likewise; these see sample and class weights.
            run_eagerly: whether to run every step op by op, for debugging.
            steps_per_execution: batches between two calls of batch hooks.
            jit_compile: accepted for Keras' sake; steps are always compiled unless ``run_eagerly``.
            auto_scale_loss: whether to scale the loss under the ``mixed_float16`` policy.
            **old_arguments: ``sample_weight_mode`` and ``target_tensors`` of Keras 2, which are no longer
            needed.

        Raises:
            TypeError: for an argument that does not exist.
            ValueError: for a loss, metric or optimizer that does not exist.

        >>> import rkeras
        >>> model = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(1)])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        """
        for name in old_arguments:
            if name not in _OLD_ARGUMENTS:
                raise TypeError(f"compile() got an unexpected argument '{name}'.")
            if old_arguments[name] is not None:
                warnings.warn(f"compile(): `{name}` is no longer needed and is ignored.", stacklevel=2)
        if metrics is None and isinstance(loss_weights, (list, tuple)) and not _are_numbers(loss_weights):
            warnings.warn(
                "compile(): the third positional argument is `loss_weights` today; these look like metrics "
                "and are taken as such. Write metrics=[…].",
                DeprecationWarning,
                stacklevel=2,
            )
            loss_weights, metrics = None, loss_weights
        if not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise ValueError(
                f"`steps_per_execution` must be a positive integer; received {steps_per_execution!r}."
            )
        with untracked():
            self._set_up(optimizer, loss, loss_weights, metrics, weighted_metrics, auto_scale_loss)
            self.loss = loss
            self.run_eagerly = bool(run_eagerly)
            self.steps_per_execution = steps_per_execution
            self.jit_compile = jit_compile
            self.stop_training = False
            self.compiled = True
            self._compile_arguments = {
                "optimizer": self.optimizer,
                "loss": loss,
                "loss_weights": loss_weights,
                "metrics": metrics,
                "weighted_metrics": weighted_metrics,
                "run_eagerly": self.run_eagerly,
                "steps_per_execution": steps_per_execution,
                "jit_compile": jit_compile,
            }
        self._forget_steps()

    def _set_up(
        self,
        optimizer: Any,
        loss: Any,
        loss_weights: Any,
        metrics: Any,
        weighted_metrics: Any,
        auto_scale_loss: bool,
    ) -> None:
        self.optimizer = optimizers.get(optimizer)
        mixed = self.dtype_policy.name == "mixed_float16"  # type: ignore[attr-defined]
        if auto_scale_loss and mixed and self.optimizer is not None and not _scales(self.optimizer):
            self.optimizer = optimizers.LossScaleOptimizer(self.optimizer, name="loss_scale_optimizer")
        names = getattr(self, "output_names", None)
        self._compile_loss = None if loss is None else CompileLoss(loss, loss_weights, names)
        plain = metrics is None and weighted_metrics is None
        self._compile_metrics = None if plain else CompileMetrics(metrics, weighted_metrics, names)
        with eager_scope():
            self._loss_tracker = metrics_module.Mean(name="loss")

    # Metrics and logs

    @property
    def metrics(self) -> list[Any]:
        """Every metric: of the loss, of the outputs' losses, those of ``compile``, and those of the
        layers."""
        found = []
        if self._loss_tracker is not None:
            found.append(self._loss_tracker)
        if self._compile_loss is not None:
            found.extend(self._compile_loss.metrics)
        if self._compile_metrics is not None:
            found.extend(self._compile_metrics.metrics)
        for layer in self._flatten_layers():  # type: ignore[attr-defined]
            found.extend(getattr(layer, "_metrics", ()))
        known: set[int] = set()
        return [m for m in found if not (id(m) in known or known.add(id(m)))]  # type: ignore[func-returns-value]

    @property
    def metrics_names(self) -> list[str]:
        """Names for the list that ``evaluate`` returns: the loss, the outputs' losses, then the metrics.

        Names that a user appends (old models of several losses do) stay at the end.
        """
        computed = list(self._metrics_by_log_name())
        names = computed + [name for name in self._appended_names() if name not in computed]
        object.__setattr__(self, "_last_names", (names, len(computed)))
        return names

    def _appended_names(self) -> list[str]:
        names, count = self._last_names
        return names[count:]

    def _metrics_by_log_name(self) -> dict[str, Any]:
        compiled = {} if self._compile_metrics is None else self._compile_metrics.named
        names = {id(m): name for name, m in compiled.items()}
        return {names.get(id(m), m.name): m for m in self.metrics}

    def reset_metrics(self) -> None:
        """Starts all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The value of each metric by its logged name."""
        results: dict[str, Any] = {}
        for name, metric in self._metrics_by_log_name().items():
            value = metric.result()
            results.update(value if isinstance(value, dict) else {name: value})
        return results

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics of ``compile`` with a batch and returns what to log; override to add your
        own."""
        if self._compile_metrics is not None:
            with work_of("metrics"):
                self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The total loss of a batch, a scalar: that of ``compile`` and those that layers added; override to
        change it.

        Raises:
            ValueError: if there is no loss at all.
        """
        parts = []
        if self._compile_loss is not None:
            loss = self._compile_loss(y, y_pred, sample_weight)
            if loss is not None:
                parts.append(loss)
        parts.extend(as_scalar(part) for part in self.losses)  # type: ignore[attr-defined]
        if not parts:
            raise ValueError(
                "There is no loss to compute: pass `loss` to `compile()`, or use `add_loss` in the model."
            )
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    # Kept by save and load

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of ``compile`` as a serialized config; empty if it was not called."""
        from rkeras.saving.serialization import serialize_keras_object

        if self._compile_arguments is None:
            return {}
        return {name: serialize_keras_object(value) for name, value in self._compile_arguments.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles with what ``get_compile_config`` gave."""
        from rkeras.saving.deserialization import deserialize_keras_object

        self.compile(**{name: deserialize_keras_object(value) for name, value in config.items()})
        if self.optimizer is not None and self.built:  # type: ignore[attr-defined]
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]

    def _forget_steps(self) -> None:
        raise NotImplementedError


def as_scalar(loss: Any) -> Any:
    """An added loss as one number: its mean, if it has axes."""
    return ops.mean(loss) if getattr(loss, "shape", ()) else loss


def _are_numbers(values: Any) -> bool:
    return all(v is None or isinstance(v, (int, float, list, tuple)) for v in values)


def _scales(optimizer: Any) -> bool:
    return isinstance(optimizer, optimizers.LossScaleOptimizer)
