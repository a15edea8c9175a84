"""Losses and metrics that layers add while they compute."""

from __future__ import annotations

import weakref
from typing import Any

from rkeras import _engine, tree
from rkeras.layers._state import LayerState
from rkeras.layers.call_context import context
from rkeras.symbolic import in_symbolic_inference
from rkeras.tracing import eager_scope

# Layers that hold losses of their last call. Usually empty, which saves a walk over all layers before each
# call.
_holders: weakref.WeakSet[Any] = weakref.WeakSet()


class Losses(LayerState):
    """The part of ``Layer`` for ``add_loss`` and ``add_metric``."""

    def add_loss(self, loss: Any, inputs: Any = None) -> None:
        """Adds scalars to what training minimises; to be called in ``call``.

        Args:
            loss: a scalar tensor, a list of them, or a function without arguments that returns one. Of a tensor
                with axes the mean is minimised.
            inputs: accepted for old code; has no effect.
        """
        if in_symbolic_inference():
            return
        for value in tree.flatten(loss):
            if not callable(value) and not isinstance(value, (_engine.Tensor, _engine.Variable, int, float)):
                raise ValueError(
                    f"add_loss of layer {self.name!r} takes scalar tensors, got {value!r} (of type "
                    f"{type(value).__name__})"
                )
            if isinstance(value, (int, float)) and context.entry is not None:
                # A number added outside of a call is a loss for good, this one belongs to the call.
                value = _engine.convert(value)
            self.__dict__.setdefault("_losses", []).append(value)
        _holders.add(self)

    def _own_losses(self) -> list[Any]:
        return [value() if callable(value) else value for value in self.__dict__.get("_losses", ())]

    def _clear_losses(self) -> None:
        """Drops what the previous call added, in this layer and all in it."""
        if not _holders:
            return
        for layer in self._flatten_layers():
            kept = layer.__dict__.get("_losses")
            if kept:
                # Functions and numbers are losses for good; tensors belong to one call.
                kept[:] = [
                    value for value in kept if not isinstance(value, (_engine.Tensor, _engine.Variable))
                ]
                if not kept:
                    _holders.discard(layer)

    def _regularization_losses(self) -> list[Any]:
        return [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]

    @property
    def losses(self) -> list[Any]:
        """The scalars added in the last call, here and in sublayers, and the penalties on weights."""
        found = [loss for layer in self._flatten_layers() for loss in layer._own_losses()]
        return found + self._regularization_losses()

    def _add_activity_loss(self, outputs: Any) -> None:
        for output in tree.flatten(outputs):
            if isinstance(output, _engine.Tensor):
                loss = self.activity_regularizer(output)
                # The penalty is a sum; dividing makes it independent of the batch size.
                self.add_loss(loss / max(output.shape[0], 1) if output.ndim else loss)

    activity_regularizer: Any = None

    def add_metric(self, value: Any, name: str | None = None, aggregation: str = "mean") -> None:
        """Shows the mean of a value under a name among the metrics; to be called in ``call``.

        Args:
            value: a scalar or any tensor, which is averaged; or what a metric object returned, which is shown
                itself.
            name: the metric's name.
            aggregation: ``"mean"``, the only one there is.
        """
        counted = getattr(value, "_keras_metric", None)
        if counted is not None:
            if counted not in self._metrics:
                self._track("metrics", counted)
            return
        metric = self._added_metric(name, aggregation)
        if not in_symbolic_inference():
            metric.update_state(value)

    def _added_metric(self, name: str | None, aggregation: str) -> Any:
        """The metric that ``add_metric`` keeps under this name, made if there is none."""
        if aggregation not in ("mean", None):
            raise ValueError(f"add_metric knows aggregation='mean' only, got {aggregation!r}")
        if name is None:
            raise ValueError("add_metric needs a name, as in add_metric(value, name='accuracy')")
        metric = next((m for m in self._metrics if m.name == name), None)
        if metric is None:
            from rkeras import metrics

            with eager_scope():
                metric = metrics.Mean(name=name)
            self._track("metrics", metric)
        return metric
