"""What callbacks that watch one logged value share."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

from rkeras.callbacks.callback import Callback

_RISING = ("acc", "auc", "fmeasure", "precision", "recall", "f1", "r2", "iou", "similarity")


class MonitorCallback(Callback):
    """Watches a logged value and tells whether it has improved.

    Args:
        monitor: the name of the value, such as ``val_loss``.
        mode: ``min`` if less is better, ``max`` if more is, ``auto`` to tell from the metric.
        baseline: the value to beat; None for the first one seen.
        min_delta: a change that is not greater than this is no improvement.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0.0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__}: mode {mode!r} is none of 'auto', 'min' and 'max'; 'auto' is used.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[Any, Any], bool] | None = None

    def _set_monitor_op(self) -> None:
        """Settles the direction, once the model's metrics exist.

        Raises:
            ValueError: if it cannot be told from the metric.
        """
        rising = {"min": False, "max": True}.get(self.mode)
        if rising is None:
            rising = self._rises(self.monitor.removeprefix("val_"))
        self.monitor_op = operator.gt if rising else operator.lt
        self.min_delta = abs(self.min_delta) if rising else -abs(self.min_delta)

    def _rises(self, name: str) -> bool:
        if name == "loss" or name.endswith("_loss"):
            return False
        metric = self.model._metrics_by_log_name().get(name) if self.model is not None else None
        direction = getattr(metric, "_direction", None)
        if direction is not None:
            return bool(direction == "up")
        if metric is not None and any(part in name.lower() for part in _RISING):
            return True
        if metric is not None and any(
            part in name.lower() for part in ("error", "mse", "mae", "mape", "entropy")
        ):
            return False
        raise ValueError(
            f"{type(self).__name__} cannot tell whether more or less of '{self.monitor}' is better. "
            "Pass mode='max' or mode='min'."
        )

    def _is_improvement(self, value: Any, reference: Any) -> bool:
        if reference is None:
            return True
        if self.monitor_op is None:
            self._set_monitor_op()
        assert self.monitor_op is not None
        return bool(self.monitor_op(value - self.min_delta, reference))

    def _monitored(self, logs: dict[str, Any] | None) -> Any:
        """The watched value, or None with a warning that lists what there is."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__} watches '{self.monitor}', which is not logged. "
                f"Available: {', '.join(logs) or 'nothing'}.",
                stacklevel=3,
            )
        return value
