"""What a model can do once it has data: ``compile``, ``fit``, ``evaluate``, ``predict`` and their
single-batch forms."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import _engine, optimizers
from rkeras import metrics as metrics_module
from rkeras.autodiff import GradientTape
from rkeras.function import eager_scope
from rkeras.layers.tracking import untracked
from rkeras.training import loops
from rkeras.training.compile_loss import CompileLoss
from rkeras.training.compile_metrics import CompileMetrics
from rkeras.training.step import StepFunction, ensure_built
from rkeras.training.structure import take_apart, unpack_x_y_sample_weight

_OLD_ARGUMENTS = ("sample_weight_mode", "target_tensors", "distribute", "experimental_run_tf_function")


class Trainer:
    """Mixed into ``Model``: everything between data and trained weights."""

    optimizer: Any = None
    loss: Any = None
    history: Any = None
    compiled: bool = False
    run_eagerly: bool = False
    jit_compile: Any = "auto"
    steps_per_execution: int = 1
    stop_training: bool = False
    stop_evaluating: bool = False
    stop_predicting: bool = False
    train_function: StepFunction | None = None
    test_function: StepFunction | None = None
    predict_function: StepFunction | None = None
    _compile_loss: CompileLoss | None = None
    _compile_metrics: CompileMetrics | None = None
    _loss_tracker: Any = None
    _trainable_key: Any = None
    _initial_epoch: int | None = None
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
            metrics: list of names, functions or ``Metric`` objects; for several outputs a list of lists or a
                dict.
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
        scaled = isinstance(self.optimizer, optimizers.LossScaleOptimizer)
        if auto_scale_loss and mixed and self.optimizer is not None and not scaled:
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
        """Names for the list that ``evaluate`` returns: the loss, the outputs' losses, then the metrics."""
        return list(self._metrics_by_log_name())

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
        parts.extend(self.losses)  # type: ignore[attr-defined]
        if not parts:
            raise ValueError(
                "There is no loss to compute: pass `loss` to `compile()`, or use `add_loss` in the model."
            )
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    # Steps; users override these

    def train_step(self, data: Any) -> dict[str, Any]:
        """Trains on one batch and returns what to log.

        Args:
            data: ``(x, y, sample_weight)`` as tensors; what is missing is None or left out.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            scaled = self.optimizer.scale_loss(loss) if hasattr(self.optimizer, "scale_loss") else loss
        self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
        weights = self.trainable_weights  # type: ignore[attr-defined]
        if weights:
            self.optimizer.apply_gradients(zip(tape.gradient(scaled, weights), weights, strict=True))
        else:
            warnings.warn("The model has no trainable weights, so that fit changes nothing.", stacklevel=2)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluates one batch and returns what to log; see ``train_step``."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self._test_loss(x, y, y_pred, sample_weight)
        if loss is not None:
            self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def _test_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        # A model compiled with metrics only can be evaluated, though not trained.
        own = type(self).compute_loss is not Trainer.compute_loss
        if self._compile_loss is None and not own and not self.losses:  # type: ignore[attr-defined]
            return None
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)

    def predict_step(self, data: Any) -> Any:
        """The predictions for one batch."""
        return self(unpack_x_y_sample_weight(data)[0], training=False)  # type: ignore[operator]

    # Compiled steps

    def make_train_function(self, force: bool = False) -> StepFunction:
        """The compiled ``train_step``."""
        return self._make_step("train", force=force)

    def make_test_function(self, force: bool = False) -> StepFunction:
        """The compiled ``test_step``."""
        return self._make_step("test", force=force)

    def make_predict_function(self, force: bool = False) -> StepFunction:
        """The compiled ``predict_step``."""
        return self._make_step("predict", force=force)

    def _make_step(
        self, kind: str, arrays: Sequence[Any] = (), spec: Any = None, force: bool = False
    ) -> StepFunction:
        """The step for data such as ``arrays``, for which the model is built if it has not been."""
        if arrays:
            ensure_built(self, arrays, spec)
        key = tuple(layer.trainable for layer in self._flatten_layers())  # type: ignore[attr-defined]
        network = getattr(self, "_network", None)
        if (key, network) != self._trainable_key:
            # What was frozen or thawed since is trained differently; layers may also have been added or
            # removed.
            self._forget_steps()
            object.__setattr__(self, "_trainable_key", (key, network))
        name = f"{kind}_function"
        step: StepFunction | None = getattr(self, name)
        if step is None or force or (self.run_eagerly and not step.eager):
            step = StepFunction(self, kind)
            object.__setattr__(self, name, step)
        return step

    def _forget_steps(self) -> None:
        """Drops the compiled steps, after anything changed that they took as given."""
        for kind in ("train", "test", "predict"):
            object.__setattr__(self, f"{kind}_function", None)

    # Whole runs

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Trains the model.

        Args:
            x: inputs: an array, a list or dict (by input name) of arrays, or a dataset or generator of
                batches ``(x, y)`` or ``(x, y, sample_weight)``.
            y: labels, in the structure of the outputs: an array, or a list or dict (by output name) of
                arrays.
            batch_size: samples per step, 32 by default.
            epochs: number of the last epoch.
            verbose: 0 silent, 1 progress bar, 2 one line per epoch.
            callbacks: list of ``Callback`` objects.
            validation_split: fraction of the samples, taken from the end, to validate on.
            validation_data: ``(x, y)``, ``(x, y, sample_weight)``, or a dataset to validate on after each
                epoch.
            shuffle: whether to reorder the samples each epoch; ``"batch"`` reorders whole batches.
            class_weight: weight of each class by its index.
            sample_weight: weight of each sample, shape ``(samples,)``, or of each step, ``(samples, steps)``.
            initial_epoch: number of epochs already done.
            steps_per_epoch: batches per epoch; by default as many as the data holds.
            validation_steps: batches to validate on.
            validation_batch_size: samples per validation batch, by default ``batch_size``.
            validation_freq: validate every so many epochs, or a list of the epochs after which to validate.

        Returns:
            ``History`` whose ``history`` maps names such as ``loss`` and ``val_loss`` to their values by
            epoch.

        Raises:
            ValueError: if the model is not compiled, or the data does not fit it.

        >>> import numpy as np, rkeras
        >>> model = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=3, verbose=0)
        >>> len(history.history["loss"])
        3
        """
        arguments = dict(locals())
        del arguments["self"]
        return loops.fit(self, **arguments)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and metrics of the model on data; arguments as for ``fit``.

        Args:
            return_dict: whether to return a dict by name.

        Returns:
            The loss; with metrics a list in the order of ``metrics_names``, or a dict.

        Raises:
            ValueError: if the model is not compiled, or the data does not fit it.
        """
        logs = loops.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
        return logs if return_dict else self._listed(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The model's outputs for ``x`` as NumPy arrays, in the structure that the model returns.

        >>> import numpy as np, rkeras
        >>> model = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(3)])
        >>> model.predict(np.ones((5, 2)), verbose=0).shape
        (5, 3)
        """
        return loops.predict(self, x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Trains on one batch; returns the loss, or a list of loss and metrics, or with ``return_dict`` a
        dict.

        Metrics accumulate over calls until ``reset_metrics``.
        """
        logs = loops.run_batch(self, "train", x, y, sample_weight, class_weight)
        return logs if return_dict else self._listed(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluates one batch without training; see ``train_on_batch``."""
        logs = loops.run_batch(self, "test", x, y, sample_weight, None)
        return logs if return_dict else self._listed(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch as NumPy arrays."""
        return loops.predict_batch(self, x)

    def _listed(self, logs: dict[str, Any]) -> Any:
        order = [name for name in self._metrics_by_log_name() if name in logs]
        values = [logs[name] for name in order] + [logs[name] for name in logs if name not in order]
        return values[0] if len(values) == 1 else values

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"Call `compile()` before `{method}()`: the model has no optimizer and loss yet."
            )

    # Kept by save and load

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of ``compile`` as a serialized config; empty if it was not called."""
        from rkeras.saving.serialization import serialize_keras_object

        if self._compile_arguments is None:
            return {}
        return {name: serialize_keras_object(value) for name, value in self._compile_arguments.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles with what ``get_compile_config`` gave."""
        from rkeras.saving.serialization import deserialize_keras_object

        self.compile(**{name: deserialize_keras_object(value) for name, value in config.items()})
        if self.optimizer is not None and self.built:  # type: ignore[attr-defined]
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]


def _batch_size(x: Any) -> int | None:
    leaves: list[Any] = []
    take_apart(x, lambda v: isinstance(v, (_engine.Tensor, np.ndarray)), leaves)
    return int(leaves[0].shape[0]) if leaves and leaves[0].shape else None
