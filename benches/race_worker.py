"""A contestant's process: ``race_worker.py NAME THREADS``.

Each line on standard input is a JSON list ``[what, entry]``, each answer a line with a figure: ``load`` makes the
model of the entry and trains its first epoch (seconds, import included the first time), ``train`` trains an epoch
(seconds), ``warm`` computes the first rows (seconds), ``predict`` and ``call`` compute one row (seconds; nan where
there is no such thing), ``memory`` is the peak so far (MiB), and ``ideal`` the seconds that an epoch's floating-point
operations take at the machine's peak.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from race_models import Entry, data, keras_model, torch_model

_ROWS = 100


class Trainer(NamedTuple):
    """What a contestant does with one model."""

    train: Callable[[], Any]
    """Trains an epoch."""
    predict: Callable[[int], Any]
    """As often as told: a row as NumPy array in, NumPy array out, in the way meant for that."""
    call: Callable[[int], Any] | None
    """As often as told: the model as a function of a tensor of one row, gradients off."""


def keras_trainer(name: str, entry: Entry) -> Trainer:
    if name == "rkeras":
        import rkeras as keras
    else:
        os.environ["KERAS_BACKEND"] = name.removeprefix("keras-")
        import keras
    net = keras_model(keras, entry)
    x, y = data(entry)
    row = keras.ops.convert_to_tensor(x[:1])

    def predict(times: int) -> None:
        for _ in range(times):
            net.predict(x[:1], verbose=0)

    def call(times: int) -> None:
        for _ in range(times):
            output = net(row)
        np.asarray(output)  # waits for a backend that computes behind the caller's back

    return Trainer(lambda: net.fit(x, y, batch_size=entry.batch, epochs=1, verbose=0), predict, call)


def torch_trainer(entry: Entry, threads: int, compiled: bool) -> Trainer:
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    net = torch_model(entry)
    optimizer = torch.optim.Adam(net.parameters())
    x, y = data(entry)
    x, y = (np.ascontiguousarray(v.transpose(0, 3, 1, 2)) if v.ndim == 4 else v for v in (x, y))
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    loss = nn.functional.cross_entropy if entry.classes else nn.functional.mse_loss
    forward: Any = net

    def objective(rows: Any, targets: Any) -> Any:
        return loss(net(rows), targets)

    if compiled:
        forward, objective = torch.compile(net), torch.compile(objective)

    def train() -> None:
        net.train()
        order = torch.randperm(len(inputs))
        for i in range(entry.steps):
            rows = order[i * entry.batch : (i + 1) * entry.batch]
            optimizer.zero_grad()
            objective(inputs[rows], labels[rows]).backward()
            optimizer.step()

    def predict(times: int) -> None:
        net.eval()
        with torch.no_grad():
            for _ in range(times):
                forward(torch.from_numpy(x[:1])).numpy()

    def call(times: int) -> None:
        net.eval()
        row = inputs[:1]
        with torch.no_grad():
            for _ in range(times):
                forward(row)

    return Trainer(train, predict, call)


def sklearn_trainer(entry: Entry) -> Trainer:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    options = {"hidden_layer_sizes": entry.hidden, "solver": "adam", "batch_size": entry.batch, "alpha": 0.0}
    net = (MLPClassifier if entry.classes else MLPRegressor)(**options)
    x, y = data(entry)
    targets, known = y.ravel(), {"classes": np.arange(entry.classes)} if entry.classes else {}
    compute = net.predict_proba if entry.classes else net.predict

    def predict(times: int) -> None:
        for _ in range(times):
            compute(x[:1])

    # One pass over the data in batches; `fit` would begin with new weights each time.
    return Trainer(lambda: net.partial_fit(x, targets, **known), predict, None)


def make_trainer(name: str, entry: Entry, threads: int) -> Trainer:
    if name.startswith("torch"):
        return torch_trainer(entry, threads, compiled=name == "torch-compile")
    return sklearn_trainer(entry) if name == "scikit-learn" else keras_trainer(name, entry)


def ideal_seconds(train: Callable[[], Any]) -> float:
    import rkeras
    from rkeras import _engine

    with rkeras.profiler.Profile() as profile:
        train()
    peak, _ = _engine.machine_limits()
    return sum(row.flops for row in profile.rows()) / (peak * _engine.num_threads())


def seconds(work: Callable[..., Any], *args: Any) -> float:
    begin = time.perf_counter()
    work(*args)
    return time.perf_counter() - begin


def main(name: str, threads: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        # Not every library can be told a number of threads, but all see how many processors they may use.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    for line in sys.stdin:
        what, entry = json.loads(line)
        if what == "load":
            begin = time.perf_counter()
            entry = Entry(*(tuple(field) if isinstance(field, list) else field for field in entry))
            trainer = make_trainer(name, entry, threads)
            trainer.train()
            answer = time.perf_counter() - begin
        elif what == "warm":
            # More than once, for those who compile what comes twice.
            answer = seconds(trainer.predict, 3) + (seconds(trainer.call, 3) if trainer.call else 0)
        elif what == "train":
            answer = seconds(trainer.train)
        elif what == "predict":
            answer = seconds(trainer.predict, _ROWS) / _ROWS
        elif what == "call":
            answer = seconds(trainer.call, _ROWS) / _ROWS if trainer.call else math.nan
        elif what == "ideal":
            answer = ideal_seconds(trainer.train)
        else:
            answer = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(answer, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
