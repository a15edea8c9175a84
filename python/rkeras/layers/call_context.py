"""What nested layer calls share: the mode, who began, masks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rkeras import tree


class CallContext(threading.local):
    """The calls in progress on this thread."""

    def __init__(self) -> None:
        # The outermost layer whose call is in progress.
        self.entry: Any = None
        self.training: bool | None = None
        # The dtype that variables are read in; None for their own.
        self.autocast: str | None = None


context = CallContext()


@contextmanager
def training_scope(training: bool | None) -> Iterator[None]:
    """A context whose layer calls are in this mode; None changes nothing."""
    outer = context.training
    if training is not None:
        context.training = training
    try:
        yield
    finally:
        context.training = outer


def get_mask(x: Any) -> Any:
    """The mask that travels with a tensor; None if there is none."""
    return getattr(x, "_keras_mask", None)


def set_mask(x: Any, mask: Any) -> None:
    """Lets a mask travel with a tensor."""
    x._keras_mask = mask


def masks_of(structure: Any) -> Any:
    """The masks of a structure of tensors; None if none has one."""
    if not tree.is_nested(structure):
        return get_mask(structure)
    masks = tree.map_structure(get_mask, structure)
    return masks if any(mask is not None for mask in tree.flatten(masks)) else None
