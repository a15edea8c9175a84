"""BackupAndRestore: what is interrupted goes on exactly."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import callbacks, layers
from rkeras.callbacks import backup_and_restore

X = np.sin(np.arange(120)).reshape(30, 4).astype("float32")
Y = X.sum(1, keepdims=True)


class Power(callbacks.Callback):
    """Fails after so many batches of training, or at the end of an epoch."""

    def __init__(self, batches):
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise RuntimeError("power cut")


class Rows(rkeras.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        return X[6 * i : 6 * i + 6], Y[6 * i : 6 * i + 6]


class Iterable:
    def __iter__(self):
        return (Rows()[i] for i in range(5))


def data(kind):
    return {"x": X, "y": Y, "batch_size": 6} if kind is None else {"x": kind()}


def model_for(seed):
    rkeras.utils.set_random_seed(seed)
    model = rkeras.Sequential(
        [
            rkeras.Input((4,)),
            layers.Dense(8, activation="tanh"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )
    model.compile(rkeras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model


def run(folder, seed, *more, kind=None, **options):
    model = model_for(seed)
    backup = callbacks.BackupAndRestore(folder, **options)
    fit = data(kind)
    held = {"validation_data": (X[:6], Y[:6])}
    return model, model.fit(**fit, **held, epochs=4, verbose=0, callbacks=[backup, *more]).history


@pytest.mark.parametrize("kind", [None, Rows, Iterable])
@pytest.mark.parametrize(("frequency", "batches"), [("epoch", 11), (1, 8), (2, 8), (1, 10), (5, 10), (2, 18)])
def test_an_interrupted_run_ends_as_one_that_was_not(tmp_path, kind, frequency, batches):
    steady, whole = run(tmp_path / "whole", 1, kind=kind, save_freq=frequency)
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path / "b", 1, Power(batches), kind=kind, save_freq=frequency)
    model, rest = run(tmp_path / "b", 2, kind=kind, save_freq=frequency)
    for a, b in zip(steady.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(model.optimizer.iterations.numpy()) == 20
    saved = batches - 1 if frequency == "epoch" else batches - batches % frequency
    kept = 4 - (saved // 5 if frequency == "epoch" or saved % 5 else (saved - 1) // 5)
    for name, values in whole.items():
        if kind is None or saved % 5:  # a stream that is at its end shows no batch to make the metrics for
            assert rest[name] == values[-kept:]
    assert list((tmp_path).iterdir()) == []


def test_steps_per_epoch_that_end_within_the_data(tmp_path):
    def interrupted(folder, seed, *more):
        model = model_for(seed)
        backup = callbacks.BackupAndRestore(folder, save_freq=1)
        model.fit(X, Y, batch_size=6, steps_per_epoch=3, epochs=4, verbose=0, callbacks=[backup, *more])
        return model.get_weights()

    whole = interrupted(tmp_path / "whole", 1)
    with pytest.raises(RuntimeError, match="power cut"):
        interrupted(tmp_path / "b", 1, Power(8))
    for a, b in zip(whole, interrupted(tmp_path / "b", 2), strict=True):
        np.testing.assert_array_equal(a, b)


def test_generators_go_on_with_what_they_yield(tmp_path):
    def endless():
        while True:
            yield from Iterable()

    def interrupted(*more):
        model = model_for(1)
        backup = callbacks.BackupAndRestore(tmp_path / "b", save_freq=1)
        model.fit(endless(), steps_per_epoch=5, epochs=3, verbose=0, callbacks=[backup, *more])
        return model

    with pytest.raises(RuntimeError, match="power cut"):
        interrupted(Power(8))
    assert int(interrupted().optimizer.iterations.numpy()) == 15


def test_a_damaged_backup_gives_way_to_the_one_before(tmp_path):
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path, 1, Power(8), save_freq=1, double_checkpoint=True)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["backup-1-2.weights.h5", "backup-1-3.weights.h5", "latest.json", "previous.json"]
    (tmp_path / "backup-1-3.weights.h5").write_bytes(b"nothing")
    with pytest.warns(UserWarning, match="an older one is"):
        model, _ = run(tmp_path, 2, save_freq=1)
    assert int(model.optimizer.iterations.numpy()) == 20


def test_a_damaged_backup_without_another_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path, 1, Power(8), save_freq=1)
    (tmp_path / "latest.json").write_text("{")
    with pytest.raises(json.JSONDecodeError):
        run(tmp_path, 2)


def test_other_files_stay(tmp_path):
    (tmp_path / "mine.weights.h5").write_text("")
    run(tmp_path, 1, save_freq=2, double_checkpoint=True)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.weights.h5"]
    run(tmp_path, 1, delete_checkpoint=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["backup-4-0.weights.h5", "latest.json", "mine.weights.h5"]


def test_a_kill_between_the_weights_and_their_note(tmp_path, monkeypatch):
    written = backup_and_restore.atomic_file
    calls = []

    def fails_once(path):
        calls.append(path)
        if len(calls) == 8:
            raise RuntimeError("power cut")
        return written(path)

    monkeypatch.setattr(backup_and_restore, "atomic_file", fails_once)
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path / "b", 1, save_freq=1)
    assert len(list((tmp_path / "b").glob("*.weights.h5"))) == 2
    whole, _ = run(tmp_path / "whole", 1)
    resumed, _ = run(tmp_path / "b", 2)
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


SCRIPT = """
    import sys, time
    sys.path.insert(0, {tests!r})
    from test_backup import callbacks, run

    class Tell(callbacks.Callback):
        left = 7

        def on_train_batch_end(self, batch, logs=None):
            self.left -= 1
            if not self.left:
                print("here", flush=True)
                time.sleep(100)

    run({folder!r}, 1, Tell(), save_freq=1)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_process_that_is_killed(tmp_path):
    script = textwrap.dedent(SCRIPT).format(tests=str(Path(__file__).parent), folder=str(tmp_path / "b"))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "here\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    whole, _ = run(tmp_path / "whole", 1)
    resumed, _ = run(tmp_path / "b", 2)
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
