"""What a model can do once it has data: ``fit``, ``evaluate``, ``predict`` and their single-batch forms."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.autodiff import GradientTape
from rkeras.labels import work_of
from rkeras.training import loops
from rkeras.training.compiled import Compiled
from rkeras.training.old_arguments import takes_old_arguments
from rkeras.training.old_names import OldNames
from rkeras.training.position import Position
from rkeras.training.step import StepFunction, ensure_built
from rkeras.training.structure import take_apart, unpack_x_y_sample_weight


class Trainer(Compiled, OldNames):
    """Mixed into ``Model``: everything between data and trained weights."""

    history: Any = None
    stop_evaluating: bool = False
    stop_predicting: bool = False
    train_function: StepFunction | None = None
    test_function: StepFunction | None = None
    predict_function: StepFunction | None = None
    _step_key: Any = None
    _initial_epoch: int | None = None
    _position: Position | None = None
    _metrics_go_on: bool = False  # over calls of train_on_batch and test_on_batch

    # Steps; users override these

    def train_step(self, data: Any) -> dict[str, Any]:
        """Trains on one batch and returns what to log.

        Args:
            data: ``(x, y, sample_weight)`` as tensors; what is missing is None or left out.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self._loss_of(x, y, y_pred, sample_weight, training=True)
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
        own = type(self).compute_loss is not Compiled.compute_loss
        if self._compile_loss is None and not own and not self.losses:  # type: ignore[attr-defined]
            return None
        return self._loss_of(x, y, y_pred, sample_weight, training=False)

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        # Overrides from before Keras 3.3 do not take `training`.
        takes_mode = "training" in inspect.signature(self.compute_loss).parameters
        mode = {"training": training} if takes_mode else {}
        with work_of("loss"):
            return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **mode)

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
        self._show_metrics_tensors()
        trainable = tuple(layer.trainable for layer in self._flatten_layers())  # type: ignore[attr-defined]
        network = getattr(self, "_network", None)
        key = (trainable, network, network and len(network.extras), self.optimizer)
        if key != self._step_key:
            # What was frozen or thawed since is trained differently; layers, losses and metrics may also have
            # been added.
            self._forget_steps()
            object.__setattr__(self, "_step_key", key)
        name = f"{kind}_function"
        step: StepFunction | None = getattr(self, name)
        if step is None or force or step.asked_eager != self.run_eagerly:
            step = StepFunction(self, kind)
            object.__setattr__(self, name, step)
        return step

    def _forget_steps(self) -> None:
        """Drops the compiled steps, after anything changed that they took as given."""
        for kind in ("train", "test", "predict"):
            object.__setattr__(self, f"{kind}_function", None)

    # Whole runs

    @takes_old_arguments
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

    @takes_old_arguments
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

    @takes_old_arguments
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

    @takes_old_arguments
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

        The metrics are those of this batch alone.
        """
        logs = loops.run_batch(self, "train", x, y, sample_weight, class_weight)
        return logs if return_dict else self._listed(logs)

    @takes_old_arguments
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


def _batch_size(x: Any) -> int | None:
    leaves: list[Any] = []
    take_apart(x, lambda v: isinstance(v, (_engine.Tensor, np.ndarray)), leaves)
    return int(leaves[0].shape[0]) if leaves and leaves[0].shape else None
