"""The base of callbacks that watch means over an epoch, in Keras 2."""

from __future__ import annotations

from collections.abc import Iterable

from rkeras.callbacks.callback import Callback


class BaseLogger(Callback):
    """A callback whose logs are means over the epoch.

    In Keras 2 it made them from the numbers of single batches. Here the logs of every callback are such means
    already, so this is a base class for callbacks that were written on top of it.

    Args:
        stateful_metrics: names of metrics that are no means.

    >>> sorted(BaseLogger(["auc"]).stateful_metrics)
    ['auc']
    """

    def __init__(self, stateful_metrics: Iterable[str] | None = None) -> None:
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())
