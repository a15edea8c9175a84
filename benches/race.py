"""Whole training steps against the peers that are installed: the same model, data and optimizer on each.

``python benches/race.py --peers PYTHON`` looks for keras (on tensorflow and jax) and torch in the environment of
another interpreter. Every contestant is a process of its own that trains when told to, in turns, so that a noisy
machine is noisy for all of them; figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

from race_models import MODELS, data, keras_model, torch_model

CONTESTANTS = ("rkeras", "keras-tensorflow", "keras-jax", "torch")
NEEDS = {"keras-tensorflow": ("keras", "tensorflow"), "keras-jax": ("keras", "jax"), "torch": ("torch",)}


def keras_trainer(name: str, model: str):
    if name == "rkeras":
        import rkeras as keras
    else:
        os.environ["KERAS_BACKEND"] = name.removeprefix("keras-")
        import keras
    net = keras_model(keras, model)
    x, y = data(model)
    batch = MODELS[model].batch

    def train() -> None:
        net.fit(x, y, batch_size=batch, epochs=1, verbose=0)

    def predict() -> None:
        net.predict(x[:1], verbose=0)

    return train, predict


def torch_trainer(model: str):
    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    net, entry = torch_model(model), MODELS[model]
    optimizer = torch.optim.Adam(net.parameters())
    x, y = data(model)
    if x.ndim == 4:
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    loss = nn.functional.cross_entropy if entry.classes else nn.functional.mse_loss

    def train() -> None:
        net.train()
        order = torch.randperm(len(inputs))
        for i in range(entry.steps):
            rows = order[i * entry.batch : (i + 1) * entry.batch]
            optimizer.zero_grad()
            loss(net(inputs[rows]), labels[rows]).backward()
            optimizer.step()

    def predict() -> None:
        net.eval()
        with torch.no_grad():
            net(inputs[:1])

    return train, predict


def ideal_seconds(train) -> float:
    """Seconds that the floating-point operations of an epoch take at this machine's peak."""
    import rkeras
    from rkeras import _engine

    with rkeras.profiler.Profile() as profile:
        train()
    peak, _ = _engine.machine_limits()
    return sum(row.flops for row in profile.rows()) / (peak * _engine.num_threads())


def work(name: str, model: str) -> None:
    """Trains an epoch, or predicts a row a hundred times, for each line on standard input; answers with seconds."""
    start = time.perf_counter()
    train, predict = torch_trainer(model) if name == "torch" else keras_trainer(name, model)
    train()
    print(time.perf_counter() - start, flush=True)
    predict()
    for line in sys.stdin:
        start = time.perf_counter()
        if line.strip() == "train":
            train()
            print(time.perf_counter() - start, flush=True)
        elif line.strip() == "predict":
            for _ in range(100):
                predict()
            print((time.perf_counter() - start) / 100, flush=True)
        elif line.strip() == "ideal":
            print(ideal_seconds(train), flush=True)
        else:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)


def installed(python: str, name: str) -> bool:
    needs = NEEDS.get(name, ())
    if python == sys.executable:
        return all(importlib.util.find_spec(n) for n in needs)
    check = "import importlib.util,sys;sys.exit(not all(importlib.util.find_spec(n) for n in sys.argv[1:]))"
    return subprocess.run([python, "-c", check, *needs], check=False).returncode == 0


def race(model: str, rounds: int, threads: int, peers: str) -> dict[str, dict[str, float]]:
    """Figures of each contestant that is installed."""
    env = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "RKERAS_NUM_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    running = {}
    figures: dict[str, dict[str, float]] = {}
    for name in CONTESTANTS:
        python = sys.executable if name == "rkeras" else peers
        if not installed(python, name):
            print(f"  {name}: not installed", file=sys.stderr)
            continue
        command = [python, __file__, "--worker", name, "--model", model]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        first = process.stdout.readline()
        if not first:
            print(f"  {name}: failed to start", file=sys.stderr)
            continue
        running[name] = process
        figures[name] = {"first epoch s": float(first)}

    def ask(name: str, what: str) -> float:
        running[name].stdin.write(what + "\n")
        running[name].stdin.flush()
        return float(running[name].stdout.readline())

    seconds: dict[str, list[float]] = {name: [] for name in running}
    latency: dict[str, list[float]] = {name: [] for name in running}
    for _ in range(rounds):
        for name in running:
            seconds[name].append(ask(name, "train"))
            latency[name].append(ask(name, "predict"))
    steps = MODELS[model].steps
    for name in running:
        figures[name]["steps/s"] = steps / statistics.median(seconds[name])
        figures[name]["predict one row µs"] = statistics.median(latency[name]) * 1e6
        figures[name]["peak memory MB"] = ask(name, "memory")
    # By the operations that rkeras counts; the same for all. Measuring the peak takes memory, and so comes last.
    ideal = ask("rkeras", "ideal")
    for name, process in running.items():
        figures[name]["of peak"] = ideal / statistics.median(seconds[name])
        process.stdin.close()
        process.wait()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", default=sys.executable, help="interpreter of the environment with the peers")
    parser.add_argument("--model", choices=sorted(MODELS))
    parser.add_argument("--worker", choices=CONTESTANTS)
    parser.add_argument("--json", help="also writes the figures to this file")
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.model)
        return
    found = {}
    for model in [options.model] if options.model else MODELS:
        figures = found[model] = race(model, options.rounds, options.threads, options.peers)
        best = max((f["steps/s"] for n, f in figures.items() if n != "rkeras"), default=None)
        print(f"\n{model}, batch {MODELS[model].batch}, {options.threads} threads, median of {options.rounds} rounds")
        print(
            "| contestant | steps/s | ratio to the best peer | of peak | first epoch s | one-row predict µs | "
            "peak memory MB |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name, f in figures.items():
            ratio = f"{f['steps/s'] / best:.2f}" if best else "-"
            print(
                f"| {name} | {f['steps/s']:.4g} | {ratio} | {f['of peak']:.0%} | {f['first epoch s']:.2f} | "
                f"{f['predict one row µs']:.0f} | {f['peak memory MB']:.0f} |"
            )
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
