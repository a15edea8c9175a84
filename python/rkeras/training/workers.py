"""Threads and processes that make batches, and that never keep the interpreter from ending."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import random
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import numpy as np

_Task = tuple[int, "Future[Any]"]


class Workers:
    """Makes ``dataset[i]`` in threads or processes.

    The threads are daemons, unlike those of ``concurrent.futures``: Python waits for the latter at its end,
    so that a dataset which hangs would keep a script alive after Ctrl-C.

    Args:
        dataset: anything with ``__getitem__``.
        count: how many workers.
        use_multiprocessing: whether they are processes. Each is served by a thread of its own.

    >>> workers = Workers("abc", 2)
    >>> workers.submit(1).result()
    'b'
    >>> workers.close()
    """

    def __init__(self, dataset: Any, count: int, use_multiprocessing: bool = False) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._waiting: set[Future[Any]] = set()
        self._processes: list[_Process] = []
        makers: list[Callable[[int], Any]] = [dataset.__getitem__] * count
        if use_multiprocessing:
            seed = random.getrandbits(32)
            # All of them start before any thread does: a fork copies no thread, but the locks that it holds.
            for _ in range(count):
                self._processes.append(_Process(dataset, seed, [p.connection for p in self._processes]))
            makers = [p.make for p in self._processes]
        for i, make in enumerate(makers):
            threading.Thread(target=self._serve, args=(make,), name=f"rkeras-data_{i}", daemon=True).start()
        self._count = count

    def submit(self, index: int) -> Future[Any]:
        """The batch of this index, to come."""
        future: Future[Any] = Future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        self._tasks.put((index, future))
        return future

    def close(self) -> None:
        """Ends the workers; threads as soon as the batch is made that they are at."""
        for future in list(self._waiting):
            future.cancel()
        for _ in range(self._count):
            self._tasks.put(None)
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(1)

    def _serve(self, make: Callable[[int], Any]) -> None:
        while True:
            task = self._tasks.get()
            if task is None:
                return
            index, future = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(make(index))
            except BaseException as error:
                future.set_exception(error)
            del task, future  # so that a waiting worker holds no batch


class _Process:
    """A process that makes batches, seen from the one that asks for them."""

    def __init__(self, dataset: Any, seed: int, others: list[Connection]) -> None:
        context = multiprocessing.get_context()
        self.connection, theirs = context.Pipe()
        # Connections to this process that a fork copies into the child would keep it from noticing our end.
        arguments = (dataset, seed, theirs, [*others, self.connection])
        self._process = context.Process(target=_make_batches, args=arguments, name="rkeras-data", daemon=True)
        self._process.start()
        theirs.close()
        self.terminate, self.join = self._process.terminate, self._process.join

    def make(self, index: int) -> Any:
        try:
            self.connection.send(index)
            made, error, trace = self.connection.recv()
        except (EOFError, OSError) as problem:
            self.join(1)
            raise RuntimeError(
                f"A worker process ended (exit code {self._process.exitcode}) while it made batch {index}. "
                "It may have been out of memory, or its dataset may need use_multiprocessing=False."
            ) from problem
        if error is not None:
            error.__cause__ = _WorkerTraceback(trace)
            raise error
        return made


class _WorkerTraceback(Exception):
    """Shows in which line of a worker process an error arose; tracebacks themselves cannot be sent."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text

    def __str__(self) -> str:
        return f'\n"""\n{self._text}"""'


def _make_batches(dataset: Any, seed: int, connection: Connection, foreign: list[Connection]) -> None:
    """What a worker process does until it is ended."""
    # Ctrl-C goes to every process of a terminal; the one that asks for batches handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in foreign:
        other.close()
    with contextlib.suppress(EOFError, OSError):
        while True:
            index = connection.recv()
            # By batch, so that random augmentation does not depend on which process makes it.
            random.seed(seed + index)
            np.random.seed((seed + index) % 2**32)
            connection.send_bytes(_answer(dataset, index))


def _answer(dataset: Any, index: int) -> bytes:
    """Pickled: the batch, the error instead of one, and its traceback."""
    try:
        return pickle.dumps((dataset[index], None, ""), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:
        trace = traceback.format_exc()
        try:
            answer = pickle.dumps((None, error, trace))
            pickle.loads(answer)
        except Exception:  # it holds what cannot be sent, or its constructor wants more than a message
            answer = pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}"), trace))
        return answer
