"""A limit to the memory that a file may make us allocate while its model is built.

A config of a hundred bytes can ask for a layer of any size. The weights are in the same file, so a model
that is larger than its file cannot be one that was saved; `Variable` says what it is about to allocate, and
is stopped before it does.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

# What is built besides stored weights: metrics, seeds.
_ALLOWANCE = 1 << 24
# bfloat16 weights may be loaded as float32, and other programs compress them.
_FACTOR = 4


class _State(threading.local):
    def __init__(self) -> None:
        self.open: BuildBudget | None = None


_state = _State()


class BuildBudget:
    """While open, this thread can make variables of so many bytes in all.

    Args:
        stored: size of the file's weights in bytes; None for no limit.

    Example:
        >>> with BuildBudget(stored=100):
        ...     charge(1000, "a small one")
    """

    def __init__(self, stored: int | None) -> None:
        self._stored = stored
        self._left = None if stored is None else _ALLOWANCE + _FACTOR * stored

    def __enter__(self) -> BuildBudget:
        self._outer = _state.open
        _state.open = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _state.open = self._outer

    def take(self, size: int, what: Any) -> None:
        """Takes off what is about to be allocated."""
        if self._left is None:
            return
        if size > self._left:
            raise ValueError(
                f"The config asks for {what} of {size:,} bytes, but the file holds weights of "
                f"{self._stored:,} bytes in all: it does not belong to these weights. If you trust the file, "
                "load it with safe_mode=False."
            )
        self._left -= size


def charge(size: int, what: Any) -> None:
    """Says that ``size`` bytes are about to be allocated for ``what``.

    Raises:
        ValueError: if a file is being loaded that does not account for so much.
    """
    if _state.open is not None:
        _state.open.take(size, what)
