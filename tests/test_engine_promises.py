"""What the engine promises as a whole: the same bytes for any threads, no leaks, forks, bad input refused."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import rkeras
from rkeras import _engine, layers, ops


def convnet():
    model = rkeras.Sequential(
        [
            rkeras.Input((12, 12, 1)),
            layers.Conv2D(8, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def digits(n):
    rng = np.random.default_rng(0)
    return rng.random((n, 12, 12, 1), dtype=np.float32), rng.integers(0, 10, n)


def trained_bytes(threads):
    before = _engine.num_threads()
    _engine.set_num_threads(threads)
    try:
        rkeras.utils.set_random_seed(3)
        model = convnet()
        x, y = digits(200)
        model.fit(x, y, batch_size=48, epochs=2, verbose=0)
        return [w.tobytes() for w in model.get_weights()]
    finally:
        _engine.set_num_threads(before)


def test_training_gives_the_same_bytes_on_any_number_of_threads():
    one = trained_bytes(1)
    assert trained_bytes(2) == one
    assert trained_bytes(3) == one


def test_predictions_leave_no_memory_behind():
    model = convnet()
    row = digits(1)[0]
    for _ in range(5):
        model.predict(row, verbose=0)
    gc.collect()
    before = _engine.live_bytes()
    for _ in range(10_000):
        model.predict(row, verbose=0)
    gc.collect()
    assert _engine.live_bytes() == before


def test_models_that_come_and_go_leave_no_memory_behind():
    x, y = np.ones((64, 4), np.float32), np.zeros(64, np.int64)

    def cycle():
        model = rkeras.Sequential([rkeras.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")])
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
        model.fit(x, y, batch_size=16, epochs=1, verbose=0)

    for _ in range(5):
        cycle()
    gc.collect()
    before = _engine.live_bytes()
    for _ in range(200):
        cycle()
    gc.collect()
    assert _engine.live_bytes() == before


def run_python(script, timeout=120, **env):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **env},
        check=False,
    )


def test_training_works_after_fork():
    result = run_python(
        """
        import os
        import numpy as np
        import rkeras
        from rkeras import layers, ops

        def train():
            model = rkeras.Sequential([rkeras.Input((64,)), layers.Dense(256, activation="relu"), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(np.ones((512, 64), "float32"), np.ones((512, 1), "float32"), epochs=2, batch_size=128, verbose=0)
            return float(ops.sum(ops.matmul(ops.ones((600, 600)), ops.ones((600, 600)))))

        assert train() == 600.0**3
        pid = os.fork()
        if pid == 0:
            os._exit(0 if train() == 600.0**3 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert train() == 600.0**3
        print("done")
        """,
        RKERAS_NUM_THREADS="2",
    )
    assert result.stdout.strip() == "done", result.stderr


def test_interrupt_stops_training_and_leaves_the_model_whole():
    script = textwrap.dedent(
        """
        import numpy as np
        import rkeras
        from rkeras import layers
        model = rkeras.Sequential([rkeras.Input((256,)), layers.Dense(512, activation="relu"), layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        x, y = np.ones((4096, 256), "float32"), np.ones((4096, 1), "float32")
        model.fit(x, y, verbose=0)
        print("ready", flush=True)
        try:
            model.fit(x, y, epochs=100000, verbose=0)
        except KeyboardInterrupt:
            assert np.isfinite(model.predict(x[:2], verbose=0)).all()
            print("stopped", flush=True)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().strip() == "ready"
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30)[0].strip() == "stopped"
        finally:
            process.kill()


@pytest.mark.parametrize("isa", ["scalar", "avx2", "avx512"])
def test_every_instruction_set_trains(isa):
    result = run_python(
        """
        import numpy as np
        import rkeras
        from rkeras import layers
        rkeras.utils.set_random_seed(1)
        model = rkeras.Sequential([rkeras.Input((8, 8, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(2, activation="softmax")])
        model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
        x = np.random.default_rng(0).random((64, 8, 8, 1)).astype("float32")
        y = (x.mean((1, 2, 3)) > 0.5).astype("int64")
        print(model.fit(x, y, epochs=3, verbose=0).history["loss"][-1])
        """,
        RKERAS_ISA=isa,
    )
    assert result.returncode == 0, result.stderr
    assert abs(float(result.stdout) - 0.69) < 0.1


BAD_CALLS = [
    (lambda: ops.matmul(np.ones((2, 3)), np.ones((4, 5))), ValueError, r"\(2, 3\) and \(4, 5\)"),
    (lambda: ops.add(np.ones((2, 3)), np.ones((4,))), ValueError, "broadcast"),
    (lambda: ops.reshape(np.ones(6), (4, -1)), ValueError, "reshape"),
    (lambda: ops.sum(np.ones(3), axis=2), ValueError, "axis 2"),
    (lambda: ops.convert_to_tensor(np.array(["a"])), TypeError, "text"),
    (lambda: ops.convert_to_tensor(None), TypeError, "None"),
    (lambda: ops.convert_to_tensor(np.array([object()])), TypeError, "object"),
    (lambda: ops.zeros((10**6, 10**6)), MemoryError, "memory"),
    (lambda: ops.zeros((2**40, 2**40)), MemoryError, "memory"),
    (lambda: ops.max(np.ones((0,))), ValueError, "zero elements"),
    (lambda: ops.conv(np.ones((1, 2, 2, 1), "f4"), np.ones((3, 3, 1, 1), "f4")), ValueError, "does not fit"),
    (lambda: ops.one_hot([1], -1), ValueError, "negative"),
    (lambda: ops.top_k([1.0], k=3), ValueError, "k=3"),
    (lambda: layers.Dense(10**12)(np.ones((1, 10), "f4")), MemoryError, "dense"),
    (lambda: _engine.apply("no_such_op", 1.0), ValueError, "no_such_op"),
]


@pytest.mark.parametrize("call,error,text", BAD_CALLS, ids=lambda v: "" if callable(v) else str(v)[:20])
def test_bad_input_is_refused_with_a_reason(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_any_layout_of_an_array_is_read_right():
    base = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    misaligned = np.frombuffer(b"x" + base.tobytes(), dtype=np.uint8)[1:].view(np.float32).reshape(base.shape)
    for array in (base[::-1], base[:, ::2], base.transpose(2, 0, 1), np.asfortranarray(base), base.astype(">f4"), misaligned):
        np.testing.assert_array_equal(ops.convert_to_tensor(array).numpy(), array)
        np.testing.assert_array_equal(ops.add(array, 1.0).numpy(), array + 1)


def test_out_of_range_indices_read_zeros_and_write_nothing():
    np.testing.assert_array_equal(ops.take(np.array([1.0, 2.0]), [5, 0, -9]).numpy(), [0, 1, 0])
    loss = ops.sparse_categorical_crossentropy([7], [[0.5, 0.5]])
    assert np.isnan(loss.numpy()).all()
