"""Where a run of ``fit`` is, so that another run can go on from there."""

from __future__ import annotations

from typing import Any

import numpy as np


class Position:
    """Epoch, batch, order of the samples and metrics so far of a run of ``fit``.

    While it is entered, callbacks find it as ``model._position``.

    Args:
        model: the model that is trained.
        data: its ``Batches`` or ``Stream``.
        epoch: the first epoch.
    """

    def __init__(self, model: Any, data: Any, epoch: int) -> None:
        self._model = model
        self._data = data
        self.epoch = epoch
        self.batch = 0
        """The batch of ``epoch`` to begin with."""
        self.resumed = False
        """Whether the metrics hold what another run left in this epoch."""
        self._metrics: list[Any] | None = None

    def __enter__(self) -> Position:
        object.__setattr__(self._model, "_position", self)
        return self

    def __exit__(self, *error: object) -> None:
        object.__setattr__(self._model, "_position", None)  # it holds the data

    def note(self, epoch: int, batch: int) -> dict[str, Any]:
        """All of it in what JSON can hold, for a run that shall go on with ``batch`` of ``epoch``."""
        values = [v.numpy().tolist() for v in self._variables()] if batch else None
        return {"epoch": epoch, "batch": batch, "data": self._data.state(), "metrics": values}

    def go_to(self, note: dict[str, Any]) -> None:
        """Lets the run begin where ``note`` says."""
        self.epoch, self.batch = int(note["epoch"]), int(note.get("batch", 0))
        self._metrics = note.get("metrics")
        if note.get("data") is not None:
            self._data.restore(note["data"])

    def begin(self) -> None:
        """Brings the metrics of the batches back that another run did in this epoch."""
        values, self._metrics = self._metrics, None
        variables = self._variables()
        # A stream that shows no batch any more leaves the metrics of ``compile`` unmade.
        self.resumed = bool(self.batch) and values is not None and len(values) == len(variables)
        self.batch = 0
        for variable, value in zip(variables, values or (), strict=False) if self.resumed else ():
            variable.assign(np.asarray(value, variable.dtype))

    def _variables(self) -> list[Any]:
        return [variable for metric in self._model.metrics for variable in metric.variables]
