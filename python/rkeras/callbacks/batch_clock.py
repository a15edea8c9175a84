"""What is done once in so many batches."""

from __future__ import annotations

from typing import Any


class BatchClock:
    """Counts batches over epochs, and with ``steps_per_execution`` over several at once.

    Args:
        frequency: ``epoch`` for never, or a number of batches.

    Raises:
        ValueError: if it is something else.

    >>> clock = BatchClock(2)
    >>> [clock.rings(batch) for batch in (0, 1, 2, 0, 1)]
    [False, True, False, True, False]
    """

    def __init__(self, frequency: Any) -> None:
        if frequency != "epoch" and (
            isinstance(frequency, bool) or not isinstance(frequency, int) or frequency < 1
        ):
            raise ValueError(f"`save_freq` must be 'epoch' or a number of batches; received {frequency!r}.")
        self._frequency = None if frequency == "epoch" else frequency
        self._since = 0
        self._last = -1

    def rings(self, batch: int) -> bool:
        """Whether it is time, after batch number ``batch`` of an epoch."""
        if self._frequency is None:
            return False
        self._since += batch - self._last if batch > self._last else batch + 1
        self._last = batch
        if self._since < self._frequency:
            return False
        self._since = 0
        return True
