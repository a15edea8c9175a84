"""Whole training steps against the peers that are installed: the same model, data and optimizer on each.

``python benches/race.py --peers PYTHON`` looks for keras (on tensorflow and jax), torch and scikit-learn in the
environment of another interpreter. Every contestant is a process of its own that trains when told to, in turns, so
that a noisy machine is noisy for all of them; figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time

from contestants import CONTESTANTS, Failed, start
from race_models import MODELS

# Figures of one row, by what contestants are asked for.
ROW = {"predict": "one-row predict µs", "call": "one-row call µs"}
# Seconds before each turn: threads of the one before may go on looking for work (OpenMP's for a fifth of a second).
PAUSE = 0.5
COLUMNS = {
    "steps/s": "{:.4g}",
    "ratio to the best peer": "{:.2f}",
    "of peak": "{:.0%}",
    "first epoch s": "{:.2f}",
    **dict.fromkeys(ROW.values(), "{:.0f}"),
    "peak memory MB": "{:.0f}",
}
Figures = dict[str, dict[str, float]]


def race(model: str, rounds: int, threads: int, peers: str) -> Figures:
    """Figures of each contestant that is installed and has such a model."""
    entry = MODELS[model]
    names = tuple(name for name in CONTESTANTS if name != "scikit-learn" or entry.hidden)
    running = []
    figures: Figures = {}
    for contestant in start(names, peers, threads):
        try:
            figures[contestant.name] = {"first epoch s": contestant.ask("load", entry)}
            contestant.ask("warm")
        except Failed:
            print(f"  {contestant.name}: failed to start", file=sys.stderr)
            contestant.close()
            continue
        running.append(contestant)

    asked = ("train", *ROW)
    answers: dict[tuple[str, str], list[float]] = {(c.name, what): [] for c in running for what in asked}
    for _ in range(rounds):
        for contestant in running:
            time.sleep(PAUSE)
            for what in asked:
                answers[contestant.name, what].append(contestant.ask(what))
    medians = {key: statistics.median(seconds) for key, seconds in answers.items()}
    for contestant in running:
        found = figures[contestant.name]
        found["steps/s"] = entry.steps / medians[contestant.name, "train"]
        for what, figure in ROW.items():
            if not math.isnan(medians[contestant.name, what]):
                found[figure] = medians[contestant.name, what] * 1e6
        found["peak memory MB"] = contestant.ask("memory")
    best = max((found["steps/s"] for name, found in figures.items() if name != "rkeras"), default=math.nan)
    # By the operations that rkeras counts; the same for all. Measuring the peak takes memory, and so comes last.
    ideal = next((c.ask("ideal") for c in running if c.name == "rkeras"), math.nan)
    for contestant in running:
        found = figures[contestant.name]
        found["of peak"] = ideal / medians[contestant.name, "train"]
        found["ratio to the best peer"] = found["steps/s"] / best
        contestant.close()
    return figures


def table(figures: Figures) -> str:
    lines = [("contestant", *COLUMNS), ("---",) * (len(COLUMNS) + 1)]
    for name, found in figures.items():
        cells = (form.format(found.get(column, math.nan)) for column, form in COLUMNS.items())
        lines.append((name, *(cell.replace("nan%", "-").replace("nan", "-") for cell in cells)))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", default=sys.executable, help="interpreter of the environment with the peers")
    parser.add_argument("--model", choices=sorted(MODELS))
    parser.add_argument("--json", help="also writes the figures to this file")
    options = parser.parse_args()
    found = {}
    for model in [options.model] if options.model else MODELS:
        found[model] = race(model, options.rounds, options.threads, options.peers)
        print(f"\n{model}, batch {MODELS[model].batch}, {options.threads} threads, median of {options.rounds} rounds")
        print(table(found[model]), flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
