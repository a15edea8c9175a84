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

CONTESTANTS = ("rkeras", "keras-tensorflow", "keras-jax", "torch")
NEEDS = {"keras-tensorflow": ("keras", "tensorflow"), "keras-jax": ("keras", "jax"), "torch": ("torch",)}
# batch size, steps an epoch
MODELS = {"mlp": (32, 500), "convnet": (128, 30)}


def data(model: str) -> tuple[np.ndarray, np.ndarray]:
    batch, steps = MODELS[model]
    rng = np.random.default_rng(0)
    shape = (784,) if model == "mlp" else (28, 28, 1)
    return rng.random((batch * steps, *shape), dtype=np.float32), rng.integers(0, 10, batch * steps)


def keras_trainer(name: str, model: str):
    if name == "rkeras":
        import rkeras as keras
    else:
        os.environ["KERAS_BACKEND"] = name.removeprefix("keras-")
        import keras
    layers = keras.layers
    if model == "mlp":
        net = keras.Sequential(
            [keras.Input((784,)), layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")]
        )
    else:
        net = keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(8, 5, padding="same", activation="relu"),
                layers.MaxPooling2D(2, 2),
                layers.Conv2D(32, 5, padding="same", activation="relu"),
                layers.MaxPooling2D(2, 2),
                layers.Flatten(),
                layers.Dense(64, activation="relu"),
                layers.Dense(10, activation="softmax"),
            ]
        )
    net.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    x, y = data(model)
    batch, _ = MODELS[model]

    def train() -> None:
        net.fit(x, y, batch_size=batch, epochs=1, verbose=0)

    def predict() -> None:
        net.predict(x[:1], verbose=0)

    return train, predict


def torch_trainer(model: str):
    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    if model == "mlp":
        net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    else:
        net = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 32, 5, padding=2), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10),
        )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters())
    x, y = data(model)
    if model == "convnet":
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    batch, steps = MODELS[model]

    def train() -> None:
        order = torch.randperm(len(inputs))
        for i in range(steps):
            rows = order[i * batch : (i + 1) * batch]
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(inputs[rows]), labels[rows]).backward()
            optimizer.step()

    def predict() -> None:
        with torch.no_grad():
            net(inputs[:1])

    return train, predict


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
    _, steps = MODELS[model]
    for name, process in running.items():
        figures[name]["steps/s"] = steps / statistics.median(seconds[name])
        figures[name]["predict one row µs"] = statistics.median(latency[name]) * 1e6
        figures[name]["peak memory MB"] = ask(name, "memory")
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
        print(f"\n{model}, batch {MODELS[model][0]}, {options.threads} threads, median of {options.rounds} rounds")
        print("| contestant | steps/s | ratio to the best peer | first epoch s | one-row predict µs | peak memory MB |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name, f in figures.items():
            ratio = f"{f['steps/s'] / best:.2f}" if best else "-"
            print(
                f"| {name} | {f['steps/s']:.0f} | {ratio} | {f['first epoch s']:.2f} | {f['predict one row µs']:.0f} | "
                f"{f['peak memory MB']:.0f} |"
            )
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
