"""One pass over the data with the train or test step, hooks and progress included."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras.training.checks import check_labels
from rkeras.training.data import Batches, batch_arrays
from rkeras.training.position import Position
from rkeras.training.step import StepFunction, engine_dtype
from rkeras.training.stream import Stream
from rkeras.training.structure import put_together, unpack_x_y_sample_weight

# Seconds between two returns from the engine: for the progress bar, and else for flags that another thread
# may set.
BAR_INTERVAL = 0.08
IDLE_INTERVAL = 0.5
NO_BATCH = "The dataset gave no batch at all. A generator that was used up before gives no more."


def plain(logs: dict[str, Any]) -> dict[str, Any]:
    """Logs as Python numbers (arrays where they are no scalars), sorted by name as Keras does."""
    values = {}
    for name in sorted(logs):
        value = logs[name]
        array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
        if array.dtype.kind not in "fiub":
            values[name] = value
        else:
            values[name] = float(array) if array.ndim == 0 else array
    return values


def run_epoch(
    model: Any,
    kind: str,
    data: Batches | Stream,
    steps: int | None,
    callbacks: Any,
    class_weight: Any,
    fresh: bool = False,
    position: Position | None = None,
) -> dict[str, Any]:
    """Runs ``kind`` steps over ``data`` and returns the final logs as Python numbers.

    Args:
        model: the model.
        kind: ``train`` or ``test``.
        data: the batches.
        steps: how many to run; all of one pass if None. Data that holds fewer is gone through again.
        callbacks: a ``CallbackList``.
        class_weight: weights for the batches of a stream.
        fresh: whether to start from the first batch rather than go on where the last epoch stopped.
        position: where to begin, if another run is to be continued.
    """
    run = _Run(model, kind, callbacks, position)
    if isinstance(data, Batches):
        _run_arrays(run, data, steps, fresh)
    else:
        _run_stream(run, data, steps, class_weight, fresh)
    return run.final_logs()


class _Run:
    """The state of one pass: which hooks are due, and which step was last."""

    def __init__(self, model: Any, kind: str, callbacks: Any, position: Position | None) -> None:
        self.model = model
        self.position = position
        self.kind = kind
        self.callbacks = callbacks
        self.every_batch = callbacks.wants_every_batch(kind)
        self.paced = callbacks.wants_some_batches(kind)
        self.span = model.steps_per_execution
        self.first = self.done = 0 if position is None else position.batch
        self._group: int | None = None
        """The first batch of those that the next hook is for."""
        self._told = True
        self._due = 0.0

    def prepare(self, arrays: Sequence[Any], spec: Any) -> None:
        """Makes the step, and with it the metrics, before the first batch."""
        self.model._make_step(self.kind, arrays, spec)
        if self.position is not None:
            self.position.begin()

    @property
    def step(self) -> StepFunction:
        """The compiled step, looked up again because a hook may compile anew."""
        step: StepFunction | None = getattr(self.model, f"{self.kind}_function")
        return step if step is not None else self.model._make_step(self.kind)

    @property
    def stopped(self) -> bool:
        return bool(self.model.stop_training if self.kind == "train" else self.model.stop_evaluating)

    def begin(self, batch: int) -> None:
        """Before batch number ``batch`` of this pass."""
        if self._group is None:
            self._group = batch
            if self.every_batch:
                getattr(self.callbacks, f"on_{self.kind}_batch_begin")(batch)

    def end(self, batch: int, whole_groups: bool = False) -> None:
        """After batch number ``batch`` of this pass; the hooks see its logs.

        Args:
            batch: its number.
            whole_groups: whether the hooks wait until ``steps_per_execution`` batches are done.
        """
        self.done = batch + 1
        if whole_groups and self._group is not None and self.done - self._group < self.span:
            return
        self._group = None
        self._told = self.every_batch or (self.paced and time.monotonic() >= self._due)
        if self._told:
            getattr(self.callbacks, f"on_{self.kind}_batch_end")(batch, self.logs())
            self._due = time.monotonic() + BAR_INTERVAL

    def finish(self) -> None:
        """Calls the hooks for a group that the end of the data has cut short."""
        if self._group is not None:
            self.end(self.done - 1)

    def logs(self) -> dict[str, Any]:
        return plain(self.step.logs())

    def final_logs(self) -> dict[str, Any]:
        logs = {}
        if self.done > self.first:
            logs = self.logs()
        elif self.position is not None and self.position.resumed:  # after the last batch of this epoch
            logs = plain(self.model.get_metrics_result())
        if self.paced and not self._told:
            getattr(self.callbacks, f"on_{self.kind}_batch_end")(self.done - 1, logs)
        return logs


def _run_arrays(run: _Run, data: Batches, steps: int | None, fresh: bool) -> None:
    arrays, spec = data.data.flat
    run.prepare(arrays, spec)
    total = steps or data.count
    if not run.first and (fresh or steps is None or data.position >= data.count):
        data.start()
    budget = BAR_INTERVAL if run.paced else IDLE_INTERVAL
    while run.done < total and not run.stopped:
        if data.position >= data.count:
            data.start()
        left = total - run.done
        if not data.checked:
            prepare_checked(run.step, arrays, data.batch_size, spec)
            data.checked = True
        run.begin(run.done)
        if data.position < data.full:
            stop = min(data.full, data.position + (min(left, run.span) if run.every_batch else left))
            first = data.position
            while data.position < stop:
                data.position = run.step.run_range(
                    arrays, spec, data.order, data.batch_size, data.position, stop, budget
                )
                if not run.every_batch:
                    break
            run.end(run.done + data.position - first - 1)
        else:
            run.step.run(data.remainder(), spec)
            data.position += 1
            run.end(run.done)


def prepare_checked(step: StepFunction, arrays: Sequence[Any], rows: int, spec: Any) -> None:
    """Traces the step, which resolves the losses, and then looks at the labels before anything runs.

    Args:
        step: the step.
        arrays: a batch, or the whole data.
        rows: samples of the first batch.
        spec: structure of the data.
    """
    compile_loss = step.model._compile_loss
    if compile_loss is None or step.kind == "predict":
        return
    if not step.eager:
        step.prepare([(rows, *a.shape[1:]) for a in arrays], [engine_dtype(a) for a in arrays], spec)
    check_labels(compile_loss, unpack_x_y_sample_weight(put_together(spec, iter(arrays)))[1])


def _run_stream(run: _Run, data: Stream, steps: int | None, class_weight: Any, fresh: bool) -> None:
    data.begin_pass()
    total = steps or data.count
    data.iterator(not run.first and (fresh or steps is None))
    restarted = False
    while (total is None or run.done < total) and not run.stopped:
        try:
            batch = data.take()
        except StopIteration:
            again = data.restart() if steps is not None and not restarted else None
            restarted = True
            if again is not None:
                continue
            if total is not None:
                # The stack of `evaluate`, and of validation in `fit`, is deeper by one.
                warn_short(run.done, total, stacklevel=7 if run.kind == "train" else 8)
            break
        restarted = False
        arrays, spec = batch_arrays(batch, run.model, class_weight)
        if run.done == run.first:
            run.prepare(arrays, spec)
        run.begin(run.done)
        prepare_checked(run.step, arrays, len(arrays[0]), spec)
        run.step.run(arrays, spec)
        run.end(run.done, whole_groups=run.every_batch)
    run.finish()
    data.end_pass()
    if not run.done and not data.used:
        raise ValueError(NO_BATCH)
    if run.done == run.first and run.position is not None:
        run.position.begin()


def warn_short(done: int, total: int, stacklevel: int) -> None:
    """Says that a stream gave fewer batches than were asked for."""
    warnings.warn(
        f"The dataset ended after {done} of {total} batches, and so does this pass. Make it yield at least "
        "steps_per_epoch * epochs batches, for instance by an endless loop in the generator.",
        stacklevel=stacklevel,
    )
