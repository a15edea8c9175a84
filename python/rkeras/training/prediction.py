"""``predict``: results straight into preallocated NumPy arrays, and a short way for the few rows of a live
service."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.callbacks.callback_list import CallbackList
from rkeras.training.data import DEFAULT_BATCH_SIZE, Batches, batch_arrays, open_data
from rkeras.training.epoch import BAR_INTERVAL, IDLE_INTERVAL, NO_BATCH, warn_short
from rkeras.training.step import StepFunction, TracedStep, engine_dtype, is_tensor
from rkeras.training.stream import Stream
from rkeras.training.structure import LEAF, put_together, take_apart
from rkeras.training.text_inputs import is_text, predict_text, takes_text

Array = npt.NDArray[Any]


def as_numpy(outputs: Any) -> Any:
    """``outputs`` with every tensor as NumPy array, in the same structure."""
    if is_tensor(outputs):
        return outputs.numpy()
    leaves: list[Any] = []
    spec = take_apart(outputs, is_tensor, leaves)
    return put_together(spec, iter([v.numpy() if is_tensor(v) else np.asarray(v) for v in leaves]))


def predict_data(
    model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any
) -> Any:
    """See ``Trainer.predict``."""
    if type(x) is np.ndarray and verbose in (0, None) and callbacks is None and steps is None:
        quick = _predict_quickly(model, x, DEFAULT_BATCH_SIZE if batch_size is None else batch_size)
        if quick is not None:
            return quick
    if is_text(x) and takes_text(model):
        return predict_text(model, x, batch_size, steps)
    data = open_data(x, None, None, model=model, batch_size=batch_size)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks,
            add_progbar=verbose not in (0, None),
            model=model,
            verbose=verbose,
            epochs=1,
            steps=steps or data.count,
        )
    model.stop_predicting = False
    with closing(data):
        callbacks.on_predict_begin()
        if isinstance(data, Batches):
            outputs = _predict_arrays(model, data, steps, callbacks)
        else:
            outputs = _predict_stream(model, data, steps, callbacks)
        callbacks.on_predict_end()
    return outputs


def _predict_quickly(model: Any, x: Array, batch_size: int) -> Any:
    """One batch of one array through a plan that exists already: what remains is one call into the engine."""
    step: StepFunction | None = model.predict_function
    if step is None or step.network is not model._network or not x.ndim or len(x) > batch_size:
        return None
    traced = step.single.get((x.shape, x.dtype))
    if traced is None:
        return None
    dtype = engine_dtype(x)
    outputs = traced.plan.run((x if x.dtype == dtype else x.astype(dtype),))
    if traced.output_spec == LEAF:
        return outputs[0].numpy()
    return put_together(traced.output_spec, iter([o.numpy() for o in outputs]))


def _predict_arrays(model: Any, data: Batches, steps: int | None, callbacks: CallbackList) -> Any:
    arrays, spec = data.data.flat
    step = model._make_step("predict", arrays, spec)
    total = min(steps or data.count, data.count)
    collect = _Collector()
    batch = 0
    if not step.eager and min(total, data.full) > 1:
        traced = _prepared(step, arrays, data.batch_size, spec)
        rows = min(total * data.batch_size, data.data.samples)
        results = None if traced is None else _allocate(traced, data.batch_size, rows)
        if traced is not None and results is not None:
            batch = _predict_in_place(model, traced, data, min(total, data.full), callbacks, results)
            done = batch * data.batch_size
            collect.add(_Batch(put_together(traced.output_spec, iter([r[:done] for r in results]))))
            if batch < total and not model.stop_predicting:
                rest = _one_batch(step, [a[done:rows] for a in arrays], spec, batch, callbacks)
                for result, leaf in zip(results, rest.leaves, strict=True):
                    result[done:] = leaf
                return put_together(traced.output_spec, iter(results))
            return collect.result()
    while batch < total and not model.stop_predicting:
        part = slice(batch * data.batch_size, (batch + 1) * data.batch_size)
        collect.add(_one_batch(step, [a[part] for a in arrays], spec, batch, callbacks))
        batch += 1
    if total == 1 and len(arrays) == 1 and spec == LEAF and not step.eager:
        step.single[arrays[0].shape, arrays[0].dtype] = _prepared(step, arrays, len(arrays[0]), spec)
    return collect.result()


def _predict_in_place(
    model: Any, traced: TracedStep, data: Batches, full: int, callbacks: CallbackList, results: list[Array]
) -> int:
    """Runs the full batches with their results written to ``results``; returns how many were run."""
    every, some = callbacks.wants_every_batch("predict"), callbacks.wants_some_batches("predict")
    budget = BAR_INTERVAL if some else IDLE_INTERVAL
    size = data.batch_size
    batch = 0
    while batch < full and not model.stop_predicting:
        if every:
            callbacks.on_predict_batch_begin(batch)
        stop = min(full, batch + model.steps_per_execution) if every else full
        first = batch
        while batch < stop:
            batch = traced.plan.run_steps(data.data.flat[0], None, size, batch, stop, budget, results)
            if not every:
                break
        if every or some:
            made = put_together(traced.output_spec, iter([r[first * size : batch * size] for r in results]))
            callbacks.on_predict_batch_end(batch - 1, {"outputs": made})
    return batch


def _predict_stream(model: Any, data: Stream, steps: int | None, callbacks: CallbackList) -> Any:
    data.begin_pass()
    total = steps or data.count
    collect = _Collector()
    step: StepFunction | None = None
    iterator = data.iterator(fresh=True)
    batch = 0
    while (total is None or batch < total) and not model.stop_predicting:
        try:
            item = next(iterator)
        except StopIteration:
            if batch and total is not None:
                warn_short(batch, total, stacklevel=7)
            break
        arrays, spec = batch_arrays(item, model)
        if step is None:
            step = model._make_step("predict", arrays, spec)
        collect.add(_one_batch(step, arrays, spec, batch, callbacks))
        batch += 1
    data.end_pass()
    if not batch:
        raise ValueError(NO_BATCH)
    return collect.result()


class _Batch:
    def __init__(self, outputs: Any) -> None:
        found: list[Any] = []
        self.spec = take_apart(outputs, is_tensor, found)
        self.leaves: list[Array] = [v.numpy() if is_tensor(v) else np.asarray(v) for v in found]


class _Collector:
    """Joins batches whose sizes may differ."""

    def __init__(self) -> None:
        self._batches: list[_Batch] = []

    def add(self, batch: _Batch) -> None:
        self._batches.append(batch)

    def result(self) -> Any:
        first = self._batches[0]
        if len(self._batches) == 1:
            return put_together(first.spec, iter(first.leaves))
        columns = zip(*(b.leaves for b in self._batches), strict=True)
        return put_together(first.spec, iter([_join(column) for column in columns]))


def _join(parts: Sequence[Array]) -> Array:
    """The batches of one output in one array; outputs without a batch axis are stacked."""
    return np.concatenate(parts) if parts[0].ndim else np.stack(parts)


def _one_batch(
    step: StepFunction, arrays: Sequence[Array], spec: Any, batch: int, callbacks: CallbackList
) -> _Batch:
    callbacks.on_predict_batch_begin(batch)
    result = _Batch(step.run(arrays, spec))
    callbacks.on_predict_batch_end(batch, {"outputs": put_together(result.spec, iter(result.leaves))})
    return result


def _prepared(step: StepFunction, arrays: Sequence[Array], rows: int, spec: Any) -> TracedStep | None:
    return step.prepare([(rows, *a.shape[1:]) for a in arrays], [engine_dtype(a) for a in arrays], spec)


def _allocate(traced: TracedStep, batch_size: int, rows: int) -> list[Array] | None:
    """Arrays for the outputs of all rows; None if an output has no batch axis, or a dtype that NumPy
    lacks."""
    results = []
    for shape, dtype in traced.plan.output_specs():
        if not shape or shape[0] != batch_size or dtype == "bfloat16":
            return None
        results.append(np.empty((rows, *shape[1:]), dtype))
    return results
