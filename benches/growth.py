"""Cost as work grows: training steps a second of dense networks against batch size, width, depth and threads.

``python benches/growth.py --peers PYTHON`` trains each network on each contestant in turns, takes medians over the
rounds, and writes ``docs/growth.json`` and ``docs/growth.svg``; ``--draw`` only draws what is in the JSON file.
Epochs are short (a fifth of a second or so), but whole calls of ``fit``, with what such a call costs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any, NamedTuple

from contestants import Failed, start
from growth_plot import draw
from race_models import Entry

CONTESTANTS = ("rkeras", "keras-tensorflow", "keras-jax", "torch")


class Work(NamedTuple):
    """A dense network and how it is trained."""

    batch: int = 32
    width: int = 256
    """Size of the input and of each hidden layer."""
    depth: int = 2
    """Number of hidden layers."""
    threads: int = 2

    def entry(self) -> Entry:
        weights = self.depth * self.width**2
        # What a step takes, roughly: its products, reading and writing what Adam keeps, and what is paid anyway.
        seconds = 6 * self.batch * weights / 5e10 + 32 * weights / 1e10 + 2e-4
        steps = max(10, min(500, int(0.2 / seconds)))
        return Entry("dense", self.batch, steps, (self.width,), 10, hidden=(self.width,) * self.depth)


class Sweep(NamedTuple):
    """One thing that grows while the others stay as they are."""

    field: str
    values: tuple[int, ...]
    base: Work = Work()

    def works(self) -> list[Work]:
        return [self.base._replace(**{self.field: value}) for value in self.values]

    def title(self) -> str:
        rest = (f"{value} threads" if name == "threads" else f"{name} {value}" for name, value in self._others())
        return f"{self.field} ({', '.join(rest)})"

    def _others(self) -> list[tuple[str, int]]:
        return [(name, value) for name, value in self.base._asdict().items() if name != self.field]


SWEEPS = (
    Sweep("batch", (1, 4, 16, 32, 64, 128, 256, 512)),
    Sweep("width", (16, 64, 256, 1024, 2048)),
    Sweep("depth", (1, 2, 4, 8, 16, 32), Work(width=128)),
    Sweep("threads", (1, 2), Work(batch=128, width=1024)),
)


def measure(works: list[Work], rounds: int, peers: str) -> dict[str, dict[Work, float]]:
    """Steps a second of each contestant; the works are of one number of threads."""
    running = start(CONTESTANTS, peers, works[0].threads)
    found: dict[str, dict[Work, float]] = {contestant.name: {} for contestant in running}
    for work in works:
        entry = work.entry()
        seconds: dict[str, list[float]] = {}
        for contestant in list(running):
            try:
                contestant.ask("load", entry)
            except Failed:
                print(f"  {contestant.name}: failed at {work}", file=sys.stderr)
                contestant.close()
                running.remove(contestant)
        for _ in range(rounds):
            for contestant in running:
                seconds.setdefault(contestant.name, []).append(contestant.ask("train"))
        for name, times in seconds.items():
            found[name][work] = entry.steps / statistics.median(times)
        figures = ", ".join(f"{name} {found[name][work]:.4g}" for name in seconds)
        print(f"{work}: {figures} steps/s", file=sys.stderr, flush=True)
    for contestant in running:
        contestant.close()
    return found


def panels(rounds: int, peers: str, processors: int) -> list[dict[str, Any]]:
    """For each sweep its title, what is on the horizontal axis, and points of each contestant."""
    works = {work for sweep in SWEEPS for work in sweep.works() if work.threads <= processors}
    rates: dict[str, dict[Work, float]] = {}
    for threads in sorted({work.threads for work in works}):
        for name, found in measure(sorted(w for w in works if w.threads == threads), rounds, peers).items():
            rates.setdefault(name, {}).update(found)
    return [
        {
            "title": sweep.title(),
            "axis": sweep.field,
            "lines": {
                name: [[getattr(w, sweep.field), found[w]] for w in sweep.works() if w in found]
                for name, found in rates.items()
            },
        }
        for sweep in SWEEPS
    ]


def main() -> None:
    docs = Path(__file__).parents[1] / "docs"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable, help="interpreter of the environment with the peers")
    parser.add_argument("--output", type=Path, default=docs / "growth.json", help="the picture goes beside it")
    parser.add_argument("--draw", action="store_true", help="draws what was measured before")
    options = parser.parse_args()
    if not options.draw:
        found = panels(options.rounds, options.peers, os.cpu_count() or 1)
        options.output.write_text(json.dumps(found, indent=1) + "\n")
    picture = draw("Training steps a second of dense networks", json.loads(options.output.read_text()))
    options.output.with_suffix(".svg").write_text(picture)


if __name__ == "__main__":
    main()
