"""The base of all callbacks."""

from __future__ import annotations

from typing import Any


class Callback:
    """Hooks into training, evaluation and prediction; override those that you need.

    A hook for batches costs a return from the engine to Python after every batch, so override one only if
    needed.

    Attributes:
        params: ``verbose``, ``epochs`` and ``steps`` of the run.
        model: the model.
        batches: for which batches the batch hooks must be called: ``every`` one, ``some`` (a few times a
            second), or ``no`` one. Those that are not overridden cost nothing.

    >>> class Log(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, logs["loss"])
    """

    batches: str = "every"

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model that runs."""
        return self._model

    def set_params(self, params: dict[str, Any]) -> None:
        """Receives ``verbose``, ``epochs`` and ``steps``."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Receives the model."""
        self._model = model

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Older name of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Older name of ``on_train_batch_end``."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Before epoch number ``epoch`` (from 0)."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """After an epoch and its validation; ``logs`` has every value, those of validation named
        ``val_…``."""

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before batch number ``batch`` of the epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch; ``logs`` has the values over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of ``evaluate`` or of validation."""

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of ``evaluate`` or of validation."""

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of ``predict``."""

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of ``predict``; ``logs["outputs"]`` has its predictions."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """After the last epoch; ``logs`` are those of its end."""

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before ``evaluate`` or validation."""

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """After ``evaluate`` or validation."""

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before ``predict``."""

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """After ``predict``."""
