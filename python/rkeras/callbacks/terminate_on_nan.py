"""Stopping a run that has gone wrong."""

from __future__ import annotations

import math
from typing import Any

from rkeras.callbacks.callback import Callback
from rkeras.training.progress import say


class TerminateOnNaN(Callback):
    """Stops training when the loss is NaN or infinite.

    Args:
        raise_error: whether to raise instead of stopping quietly.

    Raises:
        RuntimeError: from ``fit``, with ``raise_error``.

    >>> TerminateOnNaN().raise_error
    False
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"The loss is {loss} after batch {batch}; training ends.")
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
