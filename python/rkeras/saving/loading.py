"""What every reader of models does about failures: one kind of error, and no traces left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rkeras import naming
from rkeras.random import seed_generator

# What code that expects a list, a dict or a number raises when it meets something else; the engine says that there
# is no such memory before it asks for it.
_MALFORMED = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, NotImplementedError, RecursionError,
)  # fmt: skip


@contextmanager
def loading(what: str) -> Iterator[None]:
    """While a model is made from a file: if that fails, names and seeds go on as if nothing had been tried.

    Args:
        what: what the file is called in errors.

    Raises:
        ValueError: in place of errors that only say that something was not as the code expected.
    """
    names, seeds = naming.counts(), seed_generator.source_state()
    try:
        yield
    except BaseException as error:
        naming.restore_counts(names)
        seed_generator.restore_source(seeds)
        if isinstance(error, _MALFORMED):
            raise ValueError(f"{what} holds a config that makes no model: {type(error).__name__}: {error}") from error
        raise
