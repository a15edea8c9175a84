"""Every op on 16-bit floats: what float32 gives, rounded once; eager and compiled alike, whole or cut into pieces."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import rkeras
from rkeras import _engine, layers, ops

from .test_ops import CASES, drawn, run

HALVES = {"bfloat16": ml_dtypes.bfloat16, "float16": np.float16}
# Ops that may round factors of their products too, where the processor multiplies pairs of bfloat16: by a step for each of a few terms.
FACTORS = ("lstm", "gru", "simple_rnn", "attention")
# Cases that call several ops round in between.
ROUNDED = [c for c in CASES if c.wrt and c.reference is not None and c.call is None]


def halves(operands, dtype):
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in operands]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("case", ROUNDED, ids=lambda c: c.label)
def test_results_are_those_of_float32_rounded(case, dtype):
    operands = halves(drawn(case, np.random.default_rng(3)), HALVES[dtype])
    wide = [x.astype(np.float32) if x.dtype == HALVES[dtype] else x for x in operands]
    step = float(ml_dtypes.finfo(HALVES[dtype]).eps)
    for got, wanted in zip(run(case, operands), run(case, wide), strict=True):
        got, wanted = got.numpy(), wanted.numpy()
        assert got.shape == wanted.shape
        if wanted.dtype == np.float32:
            assert got.dtype in (HALVES[dtype], np.float32)
            # Numbers too large for a half are infinite.
            with np.errstate(over="ignore"):
                wanted = wanted.astype(got.dtype)
            atol = 4 * step if dtype == "bfloat16" and case.op in FACTORS else 1e-6
            np.testing.assert_allclose(got.astype(np.float32), wanted.astype(np.float32), rtol=step, atol=atol)
        else:
            np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("case", ROUNDED, ids=lambda c: c.label)
def test_compiled_equals_eager(case):
    operands = halves(drawn(case, np.random.default_rng(4)), ml_dtypes.bfloat16)
    eager = [t.numpy() for t in run(case, operands)]
    trace = _engine.Trace()
    arguments = [trace.argument(x.shape, str(x.dtype)) for x in operands]
    plan = trace.finish(run(case, arguments))
    for _ in range(2):
        for got, wanted in zip(plan.run(operands), eager, strict=True):
            np.testing.assert_array_equal(got.numpy().view(f"V{wanted.itemsize}"), wanted.view(f"V{wanted.itemsize}"))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((5, 7), (7,)),
        ((5, 7), (5, 1)),
        ((3, 4, 5), (4, 1)),
        ((1, 5), (5,)),
        ((5,), (1, 1, 5)),
        ((0, 3), (3,)),
        ((70_001,), (1,)),
        ((300, 513), (513,)),
        ((40, 300, 4), (40, 1, 4)),
        ((4, 1), (1, 9)),
        ((), (3,)),
        ((2, 0), (2, 1)),
    ],
    ids=str,
)
def test_pieces_follow_any_broadcasting(left, right):
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=left).astype(ml_dtypes.bfloat16), rng.normal(size=right).astype(ml_dtypes.bfloat16)
    wanted = (a.astype(np.float32) - b.astype(np.float32)).astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(np.asarray(ops.subtract(a, b)), wanted)

    def chain(a, b):
        return ops.gelu(ops.subtract(ops.relu(a), b)) * b

    # In the plan, results take the places of operands.
    np.testing.assert_array_equal(np.asarray(rkeras.function(chain)(a, b)), np.asarray(chain(*map(ops.convert_to_tensor, (a, b)))))


def mixed_bytes(threads):
    before = _engine.num_threads()
    _engine.set_num_threads(threads)
    rkeras.config.set_dtype_policy("mixed_bfloat16")
    try:
        rkeras.utils.set_random_seed(1)
        model = rkeras.Sequential(
            [
                rkeras.Input((12, 12, 2)),
                layers.Conv2D(8, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                layers.Dense(70, activation="gelu"),
                layers.Dense(10),
            ]
        )
        model.compile("adam", rkeras.losses.SparseCategoricalCrossentropy(from_logits=True))
        rng = np.random.default_rng(0)
        y = rng.integers(0, 10, 300)
        x = rng.normal(size=(300, 12, 12, 2)).astype("float32") + y[:, None, None, None] / 3
        history = model.fit(x, y, batch_size=128, epochs=6, verbose=0).history["loss"]
        assert history[-1] < 0.8 * history[0]
        assert all(w.dtype == np.float32 for w in model.get_weights())
        assert model.predict(x[:3], verbose=0).dtype == ml_dtypes.bfloat16
        return [w.tobytes() for w in model.get_weights()]
    finally:
        rkeras.config.set_dtype_policy("float32")
        _engine.set_num_threads(before)


def test_mixed_training_learns_and_gives_the_same_bytes_on_any_number_of_threads():
    one = mixed_bytes(1)
    assert mixed_bytes(2) == one
    assert mixed_bytes(3) == one


def rounded(x):
    return np.asarray(x, np.float32).astype(ml_dtypes.bfloat16).astype(np.float32)


@pytest.mark.parametrize("activation", [None, "relu"])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("channels", [(6, 8), (5, 8), (1, 3), (2, 33)], ids=str)
def test_convolutions_of_bfloat16(channels, padding, strides, activation):
    """Whole pairs of channels and images, and what is left over of either."""
    rng = np.random.default_rng(7)
    x = rounded(rng.normal(size=(5, 13, 12, channels[0])))
    w, b = rounded(rng.normal(size=(3, 3, *channels)) / 5), rounded(rng.normal(size=channels[1]))

    def step(x, w, b):
        x, w, b = map(ops.convert_to_tensor, (x, w, b))
        with rkeras.GradientTape() as tape:
            for v in (x, w, b):
                tape.watch(v)
            y = ops.add(ops.conv(x, w, strides=strides, padding=padding), b)
            y = ops.relu(y) if activation else y
            loss = ops.sum(ops.square(y))
        return y, *tape.gradient(loss, [x, w, b])

    few = [v.astype(ml_dtypes.bfloat16) for v in (x, w, b)]
    eager = [np.asarray(v) for v in step(*few)]
    compiled = [np.asarray(v) for v in rkeras.function(step)(*map(ops.convert_to_tensor, few))]
    for half, other, single in zip(eager, compiled, step(x, w, b), strict=True):
        single = np.asarray(single)
        assert half.dtype == other.dtype == ml_dtypes.bfloat16
        # What goes into the passes back is rounded itself: sums of some hundred terms, each within a step.
        scale = np.abs(single).max()
        np.testing.assert_allclose(half.astype("f4") / scale, single / scale, atol=0.01)
        np.testing.assert_allclose(other.astype("f4") / scale, single / scale, atol=0.01)


def test_a_convolution_of_bfloat16_and_the_pool_after_it():
    rng = np.random.default_rng(8)
    for channels in [(6, 8), (1, 8), (8, 40)]:
        x, w = rounded(rng.normal(size=(5, 14, 12, channels[0]))), rounded(rng.normal(size=(3, 3, *channels)) / 5)

        @rkeras.function
        def pooled(x, w):
            return ops.max_pool(ops.relu(ops.conv(x, w, padding="same")), 2)

        few = [ops.convert_to_tensor(v.astype(ml_dtypes.bfloat16)) for v in (x, w)]
        got, wanted = np.asarray(pooled(*few)).astype("f4"), np.asarray(pooled(x, w))
        np.testing.assert_allclose(got, rounded(wanted), rtol=2**-7, atol=1e-2)


SUMS = [
    ((), None),
    ((7,), 0),
    ((0,), 0),
    ((0, 3), 0),
    ((3, 0), 1),
    ((3, 0), 0),
    ((0, 3), 1),
    ((5, 7, 9), 0),
    ((5, 7, 9), 1),
    ((5, 7, 9), (0, 2)),
    ((5, 7, 9), (1, 2)),
    ((5, 7, 9), None),
    ((3000, 33), 0),
    ((3000, 33), 1),
    ((40, 90_001), 0),
    ((40, 90_001), 1),
    ((1, 90_001), 0),
    ((17, 50, 50, 3), (0, 1, 2)),
    ((1_300_000,), 0),
]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize(("shape", "axis"), SUMS, ids=str)
def test_sums_over_any_axes(shape, axis, dtype):
    x = np.random.default_rng(9).normal(size=shape).astype(HALVES[dtype])
    got, wanted = np.asarray(ops.sum(x, axis=axis)), np.asarray(x.astype("f8")).sum(axis)
    assert got.shape == wanted.shape and got.dtype == HALVES[dtype]
    step = float(ml_dtypes.finfo(HALVES[dtype]).eps)
    error = 1e-6 * np.abs(x.astype("f8")).sum(axis)  # of the sums in float32
    assert (np.abs(got.astype("f8") - wanted) <= step * np.abs(wanted) + error + 1e-6).all()
    compiled = np.asarray(rkeras.function(lambda x: ops.sum(x, axis=axis))(ops.convert_to_tensor(x)))
    np.testing.assert_array_equal(compiled.view("u2"), got.view("u2"))


@pytest.mark.parametrize("kind", ["lstm", "gru", "simple"])
def test_recurrent_layers_of_bfloat16(kind):
    """States and kernels are rounded, sums are not: what float32 gives, within some steps."""
    rng = np.random.default_rng(10)
    x = rng.normal(size=(5, 9, 7)).astype("f4")
    make = {"lstm": layers.LSTM, "gru": layers.GRU, "simple": layers.SimpleRNN}[kind]
    found = []
    for dtype in ("float32", "mixed_bfloat16"):
        rkeras.utils.set_random_seed(11)
        layer = make(37, return_sequences=True, dtype=dtype)
        layer.build(x.shape)
        with rkeras.GradientTape() as tape:
            y = layer(x)
            loss = ops.sum(ops.square(ops.cast(y, "float32")))
        found.append([np.asarray(v).astype("f4") for v in (y, *tape.gradient(loss, layer.trainable_variables))])
        assert str(y.dtype) == ("float32" if dtype == "float32" else "bfloat16")
    for single, half in zip(*found, strict=True):
        np.testing.assert_allclose(half / np.abs(single).max(), single / np.abs(single).max(), atol=0.03)


@pytest.mark.parametrize("sizes", [(6, 4), (5, 4), (32, 16)], ids=str)
@pytest.mark.parametrize("causal", [False, True])
def test_attention_of_bfloat16(sizes, causal):
    rng = np.random.default_rng(12)
    q, k = (rounded(rng.normal(size=(2, n, 3, sizes[0]))) for n in (19, 33))
    v, g = rounded(rng.normal(size=(2, 33, 3, sizes[1]))), rounded(rng.normal(size=(2, 19, 3, sizes[1])))

    def step(q, k, v, g):
        with rkeras.GradientTape() as tape:
            for x in (q, k, v):
                tape.watch(x)
            y = ops.dot_product_attention(q, k, v, is_causal=causal)
            loss = ops.sum(ops.multiply(y, g))
        return y, *tape.gradient(loss, [q, k, v])

    few = [ops.convert_to_tensor(x.astype(ml_dtypes.bfloat16)) for x in (q, k, v, g)]
    single = step(*map(ops.convert_to_tensor, (q, k, v, g)))
    for call in (step, rkeras.function(step)):
        for half, wanted in zip(call(*few), single, strict=True):
            assert str(half.dtype) == "bfloat16"
            scale = float(ops.max(ops.abs(wanted)))
            np.testing.assert_allclose(np.asarray(half).astype("f4") / scale, np.asarray(wanted) / scale, atol=0.015)
