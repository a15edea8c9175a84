"""Batches made ahead of the step that needs them, by threads or processes."""

from __future__ import annotations

import multiprocessing
import queue
import random
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np

# The dataset of a worker process: handed over once, when the process starts, rather than with each batch.
_worker_dataset: Any = None


def _start_worker(dataset: Any) -> None:
    global _worker_dataset
    _worker_dataset = dataset


def _make_batch(index: int, seed: int) -> Any:
    # Seeded by batch, so that random augmentation does not depend on which process makes it.
    random.seed(seed)
    np.random.seed(seed % 2**32)
    return _worker_dataset[index]


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
    executor: Executor
    if use_multiprocessing:
        executor = ProcessPoolExecutor(workers, multiprocessing.get_context(), _start_worker, (dataset,))
    else:
        executor = ThreadPoolExecutor(workers, "rkeras-data")
    seed = random.getrandbits(32) if use_multiprocessing else 0
    waiting: deque[Future[Any]] = deque()
    source = iter(indices)
    try:
        while True:
            while len(waiting) < max(max_queue_size, 1):
                index = next(source, None)
                if index is None:
                    break
                if use_multiprocessing:
                    waiting.append(executor.submit(_make_batch, index, seed + index))
                else:
                    waiting.append(executor.submit(dataset.__getitem__, index))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


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
