"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras.callbacks.callback import Callback


class LambdaCallback(Callback):
    """Calls the given functions as hooks.

    Args:
        on_epoch_begin: function of ``(epoch, logs)``.
        on_epoch_end: function of ``(epoch, logs)``.
        on_train_begin: function of ``(logs)``.
        on_train_end: function of ``(logs)``.
        on_train_batch_begin: function of ``(batch, logs)``.
        on_train_batch_end: function of ``(batch, logs)``.
        **kwargs: any other hook of ``Callback`` by its name.

    Raises:
        TypeError: for a hook that does not exist, or something that cannot be called.

    >>> printer = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs))
    >>> printer.on_epoch_end(3, {})
    3 {}
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in hooks.items():
            if not (name.startswith("on_") and hasattr(Callback, name)):
                raise TypeError(f"LambdaCallback: there is no hook '{name}'.")
            if function is not None:
                if not callable(function):
                    raise TypeError(f"LambdaCallback: `{name}` must be a function; received {function!r}.")
                setattr(self, name, function)
