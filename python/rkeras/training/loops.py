"""The loops behind ``fit``, ``evaluate`` and ``predict``.

In-memory data goes through ``run_range``: whole stretches of batches inside one call into the engine, which
returns when a hook or the progress bar is due. Streams go batch by batch.
"""

from __future__ import annotations

import warnings
from contextlib import closing
from typing import Any

import numpy as np

from rkeras.callbacks.callback_list import CallbackList
from rkeras.training.data import ArrayData, Batches, batch_arrays, open_data, split_validation
from rkeras.training.epoch import plain, prepare_checked, run_epoch
from rkeras.training.position import Position
from rkeras.training.stream import Stream, is_stream
from rkeras.training.structure import unpack_x_y_sample_weight

GENERATOR_ENDED = (
    "The generator ended after epoch {epoch}, and so does training. To train on, pass a dataset that can be "
    "iterated anew, or let the generator loop for ever and pass `steps_per_epoch`."
)


def fit(
    model: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    epochs: int,
    verbose: Any,
    callbacks: Any,
    validation_split: float,
    validation_data: Any,
    shuffle: bool | str,
    class_weight: Any,
    sample_weight: Any,
    initial_epoch: int,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
    validation_freq: Any,
) -> Any:
    """See ``Trainer.fit``."""
    model._require_compiled("fit")
    _check_steps("steps_per_epoch", steps_per_epoch)
    _check_steps("validation_steps", validation_steps)
    if isinstance(epochs, bool) or not isinstance(epochs, (int, np.integer)):
        raise ValueError(f"`epochs` must be an integer; received {epochs!r}.")
    _check_frequency(validation_freq)
    data = open_data(
        x, y, sample_weight, model=model, batch_size=batch_size, shuffle=shuffle, class_weight=class_weight
    )
    validation: Batches | Stream | None = None
    if validation_data is not None:
        if not isinstance(validation_data, (list, tuple)) and not is_stream(validation_data):
            raise ValueError(
                "`validation_data` must be (x, y), (x, y, sample_weight) or a dataset; received "
                f"{type(validation_data).__name__}."
            )
        val_x, val_y, val_weight = unpack_x_y_sample_weight(validation_data)
        stream = open_data(val_x, val_y, val_weight, model=model, batch_size=None)
        size = validation_batch_size or batch_size
        validation = Batches(stream.data, size, False) if isinstance(stream, Batches) else stream
    elif validation_split:
        if not isinstance(data, Batches):
            raise ValueError("`validation_split` needs arrays; for a dataset pass `validation_data`.")
        kept, held = split_validation(ArrayData(x, y, sample_weight, model=model), validation_split)
        if class_weight is not None:  # they weigh what is trained on only
            kept = data.data.part(0, kept.samples)
        data = Batches(kept, batch_size, shuffle)
        validation = Batches(held, validation_batch_size or batch_size, False)

    steps = steps_per_epoch or data.count
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks,
            add_history=True,
            add_progbar=verbose not in (0, None),
            model=model,
            verbose=verbose,
            epochs=epochs,
            steps=steps,
        )
    if isinstance(data, Batches):  # a stream has shown nothing yet to build the model from
        model._make_step("train", *data.data.flat)
    model.stop_training = False
    logs: dict[str, Any] = {}
    with closing(data), closing(validation or data), Position(model, data, initial_epoch) as position:
        callbacks.on_train_begin()
        for epoch in range(model._initial_epoch or position.epoch, epochs):
            if isinstance(data, Stream) and data.exhausted:
                if steps_per_epoch is None:  # else the epoch before has warned
                    warnings.warn(GENERATOR_ENDED.format(epoch=epoch), stacklevel=4)
                break
            model.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            logs = run_epoch(
                model, "train", data, steps_per_epoch, callbacks, class_weight, position=position
            )
            if not logs and isinstance(data, Stream) and data.exhausted:
                break
            if validation is not None and _validates(epoch + 1, validation_freq):
                val_logs = _evaluate(model, validation, validation_steps, callbacks)
                logs.update({f"val_{name}": value for name, value in val_logs.items()})
            logs = dict(sorted(logs.items()))
            callbacks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
    finalize = getattr(model.optimizer, "finalize_variable_values", None)
    if finalize is not None and epochs > 0:
        finalize(model.trainable_weights)
    callbacks.on_train_end(logs)
    return model.history


def evaluate(
    model: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    verbose: Any,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
) -> dict[str, Any]:
    """See ``Trainer.evaluate``; returns a dict."""
    model._require_compiled("evaluate")
    _check_steps("steps", steps)
    data = open_data(x, y, sample_weight, model=model, batch_size=batch_size)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks,
            add_progbar=verbose not in (0, None),
            model=model,
            verbose=verbose,
            epochs=1,
            steps=steps or data.count,
        )
    with closing(data):
        return _evaluate(model, data, steps, callbacks)


def _evaluate(
    model: Any, data: Batches | Stream, steps: int | None, callbacks: CallbackList
) -> dict[str, Any]:
    model.stop_evaluating = False
    callbacks.on_test_begin()
    model.reset_metrics()
    logs = run_epoch(model, "test", data, steps, callbacks, None, fresh=True)
    callbacks.on_test_end(logs)
    return logs


def predict(
    model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any
) -> Any:
    """See ``Trainer.predict``."""
    from rkeras.training.prediction import predict_data

    return predict_data(model, x, batch_size, verbose, steps, callbacks)


def run_batch(model: Any, kind: str, x: Any, y: Any, sample_weight: Any, class_weight: Any) -> dict[str, Any]:
    """See ``Trainer.train_on_batch``; returns a dict."""
    model._require_compiled(f"{kind}_on_batch")
    data = ArrayData(x, y, sample_weight, model=model, class_weight=class_weight)
    if not model._metrics_go_on:
        model.reset_metrics()
    step = model._make_step(kind, *data.flat)
    prepare_checked(step, data.flat[0], data.samples, data.flat[1])
    step.run(*data.flat)
    return plain(step.logs())


def predict_batch(model: Any, x: Any) -> Any:
    """See ``Trainer.predict_on_batch``."""
    from rkeras.training.prediction import as_numpy

    arrays, spec = batch_arrays((x,), model)
    return as_numpy(model._make_step("predict", arrays, spec).run(arrays, spec))


def _validates(epoch: int, frequency: Any) -> bool:
    return epoch % frequency == 0 if isinstance(frequency, int) else epoch in frequency


def _check_frequency(value: Any) -> None:
    if not isinstance(value, (list, tuple, set, range)) and not (isinstance(value, int) and value > 0):
        raise ValueError(
            f"`validation_freq` must be a positive integer or a list of epochs; received {value!r}."
        )


def _check_steps(name: str, value: Any) -> None:
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1
    ):
        raise ValueError(f"`{name}` must be a positive integer or None; received {value!r}.")
