"""Arguments that ``fit`` and its kin took in older Keras, and what they mean today."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from rkeras.training.prefetch import in_background
from rkeras.training.stream import is_indexed, is_stream
from rkeras.training.structure import take_apart, unpack_x_y_sample_weight

F = TypeVar("F", bound=Callable[..., Any])

# Names of Keras 1.
_RENAMED = {
    "nb_epoch": "epochs",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
    "max_q_size": "max_queue_size",
}
# Keras 1 counted samples where later versions count batches: the name of today, and the dataset that is counted.
_SAMPLES = {
    "samples_per_epoch": ("steps_per_epoch", "x"),
    "nb_val_samples": ("validation_steps", "validation_data"),
    "val_samples": ("steps", "x"),
}
WORKERS = {"workers": 1, "use_multiprocessing": False, "max_queue_size": 10}
OLD_ARGUMENTS = frozenset([*_RENAMED, *_SAMPLES, *WORKERS, "reset_metrics"])


def takes_old_arguments(method: F) -> F:
    """Lets a method of ``Trainer`` take what it took in Keras 1 and 2, with a DeprecationWarning for each."""
    name = method.__name__
    on_batch = name.endswith("on_batch")

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not kwargs or OLD_ARGUMENTS.isdisjoint(kwargs):
            return method(self, *args, **kwargs)
        if on_batch and "reset_metrics" in kwargs:
            reset = bool(kwargs.pop("reset_metrics"))
            _warn(name, "reset_metrics", "nothing: metrics are those of the batch" if reset else "metrics of your own")
            object.__setattr__(self, "_metrics_go_on", not reset)
        elif not on_batch:
            if args:
                args, kwargs = args[1:], {"x": args[0], **kwargs}
            kwargs = today(kwargs, lambda old, new: _warn(name, old, new))
            args = (kwargs.pop("x", None), *args)
        try:
            return method(self, *args, **kwargs)
        finally:
            object.__setattr__(self, "_metrics_go_on", False)

    return cast(F, wrapper)


def today(given: dict[str, Any], warn: Callable[[str, str], None]) -> dict[str, Any]:
    """The arguments of today for those of older versions.

    Args:
        given: arguments by name; the data is called ``x``.
        warn: is told an old name and what to write instead.

    Raises:
        TypeError: if an argument is given under both names.
    """
    arguments: dict[str, Any] = {}
    for old, value in given.items():
        new = _RENAMED.get(old, _SAMPLES.get(old, (old,))[0])
        if new in arguments or (new != old and new in given):
            raise TypeError(f"`{old}` is the old name of `{new}`; give only one of them.")
        if new != old:
            warn(old, f"{new}=…" + (", which counts batches" if old in _SAMPLES else ""))
        elif old in WORKERS:
            warn(old, "the arguments of PyDataset")
        arguments[new] = value
    asked = not WORKERS.keys().isdisjoint(arguments)
    workers = {name: arguments.pop(name, value) for name, value in WORKERS.items()}
    for old, (new, source) in _SAMPLES.items():
        if old in given and arguments[new] is not None:
            arguments[source], arguments[new] = _batches_of(arguments.get(source), arguments[new])
    for source in ("x", "validation_data") if asked else ():
        if source in arguments and is_stream(arguments[source]):
            arguments[source] = with_workers(arguments[source], **workers)
    return arguments


def with_workers(source: Any, workers: int, use_multiprocessing: bool, max_queue_size: int) -> Any:
    """A dataset whose batches are made ahead."""
    if is_indexed(source):
        return _WithWorkers(source, int(workers), bool(use_multiprocessing), int(max_queue_size))
    if workers > 0 and hasattr(source, "__next__"):
        if use_multiprocessing:
            warnings.warn("A generator cannot be shared by processes; a thread runs it ahead.", stacklevel=6)
        return in_background(source, int(max_queue_size))
    return source


class _WithWorkers:
    """A dataset by index whose batches are made by the workers that a call asks for."""

    def __init__(self, dataset: Any, workers: int, use_multiprocessing: bool, max_queue_size: int) -> None:
        self.dataset = dataset
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        return self.dataset[index]

    def __len__(self) -> int:
        return len(self.dataset)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "dataset":  # asked for while it is unpickled
            raise AttributeError(name)
        return getattr(self.dataset, name)


def _batches_of(source: Any, samples: int) -> tuple[Any, int]:
    """The dataset, and how many of its batches hold so many samples."""
    if hasattr(source, "__next__"):
        first = next(source)
        source = itertools.chain([first], source)
    elif is_stream(source) and is_indexed(source):
        first = source[0]
    else:
        return source, samples
    leaves: list[Any] = []
    take_apart(unpack_x_y_sample_weight(first)[0], lambda v: hasattr(v, "shape"), leaves)
    return source, math.ceil(samples / max(len(np.asarray(leaves[0])), 1))


def _warn(method: str, old: str, new: str) -> None:
    warnings.warn(f"{method}({old}=…) is old; write {new}.", DeprecationWarning, stacklevel=5)
