"""Callbacks and when they are called."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import callbacks, layers

FIXTURES = Path(__file__).parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from callback_cases import CASES, run  # noqa: E402

X = np.linspace(-1, 1, 40).reshape(20, 2).astype("float32")
Y = X.sum(1, keepdims=True)


def model_for(rate=0.1):
    model = rkeras.Sequential([rkeras.Input((2,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(rkeras.optimizers.SGD(rate), "mse", metrics=["mae"])
    return model


class Recorder(callbacks.Callback):
    """Notes each call of each hook."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def note(self, name, *args):
        self.calls.append((name, *args))

    def on_train_begin(self, logs=None):
        self.note("train_begin")

    def on_train_end(self, logs=None):
        self.note("train_end", sorted(logs))

    def on_epoch_begin(self, epoch, logs=None):
        self.note("epoch_begin", epoch)

    def on_epoch_end(self, epoch, logs=None):
        self.note("epoch_end", epoch, sorted(logs))

    def on_train_batch_begin(self, batch, logs=None):
        self.note("batch_begin", batch)

    def on_train_batch_end(self, batch, logs=None):
        self.note("batch_end", batch, sorted(logs))

    def on_test_begin(self, logs=None):
        self.note("test_begin")

    def on_test_batch_end(self, batch, logs=None):
        self.note("test_batch_end", batch)

    def on_test_end(self, logs=None):
        self.note("test_end")

    def on_predict_batch_end(self, batch, logs=None):
        self.note("predict_batch_end", batch, logs["outputs"].shape)


def test_order_of_hooks():
    recorder = Recorder()
    model_for().fit(X, Y, batch_size=8, verbose=0, callbacks=[recorder], validation_data=(X[:8], Y[:8]))
    logs = ["loss", "mae"]
    everything = [*logs, "val_loss", "val_mae"]
    assert recorder.calls == [
        ("train_begin",),
        ("epoch_begin", 0),
        *(call for i in range(3) for call in [("batch_begin", i), ("batch_end", i, logs)]),
        ("test_begin",),
        ("test_batch_end", 0),
        ("test_end",),
        ("epoch_end", 0, everything),
        ("train_end", everything),
    ]


def test_predict_hooks_see_outputs():
    recorder = Recorder()
    model_for().predict(X, batch_size=8, verbose=0, callbacks=recorder)
    assert recorder.calls == [("predict_batch_end", i, (n, 1)) for i, n in enumerate([8, 8, 4])]


def stream(ends):
    while True:
        yield from ((X[i : i + 4], Y[i : i + 4]) for i in range(0, 20, 4))
        if ends:
            return


@pytest.mark.parametrize("data", ["arrays", "generator", "endless"])
def test_hooks_of_steps_per_execution(data):
    recorder = Recorder()
    model = model_for()
    model.steps_per_execution = 2
    options = {"verbose": 0, "callbacks": [recorder]}
    if data == "arrays":
        model.fit(X, Y, batch_size=4, validation_data=(X, Y), **options)
    else:
        steps = {} if data == "generator" else {"steps_per_epoch": 5, "validation_steps": 5}
        ends = data == "generator"
        model.fit(stream(ends), validation_data=stream(ends), **steps, **options)
    assert int(model.optimizer.iterations.numpy()) == 5
    calls = [c[:2] for c in recorder.calls if "batch" in c[0]]
    assert [c for c in calls if c[0] != "test_batch_end"] == [
        ("batch_begin", 0), ("batch_end", 1), ("batch_begin", 2), ("batch_end", 3), ("batch_begin", 4), ("batch_end", 4),
    ]  # fmt: skip
    assert [c[1] for c in calls if c[0] == "test_batch_end"] == [1, 3, 4]


def test_batch_logs_are_running_means():
    losses = []
    keep = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    model = model_for(rate=0.0)
    history = model.fit(X, Y, batch_size=10, shuffle=False, verbose=0, callbacks=[keep]).history
    first = np.mean(Y[:10] ** 2)
    np.testing.assert_allclose(losses, [first, np.mean(Y**2)], rtol=1e-5)
    assert history["loss"] == [pytest.approx(losses[-1])]


def test_learning_rate_changed_in_a_batch_hook_holds_at_once():
    class Freeze(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.optimizer.learning_rate = 0.0
            self.weights = getattr(self, "weights", None) or self.model.get_weights()

    freeze = Freeze()
    model = model_for()
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=[freeze])
    assert np.abs(freeze.weights[0]).sum() > 0
    assert all(np.array_equal(a, b) for a, b in zip(freeze.weights, model.get_weights(), strict=True))


def test_stop_training_in_a_batch_hook_holds_at_once():
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                self.model.stop_training = True

    model = model_for()
    history = model.fit(X, Y, batch_size=2, epochs=5, verbose=0, callbacks=[Stop()])
    assert int(model.optimizer.iterations.numpy()) == 2
    assert history.epoch == [0]


@pytest.mark.parametrize("name", CASES)
def test_reactions_to_values_are_those_of_keras(name):
    expected = json.loads((FIXTURES / "callbacks.json").read_text())[name]
    found = run(rkeras, name)
    assert {key: repr(found[key]) for key in expected} == {key: repr(value) for key, value in expected.items()}


def test_early_stopping_restores_the_best_weights():
    model = model_for()
    best = model.get_weights()

    class Worsen(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = [3.0, 4.0, 2.0, 1.0, 5.0][epoch]
            if epoch == 1:
                best[:] = self.model.get_weights()

    stop = callbacks.EarlyStopping("score", patience=2, mode="max", restore_best_weights=True)
    history = model.fit(X, Y, epochs=5, verbose=0, callbacks=[Worsen(), stop])
    assert history.epoch == [0, 1, 2, 3]
    assert stop.stopped_epoch == 3
    assert stop.best_epoch == 1
    assert all(np.array_equal(a, b) for a, b in zip(best, model.get_weights(), strict=True))


def test_early_stopping_knows_the_direction_of_metrics():
    stop = callbacks.EarlyStopping("mae", patience=1)
    assert len(model_for().fit(X, Y, epochs=3, verbose=0, callbacks=[stop]).epoch) == 3
    with pytest.raises(ValueError, match=r"mode='max' or mode='min'"):
        model_for().fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping("unknown")])
    with pytest.warns(UserWarning, match=r"not logged\. Available: loss, mae"):
        model_for().fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping("val_loss")])


def test_checkpoints_of_the_best_weights(tmp_path):
    path = tmp_path / "sub" / "e{epoch:02d}-{loss:.3f}.weights.h5"
    model = model_for()
    keep = callbacks.ModelCheckpoint(path, "loss", save_best_only=True, save_weights_only=True)
    losses = model.fit(X, Y, epochs=3, verbose=0, callbacks=[keep]).history["loss"]
    assert losses == sorted(losses, reverse=True)
    files = sorted(p.name for p in path.parent.iterdir())
    assert files == [f"e{i + 1:02d}-{loss:.3f}.weights.h5" for i, loss in enumerate(losses)]
    other = model_for()
    other.load_weights(path.parent / files[-1])
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), other.get_weights(), strict=True))


def test_checkpoints_by_batches(tmp_path):
    keep = callbacks.ModelCheckpoint(tmp_path / "b{batch}.weights.h5", save_weights_only=True, save_freq=2)
    model_for().fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[keep])
    # Five batches an epoch: saved after the 2nd and 4th, and after the 1st, 3rd and 5th of the second epoch.
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"b{i}.weights.h5" for i in (1, 2, 3, 4, 5)]


def test_checkpoint_errors(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.weights\.h5"):
        callbacks.ModelCheckpoint("weights.ckpt", save_weights_only=True)
    with pytest.raises(ValueError, match="name of a weights file"):
        callbacks.ModelCheckpoint("best.weights.h5")
    with pytest.raises(ValueError, match="save_freq"):
        callbacks.ModelCheckpoint("m.keras", save_freq="batch")
    keep = callbacks.ModelCheckpoint(tmp_path / "{accuracy}.weights.h5", save_weights_only=True)
    with pytest.raises(KeyError, match=r"accuracy.*Available"):
        model_for().fit(X, Y, verbose=0, callbacks=[keep])


@pytest.mark.parametrize("name", ["{epoch:02d}-{val_loss:.2f}.hdf5", "{epoch:02d}.h5", "{epoch:02d}.keras", "{epoch:02d}"])
def test_checkpoints_of_whole_models(tmp_path, name, capsys):
    model = model_for()
    keep = callbacks.ModelCheckpoint(tmp_path / name, verbose=1)
    history = model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y), callbacks=[keep]).history
    names = [name.format(epoch=i + 1, val_loss=history["val_loss"][i]) for i in range(2)]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    np.testing.assert_array_equal(
        rkeras.models.load_model(tmp_path / names[1]).predict(X, verbose=0), model.predict(X, verbose=0)
    )
    path = tmp_path / names[0]
    assert capsys.readouterr().out.startswith(
        f"\nEpoch 1: saving model to {path}\n\nEpoch 1: finished saving model to {path}\n"
    )


def test_checkpoints_save_what_is_best(tmp_path, capsys):
    """What Keras says and saves for these values."""
    values = [0.5, 0.7, 0.4, 0.4]

    def set_value(epoch, logs):
        logs["val_score"] = values[epoch]

    keep = callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5", "val_score", 1, True, True, "min", initial_value_threshold=0.6
    )
    options = {"epochs": 4, "verbose": 0, "callbacks": [callbacks.LambdaCallback(on_epoch_end=set_value), keep]}
    model_for().fit(X, Y, **options)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.weights.h5", "3.weights.h5"]
    said = [line for line in capsys.readouterr().out.splitlines() if "val_score" in line]
    assert said == [
        f"Epoch 1: val_score improved from 0.60000 to 0.50000, saving model to {tmp_path / '1.weights.h5'}",
        "Epoch 2: val_score did not improve from 0.50000",
        f"Epoch 3: val_score improved from 0.50000 to 0.40000, saving model to {tmp_path / '3.weights.h5'}",
        "Epoch 4: val_score did not improve from 0.40000",
    ]


def test_checkpoints_of_every_second_epoch(tmp_path):
    with pytest.deprecated_call(match="save_freq"):
        keep = callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True, period=2)
    model_for().fit(X, Y, epochs=5, verbose=0, callbacks=[keep])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2.weights.h5", "4.weights.h5"]


def test_checkpoints_with_steps_per_execution(tmp_path):
    keep = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=3)
    model = model_for()
    model.steps_per_execution = 2
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[keep])
    # Hooks come after the batches 2, 4, 5 of each epoch.
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1-4.weights.h5", "2-2.weights.h5", "2-5.weights.h5"]


def test_old_arguments_of_callbacks():
    with pytest.deprecated_call(match="min_delta=0.5"):
        assert callbacks.ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5
    with pytest.deprecated_call(match="write_grads"):
        callbacks.TensorBoard("logs", write_grads=True)
    with pytest.raises(TypeError, match="'wirte_graph'"):
        callbacks.TensorBoard("logs", wirte_graph=True)


@pytest.mark.parametrize("schedule", [lambda epoch: 0.5**epoch, lambda epoch, rate: rate / 2])
def test_learning_rate_scheduler(schedule):
    model = model_for(2.0)
    scheduler = callbacks.LearningRateScheduler(schedule)
    history = model.fit(X, Y, epochs=3, verbose=0, callbacks=[scheduler]).history
    assert history["learning_rate"] == [1.0, 0.5, 0.25]
    assert float(model.optimizer.learning_rate.numpy()) == 0.25


def test_learning_rate_scheduler_wants_numbers():
    with pytest.raises(ValueError, match="must return a number"):
        model_for().fit(X, Y, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch: None)])


def test_reduce_lr_on_plateau():
    model = model_for(rate=1.0)
    model.layers[0].trainable = False
    constant = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(loss=1.0))
    reduce = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2, cooldown=1, min_lr=0.2)
    with pytest.warns(UserWarning, match="no trainable weights"):
        history = model.fit(X, Y, epochs=9, verbose=0, callbacks=[constant, reduce]).history
    assert history["learning_rate"] == pytest.approx([1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2])


def test_terminate_on_nan():
    model = model_for(rate=1e30)
    history = model.fit(
        X * 1e8, Y * 1e8, batch_size=1, epochs=3, verbose=0, callbacks=[callbacks.TerminateOnNaN()]
    )
    assert history.epoch == [0]
    assert int(model.optimizer.iterations.numpy()) < 20
    with pytest.raises(RuntimeError, match="loss is"):
        model.fit(X * 1e8, Y, verbose=0, callbacks=[callbacks.TerminateOnNaN(raise_error=True)])


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    model = model_for()
    model.fit(
        X,
        Y,
        epochs=2,
        verbose=0,
        validation_freq=2,
        validation_data=(X, Y),
        callbacks=[callbacks.CSVLogger(path)],
    )
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[callbacks.CSVLogger(path, append=True)])
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [row["epoch"] for row in rows] == ["0", "1", "0"]
    assert rows[0]["val_loss"] == "NA"
    assert float(rows[1]["val_loss"]) > 0


def test_lambda_callback_refuses_unknown_hooks():
    with pytest.raises(TypeError, match="on_eopch_end"):
        callbacks.LambdaCallback(on_eopch_end=print)


def test_classes_in_place_of_objects_are_refused():
    with pytest.raises(TypeError, match=r"write TerminateOnNaN\(\)"):
        model_for().fit(X, Y, verbose=0, callbacks=[callbacks.TerminateOnNaN])


class Crash(callbacks.Callback):
    """Fails after an epoch, or after a batch of it."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise RuntimeError("power cut")


@pytest.mark.parametrize("frequency", ["epoch", 2])
def test_backup_goes_on_after_a_crash(tmp_path, frequency):
    def run(*more):
        model = model_for()
        backup = callbacks.BackupAndRestore(tmp_path / "b", save_freq=frequency, double_checkpoint=True)
        return model, model.fit(
            X, Y, batch_size=10, epochs=4, shuffle=False, verbose=0, callbacks=[backup, *more]
        )

    whole, _ = run()
    assert not (tmp_path / "b").exists()
    with pytest.raises(RuntimeError, match="power cut"):
        run(Crash(1))
    resumed, history = run()
    assert history.epoch == ([2, 3] if frequency == "epoch" else [1, 2, 3])
    if frequency == "epoch":
        assert int(resumed.optimizer.iterations.numpy()) == 8
        for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert not (tmp_path / "b").exists()


def test_only_overridden_batch_hooks_cost_anything():
    quiet = callbacks.CallbackList(
        [callbacks.EarlyStopping(), callbacks.ModelCheckpoint("m.keras")], add_history=True
    )
    assert not quiet.wants_every_batch("train")
    assert callbacks.CallbackList([callbacks.TerminateOnNaN()]).wants_every_batch("train")
    assert callbacks.CallbackList([callbacks.LambdaCallback(on_train_batch_end=print)]).wants_every_batch(
        "train"
    )
    assert callbacks.CallbackList([callbacks.ModelCheckpoint("m.keras", save_freq=3)]).wants_every_batch(
        "train"
    )


def test_base_logger_is_a_callback():
    class Watch(callbacks.BaseLogger):
        def on_epoch_end(self, epoch, logs=None):
            self.seen = dict(logs)

    watch = Watch(stateful_metrics=["mae"])
    history = model_for().fit(X, Y, epochs=1, verbose=0, callbacks=[watch])
    assert watch.seen["loss"] == history.history["loss"][0]
    assert watch.stateful_metrics == {"mae"}


@pytest.mark.parametrize("as_json", [False, True])
def test_remote_monitor_posts_each_epoch(as_json):
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from urllib.parse import parse_qs

    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append((self.path, self.headers["X-Key"], json.loads(body if as_json else parse_qs(body)["data"][0])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        root = f"http://127.0.0.1:{server.server_port}"
        monitor = callbacks.RemoteMonitor(root, headers={"X-Key": "k"}, send_as_json=as_json)
        history = model_for().fit(X, Y, epochs=2, verbose=0, callbacks=[monitor]).history
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [(path, key, values["epoch"]) for path, key, values in got] == [("/publish/epoch/end/", "k", i) for i in (0, 1)]
    assert [values["loss"] for _, _, values in got] == history["loss"]


def test_remote_monitor_without_a_server_warns():
    # Port 1 takes no connections.
    with pytest.warns(UserWarning, match="127.0.0.1:1"):
        model_for().fit(X, Y, verbose=0, callbacks=[callbacks.RemoteMonitor("http://127.0.0.1:1")])
    with pytest.raises(ValueError, match="http"):
        callbacks.RemoteMonitor("file:///etc")


@pytest.mark.parametrize("on_epoch", [False, True])
def test_swap_ema_weights(on_epoch):
    kernels = []

    class Look(callbacks.Callback):
        def note(self):
            kernels.append(self.model.get_weights()[0].copy())

        def on_test_begin(self, logs=None):
            self.note()

        def on_epoch_end(self, epoch, logs=None):
            self.note()

        def on_epoch_begin(self, epoch, logs=None):
            self.note()

    def compiled():
        model = model_for()
        model.compile(rkeras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
        return model

    def expected(epochs):
        # Keras' rule, step by step, with full batches: the first step starts the average.
        w, average, rows = np.zeros((2, 1)), None, []
        b = 0.0
        for _ in range(epochs):
            error = X @ w + b - Y
            w = w - 0.1 * 2 * X.T @ error / len(X)
            b = b - 0.1 * 2 * error.mean()
            average = w if average is None else 0.5 * average + 0.5 * w
            rows.append((w, average))
        return rows

    model = compiled()
    swap = callbacks.SwapEMAWeights(swap_on_epoch=on_epoch)
    model.fit(X, Y, batch_size=20, epochs=3, verbose=0, validation_data=(X, Y), callbacks=[swap, Look()])
    rows = expected(3)
    for i, (w, average) in enumerate(rows):
        begin, test, end = kernels[3 * i : 3 * i + 3]
        np.testing.assert_allclose(begin, rows[i - 1][0] if i else 0 * w, atol=1e-6)
        np.testing.assert_allclose(test, average, atol=1e-6)
        np.testing.assert_allclose(end, average if on_epoch else w, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[0], rows[-1][1], atol=1e-6)


def test_swap_ema_weights_needs_averages():
    with pytest.raises(ValueError, match="use_ema"):
        model_for().evaluate(X, Y, verbose=0, callbacks=[callbacks.SwapEMAWeights()])
