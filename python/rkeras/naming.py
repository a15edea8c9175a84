"""Automatic names, and the scopes that make up the paths of variables."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from types import TracebackType
from typing import Any

_counts: defaultdict[str, int] = defaultdict(int)
_lock = threading.Lock()


class _Stack(threading.local):
    def __init__(self) -> None:
        self.scopes: list[tuple[str, Any]] = []


_stack = _Stack()


def to_snake_case(name: str) -> str:
    """Turns a class name into the form that layer names have.

    Example:
        >>> to_snake_case("Conv2DTranspose")
        'conv2d_transpose'
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name: str) -> str:
    """Returns ``name`` the first time, then ``name_1``, ``name_2``, …"""
    with _lock:
        count = _counts[name]
        _counts[name] += 1
    return f"{name}_{count}" if count else name


def auto_name(prefix: str) -> str:
    """A new name from a class name: ``dense``, then ``dense_1``, …"""
    return uniquify(to_snake_case(prefix))


def get_uid(prefix: str = "") -> int:
    """Counts up and returns the number of names given out for ``prefix``."""
    with _lock:
        _counts[prefix] += 1
        return _counts[prefix]


def reset_uids() -> None:
    """Starts counting anew, as after ``clear_session``."""
    with _lock:
        _counts.clear()


def counts() -> dict[str, int]:
    """How often each name was given out."""
    with _lock:
        return dict(_counts)


def restore_counts(saved: dict[str, int]) -> None:
    """Goes back to what ``counts`` gave."""
    with _lock:
        _counts.clear()
        _counts.update(saved)


def current_path() -> str:
    """The open scopes joined with slashes; empty outside of any."""
    return "/".join(name for name, _ in _stack.scopes)


class name_scope:
    """A context in which the paths of new variables begin with ``name``.

    Args:
        name: a string without slashes.
        caller: the object that opens the scope; opened again from within itself it adds nothing.

    Example:
        >>> with name_scope("encoder"):
        ...     current_path()
        'encoder'
    """

    def __init__(self, name: str, caller: Any = None) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"a scope's name must be a string without '/', got {name!r}")
        self.name = name
        self.caller = caller
        self._entered = False

    def __enter__(self) -> name_scope:
        scopes = _stack.scopes
        nested = self.caller is not None and bool(scopes) and scopes[-1][1] is self.caller
        if not nested:
            scopes.append((self.name, self.caller))
        self._entered = not nested
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._entered:
            _stack.scopes.pop()
