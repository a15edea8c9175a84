"""The progress display of ``fit``, ``evaluate`` and ``predict``."""

from __future__ import annotations

from typing import Any

from rkeras.callbacks.callback import Callback
from rkeras.config import is_interactive_logging_enabled
from rkeras.training.progress import Progbar, is_live, say


class ProgbarLogger(Callback):
    """Shows progress and logged values: a live bar on a terminal or notebook, a line per epoch elsewhere."""

    batches = "some"

    def __init__(self) -> None:
        super().__init__()
        self.verbose: int = 1
        self.epochs: int = 1
        self.target: int | None = None
        self.seen = 0
        self.progbar: Progbar | None = None
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        """Takes the length of the run and how much to show."""
        super().set_params(params)
        verbose = params.get("verbose", 1)
        if verbose == "auto":
            verbose = 1 if is_interactive_logging_enabled() else 2
        self.verbose = int(verbose or 0)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")
        # Without a live bar nothing is shown before the end, so there is no reason to leave the engine; but
        # the length # of a stream is known only from its last batch.
        live = self.verbose == 1 and is_live()
        self.batches = "some" if live or self.target is None else "no"

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """From here on validation is silent."""
        self._in_fit = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """The run is over."""
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Prints the epoch's number."""
        if self.verbose and self.epochs > 1:
            say(f"Epoch {epoch + 1}/{self.epochs}")
        self._start()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Prints the final values."""
        self._finish(logs)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the bar of ``evaluate``."""
        if not self._in_fit:
            self._start()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Prints the final values of ``evaluate``."""
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the bar of ``predict``."""
        self._start()

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """Ends the bar of ``predict``."""
        self._finish(None)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Updates the bar."""
        self._show(batch, logs)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Updates the bar of ``evaluate``."""
        if not self._in_fit:
            self._show(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Updates the bar of ``predict``."""
        self._show(batch, None)

    def _start(self) -> None:
        self.seen = 0
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def _show(self, batch: int, logs: dict[str, Any] | None) -> None:
        self.seen = batch + 1
        if self.verbose == 1 and self.progbar is not None:
            self.progbar.update(self.seen, list((logs or {}).items()), finalize=False)

    def _finish(self, logs: dict[str, Any] | None) -> None:
        if self.progbar is None:
            return
        if self.target is None:  # a stream has shown its length by now
            self.target = self.seen
            self.progbar.target = self.seen
        self.progbar.update(self.target, list((logs or {}).items()), finalize=True)
