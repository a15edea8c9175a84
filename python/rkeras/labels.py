"""Whose work the engine's calls are: names that a profile shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rkeras import _engine


@contextmanager
def work_of(label: str) -> Iterator[None]:
    """A context whose traced calls are shown under this name by the profiler.

    Args:
        label: the name, as of a layer.

    Example:
        >>> with work_of("attention"):
        ...     pass
    """
    _engine.enter_scope(label)
    try:
        yield
    finally:
        _engine.leave_scope()
