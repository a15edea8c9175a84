"""Where the time of compiled programs goes, by op and by layer.

What ``fit``, ``evaluate``, ``predict`` and ``rkeras.function`` run is a plan of kernel calls. While a profile is
recorded, each call is timed; its floating-point operations and bytes are those that its op declares.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from rkeras import _engine
from rkeras.saving.atomic import atomic_file

# Characters of a name in a table.
_WIDEST = 80


class Row(NamedTuple):
    """The runs of some kernel calls, summed."""

    name: str
    """The op, layer or call."""
    runs: int
    seconds: float
    flops: int
    """Floating-point operations of all runs."""
    bytes: int
    """Bytes of operands and results of all runs."""

    @property
    def flops_per_second(self) -> float:
        """Speed of arithmetic."""
        return self.flops / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_second(self) -> float:
        """Speed of memory."""
        return self.bytes / self.seconds if self.seconds else 0.0


class Profile:
    """Records the kernel calls of all plans while its context is open.

    Recording is global: a profile begun inside another ends that one.

    Example:
        >>> import numpy as np, rkeras
        >>> square = rkeras.function(lambda x: x @ x)
        >>> x = np.ones((64, 64), "float32")
        >>> with Profile() as profile:
        ...     y = square(x)
        >>> [(row.name, row.runs, row.flops) for row in profile.rows("op")]
        [('matmul', 1, 524288)]
    """

    def __init__(self) -> None:
        self._plans: list[list[tuple[str, str | None, str, int, int]]] = []
        self._events: list[tuple[int, int, int, int]] = []
        self.dropped = 0
        """Runs beyond those that are kept, about two million."""

    def __enter__(self) -> Profile:
        _engine.start_profile()
        return self

    def __exit__(self, *error: object) -> None:
        recorded = _engine.stop_profile()
        if recorded is not None:
            self._plans, self._events, self.dropped = recorded

    def rows(self, by: str = "op") -> list[Row]:
        """The recorded runs summed, those that took longest first.

        Args:
            by: ``op``, ``layer`` (work outside layers stands under ``loss``, ``metrics``, the optimizer's name
                or -), or ``call`` (each call of each plan with its shapes).

        Raises:
            ValueError: another ``by``.
        """
        if by not in ("op", "layer", "call"):
            raise ValueError(f"a profile is shown by 'op', 'layer' or 'call'; received {by!r}")
        sums: dict[Any, list[Any]] = {}
        for plan, call, _, nanoseconds in self._events:
            op, layer, shapes, flops, size = self._plans[plan][call]
            key: Any
            if by == "call":
                key, name = (plan, call), f"{layer or '-'}: {op} {shapes.replace('float32', '')}"
            else:
                key = name = op if by == "op" else layer or "-"
            total = sums.setdefault(key, [name, 0, 0, 0, 0])
            for i, value in enumerate((1, nanoseconds, flops, size), start=1):
                total[i] += value
        rows = [Row(name, runs, time / 1e9, flops, size) for name, runs, time, flops, size in sums.values()]
        return sorted(rows, key=lambda row: -row.seconds)

    def table(self, by: str = "op", most: int = 30) -> str:
        """The rows as text, with the fractions of what this machine can do.

        The machine is measured for it, which takes some tens of milliseconds: multiply-adds of one thread times the
        number of threads, and the copy of one thread. Data in the caches can move faster than that copy.

        Args:
            by: see ``rows``.
            most: rows to show; the others are summed in one.
        """
        rows = self.rows(by)
        if len(rows) > most:
            shown, rest = rows[:most], rows[most:]
            others = (sum(r.runs for r in rest), sum(r.seconds for r in rest), sum(r.flops for r in rest))
            rows = [*shown, Row(f"({len(rest)} others)", *others, sum(r.bytes for r in rest))]
        peak, copy = _engine.machine_limits()
        peak *= _engine.num_threads()
        whole = sum(row.seconds for row in rows) or 1.0
        head = (by, "runs", "ms", "time", "GFLOP/s", "of peak", "GB/s", "of copy")
        lines = [head]
        for row in [*rows, Row("total", sum(r.runs for r in rows), whole, sum(r.flops for r in rows), 0)]:
            moved = row.name != "total"
            lines.append(
                (
                    row.name if len(row.name) <= _WIDEST else row.name[: _WIDEST - 1] + "…",
                    str(row.runs),
                    f"{row.seconds * 1e3:.3f}",
                    f"{row.seconds / whole:.1%}",
                    f"{row.flops_per_second / 1e9:.1f}",
                    f"{row.flops_per_second / peak:.0%}",
                    f"{row.bytes_per_second / 1e9:.1f}" if moved else "",
                    f"{row.bytes_per_second / copy:.0%}" if moved else "",
                )
            )
        return _aligned(lines)

    def trace(self, path: str | os.PathLike[str]) -> None:
        """Writes the runs in the format of Chrome's tracing, which chrome://tracing and Perfetto show.

        Args:
            path: a file name; one that ends in ``.gz`` is compressed.
        """
        events = []
        for plan, call, start, nanoseconds in self._events:
            op, layer, shapes, flops, size = self._plans[plan][call]
            details = {"layer": layer, "shapes": shapes, "flops": flops, "bytes": size}
            event = {"name": op, "cat": layer or "-", "ph": "X", "pid": 0, "tid": plan}
            events.append({**event, "ts": start / 1e3, "dur": nanoseconds / 1e3, "args": details})
        names: list[dict[str, Any]] = [
            {"name": "thread_name", "ph": "M", "pid": 0, "tid": plan, "args": {"name": f"plan {plan}"}}
            for plan in range(len(self._plans))
        ]
        names.append({"name": "process_name", "ph": "M", "pid": 0, "args": {"name": "rkeras"}})
        text = json.dumps({"displayTimeUnit": "ns", "traceEvents": names + events}).encode()
        if os.fspath(path).endswith(".gz"):
            text = gzip.compress(text)
        with atomic_file(os.fspath(path)) as temporary:
            Path(temporary).write_bytes(text)


def _aligned(lines: Iterable[tuple[str, ...]]) -> str:
    lines = list(lines)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    rows = []
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))]
        rows.append("  ".join(cells).rstrip())
    return "\n".join(rows)
