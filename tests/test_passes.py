"""What the compiler makes of a graph: cheaper programs with the same results."""

import numpy as np
import pytest

import rkeras
from rkeras import _engine, layers, ops, optimizers


@pytest.mark.parametrize(("pool", "strides", "padding"), [(2, 2, "valid"), (3, 2, "same"), (3, 1, "valid"), (2, 3, "same")])
def test_the_gradient_of_relu_before_a_pool_is_taken_behind_it(pool, strides, padding):
    rng = np.random.default_rng(3)
    x, bias = rng.normal(size=(2, 7, 8, 3)), rkeras.Variable(rng.normal(size=3), dtype="float64")
    image = rkeras.Variable(x, dtype="float64")

    def gradients():
        with rkeras.GradientTape() as tape:
            pooled = ops.max_pool(ops.relu(image + bias), pool, strides, padding)
            loss = ops.sum(ops.square(pooled))
        return tape.gradient(loss, [image, bias])

    text = rkeras.debug.graph(gradients)
    count = pooled_elements(x, pool, strides, padding)
    assert "relu_grad(" in text
    relu = next(line for line in text.splitlines() if "relu_grad" in line)
    assert str(count[0]) in relu and str(count[1]) in relu, relu
    for compiled, eager in zip(rkeras.function(gradients)(), gradients(), strict=True):
        np.testing.assert_allclose(compiled, eager, rtol=1e-12, atol=1e-12)


def pooled_elements(x, pool, strides, padding):
    return ops.max_pool(x, pool, strides, padding).shape[1:3]


def test_a_gradient_that_is_read_twice_stays_whole():
    x = rkeras.Variable(np.random.default_rng(0).normal(size=(1, 4, 4, 2)), dtype="float64")

    def twice():
        with rkeras.GradientTape() as tape:
            hidden = ops.relu(x)
            loss = ops.sum(ops.max_pool(hidden, 2)) + ops.sum(hidden * hidden)
        return tape.gradient(loss, x)

    np.testing.assert_allclose(rkeras.function(twice)(), twice(), rtol=1e-12)


def test_labels_of_layers_and_losses_reach_the_profile():
    model = rkeras.Sequential([rkeras.Input((4,)), layers.Dense(3, "relu", name="hidden"), layers.Dense(1, name="out")])
    model.compile("adam", "mse", metrics=["mae"])
    x, y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
    with rkeras.profiler.Profile() as profile:
        model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    rows = {row.name: row for row in profile.rows("layer")}
    assert {"hidden", "out", "hidden (gradient)", "out (gradient)", "loss", "metrics", "adam"} <= set(rows)
    assert all(row.runs % 4 == 0 for row in rows.values())
    assert rows["hidden"].flops == 4 * profile_flops(4, 4, 3)


def profile_flops(rows, inner, columns):
    return 2 * rows * inner * columns


def test_a_profile_as_table_and_trace(tmp_path):
    import gzip
    import json

    with rkeras.profiler.Profile() as profile:
        rkeras.function(lambda x: ops.exp(x) @ x)(np.ones((3, 3), "float32"))
    lines = profile.table("op").splitlines()
    assert lines[0].split()[:3] == ["op", "runs", "ms"] and lines[-1].startswith("total")
    assert {line.split()[0] for line in lines[1:-1]} == {"exp", "matmul"}
    profile.trace(tmp_path / "trace.json.gz")
    events = json.loads(gzip.decompress((tmp_path / "trace.json.gz").read_bytes()))["traceEvents"]
    calls = [event for event in events if event["ph"] == "X"]
    assert sorted(event["name"] for event in calls) == ["exp", "matmul"]
    assert all(event["dur"] >= 0 and event["ts"] >= 0 for event in calls)
    with pytest.raises(ValueError, match="by 'op', 'layer' or 'call'"):
        profile.rows("colour")


OPTIMIZERS = [
    lambda: optimizers.SGD(0.1),
    lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    lambda: optimizers.RMSprop(0.01),
    lambda: optimizers.Adam(0.01),
    lambda: optimizers.AdamW(0.01),
]


@pytest.mark.parametrize("make", OPTIMIZERS, ids=["sgd", "momentum", "rmsprop", "adam", "adamw"])
def test_the_gradient_of_a_table_stays_in_rows(make):
    rng = np.random.default_rng(4)
    start, scale = rng.normal(size=(500, 6)).astype("float32"), rng.normal(size=6).astype("float32")
    batches = [rng.integers(0, 500, (8, 5)) for _ in range(3)]

    def trained(read_gradient):
        table, optimizer = rkeras.Variable(start), make()
        optimizer.build([table])

        def step(indices):
            with rkeras.GradientTape() as tape:
                loss = ops.sum(ops.square(ops.take(table, indices, axis=0)) * scale)
            gradient = tape.gradient(loss, table)
            optimizer.apply([gradient], [table])
            return (loss, gradient) if read_gradient else loss

        compiled = rkeras.function(step)
        for indices in batches:
            compiled(indices)
        return rkeras.debug.plan(step, batches[0]), table.numpy()

    (rows, from_rows), (whole, from_whole) = trained(False), trained(True)
    assert "scatter_add" not in rows and "gradient: Rows" in rows
    assert "scatter_add" in whole and "gradient: Rows" not in whole
    np.testing.assert_array_equal(from_rows, from_whole)
    assert not np.array_equal(from_rows, start)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("make", OPTIMIZERS, ids=["sgd", "momentum", "rmsprop", "adam", "adamw"])
def test_the_gradient_of_halves_is_widened_by_the_optimizer(make, dtype):
    rng = np.random.default_rng(5)
    start, x = rng.normal(size=(70, 90)).astype("float32"), rng.normal(size=(9, 70)).astype("float32")

    def trained(read_gradient):
        weights, optimizer = rkeras.Variable(start), make()
        optimizer.build([weights])

        def step(x):
            with rkeras.GradientTape() as tape:
                loss = ops.sum(ops.cast(ops.matmul(ops.cast(x, dtype), ops.cast(weights, dtype)), "float32"))
            gradient = tape.gradient(loss, weights)
            optimizer.apply([gradient], [weights])
            return (loss, gradient) if read_gradient else loss

        compiled = rkeras.function(step)
        for _ in range(3):
            compiled(x)
        return rkeras.debug.plan(step, x), weights.numpy()

    (halves, from_halves), (read, from_read) = trained(False), trained(True)
    casts = [line for line in halves.splitlines() if " cast " in line and "-> float32(70, 90)" in line]
    assert "gradient: Halves" in halves and not casts
    assert "gradient: Halves" in read
    np.testing.assert_array_equal(from_halves, from_read)
    assert not np.array_equal(from_halves, start)


def test_bytes_of_a_trained_embedding_do_not_depend_on_threads():
    x, y = np.random.default_rng(5).integers(0, 3000, (64, 20)), np.arange(64) % 2

    def trained(threads):
        before = _engine.num_threads()
        _engine.set_num_threads(threads)
        try:
            rkeras.utils.set_random_seed(1)
            net = rkeras.Sequential([layers.Embedding(3000, 16), layers.GlobalAveragePooling1D(), layers.Dense(1, "sigmoid")])
            net.compile("adam", "binary_crossentropy")
            net.fit(x, y, batch_size=16, epochs=2, verbose=0)
            return [w.tobytes() for w in net.get_weights()]
        finally:
            _engine.set_num_threads(before)

    assert trained(1) == trained(2) == trained(3)


@pytest.mark.parametrize("make", [lambda: layers.BatchNormalization(), lambda: layers.LayerNormalization()], ids=["batch", "layer"])
def test_norms_between_layers_of_bfloat16_take_it_as_it_is(make):
    rng = np.random.default_rng(6)
    norm = make()
    norm.dtype_policy = "mixed_bfloat16"
    norm.build((None, 5, 7))
    x, w = (rkeras.ops.cast(rng.normal(1.0, 2.0, (4, 5, 7)), "bfloat16") for _ in range(2))

    def slopes(x, w):
        with rkeras.GradientTape() as tape:
            tape.watch(x)
            y = norm(x * 2, training=True)
            loss = ops.sum(ops.cast(y * w, "float32"))
        return y, *tape.gradient(loss, [x, norm.gamma, norm.beta])

    plan = rkeras.debug.plan(slopes, x, w)
    kernels = [line for line in plan.splitlines() if "_norm" in line]
    assert len(kernels) == 2 and all("bfloat16(4, 5, 7)" in line for line in kernels), plan
    for compiled, eager in zip(rkeras.function(slopes)(x, w), slopes(x, w), strict=True):
        np.testing.assert_array_equal(np.asarray(compiled, "float32"), np.asarray(eager, "float32"))
