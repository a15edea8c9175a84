"""One training, evaluation or prediction step, compiled once per batch shape and run for many batches in
Rust."""

from __future__ import annotations

import contextlib
import functools
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import _engine
from rkeras.keras_tensor import KerasTensor
from rkeras.symbolic import compute_output_spec
from rkeras.tracing import blamed_line, eager_scope, mode
from rkeras.training.structure import put_together, take_apart, unpack_x_y_sample_weight

Array = npt.NDArray[Any]

# Partial batches, and users who predict on arrays of many lengths, would otherwise fill memory with plans.
MAX_PLANS = 32


def engine_dtype(array: Array) -> str:
    """The dtype in which a step gets ``array``: floats become ``floatx``, integers and booleans stay."""
    if array.dtype.kind in "iub":
        return _name(array.dtype)
    return _engine.floatx()


@functools.cache
def _name(dtype: Any) -> str:
    # NumPy puts the name together anew each time, which takes as long as a small step.
    return str(dtype.name)


def ensure_built(model: Any, arrays: Sequence[Array], spec: Any) -> None:
    """Builds what has not seen data yet: the model, for any number of samples, and its losses and metrics.

    The step's own trace would build them too, but only after the layers that the plan depends on were
    counted, and too late for a user's step that goes through ``self.metrics``.
    """
    containers = [c for c in (model._compile_loss, model._compile_metrics) if c is not None and not c.built]
    if not containers and all(layer.built for layer in model._flatten_layers()):
        return
    symbols = [KerasTensor((None, *a.shape[1:]), engine_dtype(a)) for a in arrays]
    x, y, _ = unpack_x_y_sample_weight(put_together(spec, iter(symbols)))
    with contextlib.suppress(Exception):  # what is wrong shows again in the step, with the real shapes
        y_pred = compute_output_spec(lambda value: model(value, training=False), x)
        for container in containers if y is not None else ():
            container.build(y, y_pred)


def is_tensor(value: Any) -> bool:
    """Whether ``value`` is a tensor or variable of the engine."""
    return isinstance(value, (_engine.Tensor, _engine.Variable))


class TracedStep:
    """A plan with what it takes to read its results."""

    def __init__(self, plan: Any, output_spec: Any, logs: dict[str, Any]) -> None:
        self.plan = plan
        self.output_spec = output_spec
        """Structure of the predictions; of train and test steps nothing comes out but state."""
        self.logs = logs
        """For each logged name: a metric to ask, a variable that holds the last step's value, or a
        constant."""

    def read_logs(self) -> dict[str, Any]:
        """Values that the last step logged."""
        return {name: source() if callable(source) else source for name, source in self.logs.items()}


class StepFunction:
    """``train_step``, ``test_step`` or ``predict_step`` of a model, ready to run over batches.

    Args:
        model: the model.
        kind: ``train``, ``test`` or ``predict``.
    """

    def __init__(self, model: Any, kind: str) -> None:
        self.model = model
        self.kind = kind
        self.asked_eager = bool(model.run_eagerly)
        self.eager = self.asked_eager or mode.run_eagerly
        self.single: dict[Any, Any] = {}
        """Plans for a single array by its shape and dtype, which is quicker to look up than a structure."""
        self.network = getattr(model, "_network", None)
        """The layer graph that the plans are for; a Sequential gets a new one when layers are added."""
        self._plans: dict[Any, TracedStep] = {}
        self._last: TracedStep | None = None
        self._eager_logs: dict[str, Any] = {}

    def __call__(self, iterator: Any) -> Any:
        """Runs the step on the next batch of ``iterator`` and returns its logs or predictions."""
        from rkeras.training.data import batch_arrays

        arrays, spec = batch_arrays(next(iterator), self.model)
        result = self.run(arrays, spec)
        return result if self.kind == "predict" else self.logs()

    def run(self, arrays: Sequence[Array], spec: Any) -> Any:
        """Runs one batch; returns the predictions of a predict step, else None (see ``logs``)."""
        if not self.eager:
            dtypes = [engine_dtype(a) for a in arrays]
            traced = self.prepare([a.shape for a in arrays], dtypes, spec)
            if traced is not None:
                self._last = traced
                arrays = [
                    a if _name(a.dtype) == d else a.astype(d) for a, d in zip(arrays, dtypes, strict=True)
                ]
                outputs = traced.plan.run(arrays)
                return put_together(traced.output_spec, iter(outputs))
        return self._run_eagerly(arrays, spec)

    def run_range(
        self,
        data: Sequence[Array],
        spec: Any,
        order: npt.NDArray[np.int64] | None,
        batch_size: int,
        first: int,
        last: int,
        budget: float,
    ) -> int:
        """Runs full batches ``first`` to ``last - 1`` of ``data``, or as many as fit in ``budget`` seconds.

        Returns the next batch to run.
        """
        if not self.eager:
            shapes = [(batch_size, *a.shape[1:]) for a in data]
            traced = self.prepare(shapes, [engine_dtype(a) for a in data], spec)
            if traced is not None:
                self._last = traced
                return int(traced.plan.run_steps(data, order, batch_size, first, last, budget))
        end = time.monotonic() + budget
        while first < last:
            rows = slice(first * batch_size, (first + 1) * batch_size)
            self._run_eagerly([a[rows] if order is None else a[order[rows]] for a in data], spec)
            first += 1
            if time.monotonic() >= end:
                break
        return first

    def logs(self) -> dict[str, Any]:
        """What the last step logged."""
        if self._last is not None and not self.eager:
            return self._last.read_logs()
        return self._eager_logs

    def prepare(self, shapes: Sequence[Sequence[int]], dtypes: Sequence[str], spec: Any) -> TracedStep | None:
        """The plan for arrays of these shapes and dtypes; None if the step can only run eagerly."""
        key = (tuple(map(tuple, shapes)), tuple(dtypes), spec)
        traced = self._plans.get(key)
        if traced is None:
            try:
                traced = self._trace(shapes, dtypes, spec)
            except _engine.TracedValueError as error:
                self._warn_eager(error)
                self.eager = True
                return None
            if len(self._plans) >= MAX_PLANS:
                del self._plans[next(iter(self._plans))]
                self.single.clear()
            self._plans[key] = traced
        return traced

    def _step(self, data: Any) -> Any:
        return getattr(self.model, f"{self.kind}_step")(data)

    def _trace(self, shapes: Sequence[Sequence[int]], dtypes: Sequence[str], spec: Any) -> TracedStep:
        trace = _engine.Trace()
        try:
            arguments = [trace.argument(s, d) for s, d in zip(shapes, dtypes, strict=True)]
            before = self._metric_values()
            result = self._step(put_together(spec, iter(arguments)))
            if self.kind == "predict":
                outputs: list[Any] = []
                output_spec = take_apart(result, is_tensor, outputs)
                return TracedStep(trace.finish(outputs), output_spec, {})
            logs = self._log_sources(self._checked_logs(result), before)
            return TracedStep(trace.finish([]), None, logs)
        except BaseException:
            trace.cancel()
            raise
        finally:
            self.model._clear_losses()

    def _metric_values(self) -> dict[int, int]:
        return {id(v): v.read().value_id for m in self.model.metrics for v in m.variables}

    def _log_sources(self, logs: dict[str, Any], before: dict[int, int]) -> dict[str, Any]:
        """Where the logged values can be read after a run.

        A value that is the result of a metric which the step updates is computed from the metric's state
        when it is asked for, so that its arithmetic drops out of the plan. Any other value is kept in a
        variable. (Keras asks the metrics whenever the names agree, and so shows a loss of 0 when a custom
        step returns its own ``loss``.)
        """
        after = self._metric_values()
        metrics = self.model._metrics_by_log_name()
        sources: dict[str, Any] = {}
        for name, value in logs.items():
            metric = metrics.get(name)
            if metric is not None and any(before.get(id(v)) != after[id(v)] for v in metric.variables):
                sources[name] = metric.result
            elif is_tensor(value):
                value = value.read() if isinstance(value, _engine.Variable) else value
                with eager_scope():
                    holder = _engine.Variable(
                        _engine.convert(np.zeros(value.shape), value.dtype), trainable=False
                    )
                holder.write(value)
                sources[name] = holder.numpy
            else:
                sources[name] = value
        return sources

    def _run_eagerly(self, arrays: Sequence[Array], spec: Any) -> Any:
        tensors = [_engine.convert(a, engine_dtype(a)) for a in arrays]
        result = self._step(put_together(spec, iter(tensors)))
        if self.kind == "predict":
            return result
        self._last = None
        self._eager_logs = self._checked_logs(result)
        return None

    def _checked_logs(self, result: Any) -> dict[str, Any]:
        if result is None:
            result = self.model.get_metrics_result()
        if not isinstance(result, dict):
            raise TypeError(
                f"`{type(self.model).__name__}.{self.kind}_step` must return a dict of logged values such as "
                f"{{'loss': loss}}; it returned {type(result).__name__}."
            )
        flat: dict[str, Any] = {}
        for name, value in result.items():
            flat.update(value if isinstance(value, dict) else {name: value})
        return flat

    def _warn_eager(self, error: BaseException) -> None:
        warnings.warn(
            f"{self.kind}_step of `{self.model.name}` needs the numbers of a tensor at {blamed_line(error)}; "
            "so it cannot be compiled and runs op by op, slowly. Use rkeras.ops on tensors instead, or "
            f"compile with run_eagerly=True if this is wanted. ({error})",
            stacklevel=5,
        )
