"""A list of callbacks that is called as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras.callbacks.callback import Callback
from rkeras.callbacks.history import History
from rkeras.callbacks.progbar_logger import ProgbarLogger

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


def overrides(callback: Any, hook: str) -> bool:
    """Whether ``callback`` does something of its own in ``hook``.

    >>> overrides(Callback(), "on_epoch_end"), overrides(History(), "on_epoch_end")
    (False, True)
    """
    own = getattr(callback, hook, None)
    return own is not None and getattr(own, "__func__", own) is not getattr(Callback, hook)


class CallbackList(Callback):
    """Calls the hooks of several callbacks, in their order.

    Args:
        callbacks: a callback, or nested lists of callbacks.
        add_history: whether to add a ``History`` if there is none.
        add_progbar: whether to add a ``ProgbarLogger`` if there is none.
        model: the model that they observe.
        **params: handed to their ``set_params``.

    Raises:
        TypeError: if something in the list is no callback.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = _flatten(callbacks)
        self._history = next((c for c in self.callbacks if isinstance(c, History)), None)
        if add_history and self._history is None:
            self._history = History()
            self.callbacks.append(self._history)
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        self.set_params(params)
        if model is not None:
            self.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Hands ``params`` to every callback."""
        self.params = params
        for callback in self.callbacks if params else ():
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Hands the model to every callback, and the history to the model."""
        super().set_model(model)
        if self._history is not None:
            object.__setattr__(model, "history", self._history)
        for callback in self.callbacks:
            callback.set_model(model)

    def append(self, callback: Callback) -> None:
        """Adds a callback at the end."""
        self.callbacks.append(callback)

    def wants_every_batch(self, kind: str) -> bool:
        """Whether some callback must be called for every batch of ``train``, ``test`` or ``predict``."""
        return self._wants(kind, "every")

    def wants_some_batches(self, kind: str) -> bool:
        """Whether some callback wants to be called a few times a second."""
        return self._wants(kind, "some")

    def _wants(self, kind: str, batches: str) -> bool:
        return any(
            getattr(c, "batches", "every") == batches and any(overrides(c, h) for h in _BATCH_HOOKS[kind])
            for c in self.callbacks
        )


def _forwarding(hook: str) -> Callable[..., None]:
    """A method that calls ``hook`` of every callback.

    All get the same dict of logs: ReduceLROnPlateau and others add to it what History then keeps.
    """

    def with_number(self: CallbackList, number: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, hook)(number, logs)

    def without_number(self: CallbackList, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, hook)(logs)

    method = with_number if "epoch" in hook or "batch" in hook else without_number
    method.__name__ = hook
    method.__doc__ = getattr(Callback, hook).__doc__
    return method


for _hook in [name for name in vars(Callback) if name.startswith("on_")]:
    setattr(CallbackList, _hook, _forwarding(_hook))


def _flatten(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    if isinstance(callbacks, (list, tuple)):
        return [c for item in callbacks for c in _flatten(item)]
    if isinstance(callbacks, type) or not hasattr(callbacks, "on_epoch_end"):
        hint = f"; write {callbacks.__name__}()" if isinstance(callbacks, type) else ""
        raise TypeError(f"`callbacks` must hold Callback objects; received {callbacks!r}{hint}.")
    return [callbacks]
