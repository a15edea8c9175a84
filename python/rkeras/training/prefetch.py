"""Batches made ahead of the step that needs them, by threads or processes."""

from __future__ import annotations

import itertools
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any

from rkeras.training.workers import Workers


def prefetched(
    dataset: Any, indices: Iterable[int], workers: int, use_multiprocessing: bool, max_queue_size: int
) -> Iterator[Any]:
    """Yields ``dataset[i]`` for each index in order, while workers make the next ones.

    Args:
        dataset: anything with ``__getitem__``.
        indices: which batches, in which order; may be endless.
        workers: how many threads or processes.
        use_multiprocessing: whether they are processes; the dataset must then be one that can be pickled,
            where processes do not start by ``fork``.
        max_queue_size: how many batches may wait.

    >>> list(prefetched("abc", [2, 0], workers=2, use_multiprocessing=False, max_queue_size=4))
    ['c', 'a']
    """
    made_by = Workers(dataset, workers, use_multiprocessing)
    waiting: deque[Future[Any]] = deque()
    source = iter(indices)
    try:
        while True:
            missing = max(max_queue_size, 1) - len(waiting)
            waiting.extend(made_by.submit(index) for index in itertools.islice(source, missing))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        made_by.close()


def in_background(source: Iterable[Any], max_queue_size: int) -> Iterator[Any]:
    """Yields what ``source`` does, which a thread runs up to ``max_queue_size`` items ahead.

    >>> list(in_background(iter([1, 2, 3]), 2))
    [1, 2, 3]
    """
    items: queue.Queue[tuple[str, Any]] = queue.Queue(max(max_queue_size, 1))
    stopped = threading.Event()

    def put(kind: str, value: Any) -> bool:
        while not stopped.is_set():
            try:
                items.put((kind, value), timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def run() -> None:
        try:
            for item in source:
                if not put("item", item):
                    return
            put("end", None)
        except BaseException as error:
            put("error", error)

    threading.Thread(target=run, name="rkeras-data", daemon=True).start()
    try:
        while True:
            kind, value = items.get()
            if kind == "error":
                raise value
            if kind == "end":
                return
            yield value
    finally:
        stopped.set()
