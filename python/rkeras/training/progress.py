"""The progress bar: live on a terminal and in notebooks, one line per epoch elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

_BOLD, _GREEN, _GREY, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


def say(message: str, line_break: bool = True) -> None:
    """Prints to the standard output of the moment, in what its encoding can show."""
    text = message + "\n" if line_break else message
    stream = sys.stdout
    if stream is None:  # a Windows program without a console
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:
        stream.write(text.encode("ascii", "replace").decode("ascii"))
    stream.flush()


def is_live() -> bool:
    """Whether a line that was printed can be replaced: on a terminal, in a notebook, in PyCharm's console."""
    if "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ:
        return True
    isatty = getattr(sys.stdout, "isatty", None)
    return bool(isatty is not None and isatty())


class Progbar:
    """Shows how far a loop is, with averaged or current values of metrics.

    Args:
        target: number of steps; None if unknown.
        width: of the bar, in characters.
        verbose: 0 shows nothing, 1 a bar, 2 one line at the end.
        interval: least seconds between two updates on screen.
        stateful_metrics: names to show as given; all others are averaged over the steps.
        stateless_metrics: names to average; all others are shown as given.
        unit_name: what a step is called.

    Raises:
        ValueError: if both lists of metrics are given.

    >>> bar = Progbar(3, verbose=2)
    >>> bar.update(1, [("loss", 2.0)])
    >>> bar.update(3, [("loss", 1.0)])  # doctest: +ELLIPSIS
    3/3 - 0s - .../step - loss: 1.0000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Give `stateful_metrics` or `stateless_metrics`, not both.")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._stateful = None if stateful_metrics is None else set(stateful_metrics)
        self._stateless = None if stateless_metrics is None else set(stateless_metrics)
        self._live = is_live()
        self._start = time.monotonic()
        self._after_first: float | None = None
        self._first = 0
        self._shown = float("-inf")
        self._seen = 0
        self._values: dict[str, tuple[Any, float]] = {}
        self._last_width = 0

    def update(
        self, current: int, values: Sequence[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Shows that ``current`` steps are done.

        Args:
            current: number of steps done.
            values: pairs of name and value.
            finalize: whether this is the last update; by default if ``current`` has reached the target.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._record(name, value, max(current - self._seen, 1), finalize)
        self._seen = current
        now = time.monotonic()
        per_step = self._seconds_per_step(current, now)
        if self.verbose == 1:
            # What cannot be replaced is not shown before it is final.
            if finalize or (self._live and now - self._shown >= self.interval):
                self._draw(current, now, per_step, finalize)
        elif self.verbose == 2 and finalize:
            count = f"{current}/{self.target}" if self.target else f"{current}"
            say(f"{count} - {now - self._start:.0f}s - {self._pace(per_step)}{self._metrics()}")

    def add(self, n: int, values: Sequence[tuple[str, Any]] | None = None) -> None:
        """Shows that ``n`` more steps are done."""
        self.update(self._seen + n, values)

    def _record(self, name: str, value: Any, steps: int, finalize: bool) -> None:
        averaged = name not in self._stateful if self._stateful is not None else True
        if self._stateless is not None:
            averaged = name in self._stateless
        if averaged and not finalize:
            total, weight = self._values.get(name, (0.0, 0))
            self._values[name] = (total + value * steps, weight + steps)
        else:
            self._values[name] = (value, 1)

    def _draw(self, current: int, now: float, per_step: float, finalize: bool) -> None:
        color = self._live
        paint = (
            (lambda text, code: f"{code}{text}{_PLAIN}" if text else "")
            if color
            else (lambda text, code: text)
        )
        if self.target:
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            done = int(self.width * min(current / self.target, 1.0))
            full, empty = _bar_characters()
            bar = paint(full * done, _GREEN) + paint(empty * (self.width - done), _GREY)
        else:
            count, bar, done = (f"{current}" if finalize else f"{current:7d}/Unknown"), "", 0
        elapsed = now - self._start
        seconds = f"{elapsed:.0f}s"
        if self.target and not finalize:
            seconds = _duration(per_step * (self.target - current))
        tail = f"{self._pace(per_step)}{self._metrics()}"
        if self._live and not finalize:
            # A line that wraps cannot be replaced.
            room = _columns() - len(count) - self.width - len(seconds) - 4
            tail = tail[: max(room, 0)]
        width = len(count) + (self.width + 1 if bar else 0) + len(seconds) + len(tail) + 2
        parts = [paint(count, _BOLD), *([bar] if bar else []), paint(seconds, _BOLD), tail]
        blank = " " * max(self._last_width - width, 0)
        say(
            ("\r" if self._live else "") + " ".join(parts) + blank + ("\n" if finalize else ""),
            line_break=False,
        )
        self._last_width = width
        self._shown = now

    def _metrics(self) -> str:
        text = ""
        for name, (total, weight) in self._values.items():
            mean = float(np.mean(total)) / max(1, weight)
            text += f" - {name}: {mean:.4e}" if abs(mean) <= 1e-3 else f" - {name}: {mean:.4f}"
        return text

    def _pace(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _seconds_per_step(self, current: int, now: float) -> float:
        """The first steps, which compile the model, do not count once there are others."""
        if not current:
            return 0.0
        if self._after_first is not None and current > self._first:
            return (now - self._after_first) / (current - self._first)
        if self._after_first is None:
            self._after_first, self._first = now, current
        return (now - self._start) / current


def _bar_characters() -> tuple[str, str]:
    """The characters of what is done and of what is left, if the encoding of the output has them."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        "━".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "=", "."
    return ("━", "━") if is_live() else ("━", " ")


def _columns() -> int:
    """Width of the terminal; unlimited in notebooks, whose lines do not wrap."""
    return shutil.get_terminal_size((120, 24)).columns if "ipykernel" not in sys.modules else 10_000


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole > 60 else f"{whole}s"
