"""Limits to the memory and work that a file may make us spend while its model is built.

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
_TEMPORARY = 1 << 28
# Models within models can call each other again and again: ten a level make 10^n calls.
_CALLS = 50_000


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
        self._calls_left = _CALLS

    def __enter__(self) -> BuildBudget:
        self._outer = _state.open
        _state.open = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _state.open = self._outer

    def take(self, size: int, what: Any, kept: bool) -> None:
        """Takes off what is about to be allocated and kept; what is not must only fit by itself."""
        if self._left is None:
            return
        if size > (self._left if kept else _TEMPORARY):
            raise ValueError(
                f"The config asks for {what} of {size:,} bytes, but the file holds weights of "
                f"{self._stored:,} bytes in all: it does not belong to these weights. If you trust the file, "
                "load it with safe_mode=False."
            )
        if kept:
            self._left -= size

    def count(self, calls: int) -> None:
        """Takes off calls of layers."""
        self._calls_left -= calls
        if self._left is not None and self._calls_left < 0:
            raise ValueError(
                f"The models in the file call each other more than {_CALLS:,} times. If you trust the file, load it "
                "with safe_mode=False."
            )


def count_calls(calls: int) -> None:
    """Says that a model inside another one is about to call so many layers, to find out shapes.

    Raises:
        ValueError: if a file is being loaded that makes too many calls.
    """
    if _state.open is not None:
        _state.open.count(calls)


def charge(size: int, what: Any, kept: bool = True) -> None:
    """Says that ``size`` bytes are about to be allocated for ``what``.

    Args:
        size: number of bytes.
        what: named in the error.
        kept: whether they stay with the model, rather than serve to find out shapes.

    Raises:
        ValueError: if a file is being loaded that does not account for so much.
    """
    if _state.open is not None:
        _state.open.take(size, what, kept)
