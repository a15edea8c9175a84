"""The mode of layers, and settings under older names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rkeras import config
from rkeras.dtype_policies import standardize_dtype
from rkeras.layers.call_context import context, training_scope

_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}


def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of integers.

    Example:
        >>> is_int_dtype("uint8"), is_int_dtype("float32")
        (True, False)
    """
    return "int" in standardize_dtype(dtype)


def learning_phase() -> int:
    """1 while layers are in training mode, 0 otherwise.

    Example:
        >>> learning_phase()
        0
    """
    return int(bool(context.training))


def set_learning_phase(value: Any) -> None:
    """Sets the mode of layers that are called outside of ``fit``, ``evaluate`` and ``predict``."""
    if value not in (0, 1):
        raise ValueError(f"the learning phase must be 0 or 1, got {value!r}")
    context.training = bool(value)


@contextmanager
def learning_phase_scope(value: Any) -> Iterator[None]:
    """A context in which layers are in training mode (1) or not (0).

    Example:
        >>> with learning_phase_scope(1):
        ...     learning_phase()
        1
    """
    with training_scope(bool(value)):
        yield


def _in_phase(wanted: bool, x: Any, alt: Any, training: Any) -> Any:
    chosen = x if bool(learning_phase() if training is None else training) is wanted else alt
    return chosen() if callable(chosen) else chosen


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``x`` while layers are in training mode, else ``alt``; either may be a function without arguments.

    Example:
        >>> in_train_phase(1, 2, training=True)
        1
    """
    return _in_phase(True, x, alt, training)


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``alt`` while layers are in training mode, else ``x``; either may be a function without arguments.

    Example:
        >>> in_test_phase(1, 2, training=True)
        2
    """
    return _in_phase(False, x, alt, training)


def image_dim_ordering() -> str:
    """``tf`` for images with channels last, ``th`` with channels first.

    Example:
        >>> image_dim_ordering()
        'tf'
    """
    return {layout: ordering for ordering, layout in _ORDERINGS.items()}[config.image_data_format()]


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Sets where images keep their channels: ``tf`` for last, ``th`` for first."""
    if dim_ordering not in _ORDERINGS:
        raise ValueError(f"dim_ordering must be 'tf' or 'th', got {dim_ordering!r}")
    config.set_image_data_format(_ORDERINGS[dim_ordering])


def manual_variable_initialization(value: bool) -> None:
    """Accepted: variables have their first values when they are made."""
