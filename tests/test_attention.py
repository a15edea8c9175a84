"""Attention layers against figures from Keras, and what figures do not show."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import _engine, layers, ops

FIXTURES = Path(__file__).parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from attention_table import GROUPS, HEADS, TABLE, masks  # noqa: E402

FIGURES = np.load(FIXTURES / "attention.npz")
AS_LIST = ("Attention", "AdditiveAttention")


def _of(name, what):
    found = []
    while f"{name}/{what}{len(found)}" in FIGURES:
        found.append(FIGURES[f"{name}/{what}{len(found)}"])
    return found


def _made(name):
    kind, arguments, shapes, _ = TABLE[name]
    layer = getattr(layers, kind)(**arguments)
    if kind in AS_LIST:
        layer.build(shapes)
    else:
        layer.build(*shapes)
    layer.set_weights(_of(name, "weight"))
    call, implicit = masks(np, name)
    xs = [ops.convert_to_tensor(x) for x in _of(name, "input")]
    for x, mask in zip(xs, implicit, strict=False):
        x._keras_mask = ops.convert_to_tensor(mask)
    return layer, xs, call


def _called(layer, xs, **call):
    if type(layer).__name__ in AS_LIST:
        return layer(list(xs), **call)
    return layer(**dict(zip(("query", "value", "key"), xs, strict=False)), **call)


def _close(found, expected, tolerance=2e-5):
    assert found.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("name", TABLE)
def test_outputs_scores_and_gradients_are_those_of_keras(name):
    layer, xs, call = _made(name)
    with rkeras.GradientTape() as tape:
        for x in xs:
            tape.watch(x)
        results = _called(layer, xs, **call)
        results = results if isinstance(results, tuple) else (results,)
        factors = [np.cos(np.arange(y.size, dtype="float32")).reshape(y.shape) for y in results]
        loss = sum(ops.sum(y * f) for y, f in zip(results, factors, strict=True))
    for found, expected in zip(results, _of(name, "output"), strict=True):
        _close(found.numpy(), expected)
    expected = _of(name, "weight_gradient") + _of(name, "input_gradient")
    if expected:
        targets = [*layer.trainable_variables, *xs]
        for found, wanted in zip(tape.gradient(loss, targets), expected, strict=True):
            _close(np.zeros_like(wanted) if found is None else found.numpy(), wanted, 1e-4)


@pytest.mark.parametrize("name", [name for name in TABLE if "implicit" not in TABLE[name][3]])
def test_compiled_symbolic_and_restored_calls_agree(name):
    layer, xs, call = _made(name)
    expected = rkeras.tree.flatten(_called(layer, xs, **call))
    compiled = rkeras.function(lambda *xs: _called(layer, xs, **call))(*xs)
    again = rkeras.saving.deserialize_keras_object(rkeras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    restored = _called(again, xs, **call)
    again.set_weights(layer.get_weights())
    restored = _called(again, xs, **call)
    symbolic = _called(layer, [layers.Input((None, *x.shape[2:])) for x in xs], **_without_sizes(call))
    for wanted, one, other, shape in zip(
        expected, *(rkeras.tree.flatten(ys) for ys in (compiled, restored, symbolic)), strict=True
    ):
        np.testing.assert_allclose(one.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(other.numpy(), wanted.numpy())
        assert len(shape.shape) == wanted.ndim and shape.dtype == wanted.dtype
        assert all(m in (None, n) for m, n in zip(shape.shape, wanted.shape, strict=True))


def _without_sizes(call):
    return {key: value for key, value in call.items() if isinstance(value, bool)}


@pytest.mark.parametrize("name", [name for name in TABLE if name.startswith(("mha", "gqa"))])
def test_scores_asked_for_change_nothing_else(name):
    layer, xs, call = _made(name)
    plain, scores = {**call, "return_attention_scores": False}, {**call, "return_attention_scores": True}
    one, (other, weights) = _called(layer, xs, **plain).numpy(), _called(layer, xs, **scores)
    # A query that sees nothing has no weights at all if they are held, and finds the mean if they are not.
    seeing = weights.numpy().sum(axis=-1).min(axis=1) > 0.5
    if seeing.shape == one.shape[:2]:
        np.testing.assert_allclose(one[seeing], other.numpy()[seeing], rtol=1e-4, atol=1e-5)
        assert name in ("mha_all_masked", "mha_all_masked_scores", "gqa_masks", "mha_dropout_off") or (
            seeing.all() or "implicit" in name or "attention_mask" in name
        )


def test_models_of_keras_load_and_go_back(tmp_path):
    model = rkeras.saving.load_model(FIXTURES / "attention.keras")
    x = np.random.default_rng(0).normal(size=(2, 5, 6)).astype("float32")
    expected = np.load(FIXTURES / "attention_output.npy")
    _close(model.predict(x, verbose=0), expected)
    model.save(tmp_path / "again.keras")
    again = rkeras.saving.load_model(tmp_path / "again.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_weights_files_have_the_paths_of_keras(tmp_path):
    import io
    import zipfile

    h5py = pytest.importorskip("h5py")

    def paths(archive):
        found = {}
        with zipfile.ZipFile(archive) as z, h5py.File(io.BytesIO(z.read("model.weights.h5"))) as file:
            file.visititems(lambda name, x: found.update({name: x.shape}) if hasattr(x, "shape") else None)
        # Where a generator stands is a thing of our own.
        return {name: shape for name, shape in found.items() if not name.startswith("_rkeras")}

    rkeras.saving.load_model(FIXTURES / "attention.keras").save(tmp_path / "again.keras")
    assert paths(tmp_path / "again.keras") == paths(FIXTURES / "attention.keras")


def test_masks_of_an_embedding_hide_padding_and_pass_on():
    ids = np.array([[1, 2, 3, 0, 0], [4, 5, 0, 0, 0]])
    other = np.array([[1, 2, 3, 0, 0, 0, 0], [4, 5, 0, 0, 0, 0, 0]])
    embedding = layers.Embedding(9, 6, mask_zero=True)
    layer = layers.MultiHeadAttention(**HEADS)
    x, longer = embedding(ids), embedding(other)
    y, z = layer(x, x), layer(longer, longer)
    np.testing.assert_allclose(y.numpy()[0, :3], z.numpy()[0, :3], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(y._keras_mask.numpy(), ids != 0)
    # What it was given still has its mask, for whatever else reads it.
    np.testing.assert_array_equal(x._keras_mask.numpy(), ids != 0)


def test_an_explicit_query_mask_is_one():
    layer, (query, value), _ = _made("mha")
    mask = np.array([[True] * 5, [True, True, False, False, False]])
    y = layer(query, value, query_mask=mask)
    query._keras_mask = ops.convert_to_tensor(mask)
    np.testing.assert_array_equal(y.numpy(), layer(query, value).numpy())
    np.testing.assert_array_equal(y._keras_mask.numpy(), mask)


@pytest.mark.parametrize(
    ("kind", "arguments"), [("MultiHeadAttention", HEADS), ("GroupQueryAttention", GROUPS), ("Attention", {})]
)
def test_dropout_is_determined_by_its_seed_and_keeps_the_mean(kind, arguments):
    x = np.random.default_rng(0).normal(size=(2, 8, 6)).astype("float32")

    def results(seed):
        layer = getattr(layers, kind)(**arguments, dropout=0.4, seed=seed)
        xs = [ops.convert_to_tensor(x)] * 2
        _called(layer, xs)
        random = np.random.default_rng(1)
        layer.set_weights([random.normal(size=w.shape) for w in layer.weights])
        still = _called(layer, xs).numpy()
        return still, [_called(layer, xs, training=True).numpy() for _ in range(200)]

    (still, one), (_, same), (_, other) = results(1), results(1), results(2)
    np.testing.assert_array_equal(one[0], same[0])
    assert (one[0] != one[1]).any() and (one[0] != other[0]).any()
    assert np.abs(np.mean(one, axis=0) - still).max() < 0.35 * np.abs(still).max()


def test_a_subclass_attends_in_its_own_way():
    given = []

    class Uniform(layers.MultiHeadAttention):
        def _compute_attention(self, query, key, value, attention_mask=None, training=None, **kwargs):
            given.append(None if attention_mask is None else tuple(attention_mask.shape))
            return query * 0.0 + ops.mean(value, axis=1, keepdims=True), None

    x = np.random.default_rng(0).normal(size=(2, 5, 6)).astype("float32")
    y = Uniform(**HEADS)(x, x, use_causal_mask=True).numpy()
    np.testing.assert_allclose(y, np.broadcast_to(y[:, :1], y.shape), rtol=1e-5, atol=1e-6)
    assert given == [(1, 5, 5)]


@pytest.mark.parametrize("dtype", ["float64", "mixed_float16", "mixed_bfloat16"])
def test_other_precisions_are_near(dtype):
    x = np.random.default_rng(0).normal(size=(2, 5, 6)).astype("float32")
    single = layers.MultiHeadAttention(**HEADS)
    expected = single(x, x, use_causal_mask=True).numpy()
    layer = layers.MultiHeadAttention(**HEADS, dtype=dtype)
    layer.build(x.shape, x.shape)
    layer.set_weights(single.get_weights())
    y = layer(x, x, use_causal_mask=True)
    assert y.dtype == layer.compute_dtype
    tolerance = {"float64": 1e-5, "mixed_float16": 1e-2, "mixed_bfloat16": 6e-2}[dtype]
    np.testing.assert_allclose(y.numpy().astype("float32"), expected, atol=tolerance)


def _reference(query, key, value, bias=None, mask=None, scale=None, is_causal=False):
    groups = query.shape[2] // key.shape[2]
    key, value = np.repeat(key, groups, axis=2), np.repeat(value, groups, axis=2)
    scores = np.einsum("bqhd,bkhd->bhqk", query, key, dtype="float64")
    scores = scores * (query.shape[-1] ** -0.5 if scale is None else scale)
    if bias is not None:
        scores = scores + bias
    seen = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    if is_causal:
        seen = seen & np.tri(*scores.shape[2:], dtype=bool)
    scores = np.where(seen, scores, -1e30)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.einsum("bhqk,bkhd->bqhd", weights / weights.sum(axis=-1, keepdims=True), value)


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("heads", [(2, 2), (4, 2), (3, 1)])
def test_dot_product_attention_is_its_definition(heads, is_causal):
    random = np.random.default_rng(0)
    query = random.normal(size=(2, 5, heads[0], 3)).astype("float32")
    key = random.normal(size=(2, 7, heads[1], 3)).astype("float32")
    value = random.normal(size=(2, 7, heads[1], 4)).astype("float32")
    bias = random.normal(size=(1, heads[0], 5, 7)).astype("float32")
    mask = random.random((2, 1, 5, 7)) < 0.5
    for options in ({}, {"bias": bias}, {"mask": mask, "scale": 0.3}, {"mask": mask[:, :, :1], "bias": bias}):
        found = ops.dot_product_attention(query, key, value, is_causal=is_causal, **options)
        _close(found.numpy(), _reference(query, key, value, is_causal=is_causal, **options).astype("float32"))


def test_dot_product_attention_of_symbolic_tensors():
    query, key = layers.Input((None, 4, 3)), layers.Input((None, 2, 3))
    model = rkeras.Model([query, key], ops.nn.dot_product_attention(query, key, key, is_causal=True))
    assert model.output_shape == (None, None, 4, 3)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 5, 4, 3)).astype("float32"), random.normal(size=(2, 6, 2, 3)).astype("float32")
    _close(model([x, y]).numpy(), _reference(x, y, y, is_causal=True).astype("float32"))


def test_capped_scores():
    random = np.random.default_rng(0)
    x = random.normal(size=(1, 6, 1, 4)).astype("float32") * 9
    scores = np.einsum("bqhd,bkhd->bhqk", x, x) * 0.5
    scores = scores / (1 + np.abs(scores) / 5)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    found = ops.dot_product_attention(x, x, x, attn_logits_soft_cap=5.0)
    _close(found.numpy(), np.einsum("bhqk,bkhd->bqhd", weights, x))


def test_flash_attention_is_a_setting():
    try:
        rkeras.config.disable_flash_attention()
        assert rkeras.config.is_flash_attention_enabled() is False
    finally:
        rkeras.config.enable_flash_attention()
    assert rkeras.config.is_flash_attention_enabled() is None


X = np.ones((2, 5, 6), "float32")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: layers.MultiHeadAttention(0, 3), "num_heads=0"),
        (lambda: layers.MultiHeadAttention(2, 3, value_dim=-1), "value_dim=-1"),
        (lambda: layers.MultiHeadAttention(2, 3, output_shape=2.5), "output_shape"),
        (lambda: layers.MultiHeadAttention(2, 3, attention_axes="x"), "attention_axes"),
        (lambda: layers.MultiHeadAttention(2, 3, attention_axes=3)(X, X), "attention_axes"),
        (lambda: layers.MultiHeadAttention(2, 3, sliding_window=0), "sliding_window"),
        (lambda: layers.MultiHeadAttention(2, 3, flash_attention=True, dropout=0.1), "dropout=0.1"),
        (lambda: layers.MultiHeadAttention(2, 3, flash_attention=True)(X, X, return_attention_scores=True), "flash"),
        (lambda: layers.MultiHeadAttention(2, 3)(X, X, np.ones((2, 4, 6), "float32")), "(2, 4, 6)"),
        (lambda: layers.GroupQueryAttention(3, 4, 3), "num_key_value_heads=3"),
        (lambda: layers.GroupQueryAttention(3, 4, 2)(X[0], X[0]), "(batch, time, features)"),
        (lambda: layers.Attention(score_mode="sum"), "score_mode='sum'"),
        (lambda: layers.Attention()(X), "[query, value]"),
        (lambda: layers.Attention()([X]), "1 inputs"),
        (lambda: layers.Attention()([X, X], mask=X), "query_mask"),
        (lambda: layers.Attention(dropout=2.0), "rate=2.0"),
        (lambda: ops.dot_product_attention(X, X, X), "(2, 5, 6)"),
        (lambda: ops.dot_product_attention(X[None], X[None, :, :4], X[None, :, :4]), "each head"),
        (lambda: ops.dot_product_attention(X[None], X[None, :, :3], X[None, :, :4]), "key for each value"),
    ],
)
def test_errors_say_what_is_wrong(make, said):
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert said in str(caught.value)


def test_a_transformer_block_learns():
    rkeras.utils.set_random_seed(1)
    inputs = layers.Input((12,), dtype="int32")
    x = layers.Embedding(10, 16, mask_zero=True)(inputs)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 8)(x, x))
    model = rkeras.Model(inputs, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x)))
    model.compile(rkeras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    ids = np.random.default_rng(0).integers(0, 10, (256, 12))
    labels = ((ids == 3).sum(axis=1) > (ids == 4).sum(axis=1)).astype("int32")
    history = model.fit(ids, labels, batch_size=32, epochs=12, verbose=0).history
    assert history["accuracy"][-1] > 0.9


def _long(length, size=32):
    random = np.random.default_rng(0)
    return [random.normal(size=(1, length, 4, size)).astype("float32") for _ in range(4)]


def _both_ways(operands, **attrs):
    query, key, value, g = operands
    out, statistics = _engine.apply("attention", query, key, value, scale=0.2, **attrs)
    slopes = _engine.apply("attention_gradient", query, key, value, out, statistics, g, scale=0.2, **attrs)
    return [x.numpy() for x in (out, *slopes)]


@pytest.mark.parametrize("attrs", [{}, {"causal": True}, {"causal": True, "window": 40}])
def test_bytes_are_the_same_on_any_number_of_threads(attrs):
    before = _engine.num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            _engine.set_num_threads(threads)
            found.append([x.tobytes() for x in _both_ways(_long(300), **attrs)])
    finally:
        _engine.set_num_threads(before)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("size", [32, 70])
def test_long_sequences_in_single_precision(size):
    operands = [x[:, :, :2] for x in _long(300, size)]
    for attrs in ({}, {"causal": True}):
        found = _both_ways(operands, **attrs)
        expected = _both_ways([x.astype("float64") for x in operands], **attrs)
        for x, y in zip(found, expected, strict=True):
            assert np.abs(x - y).max() < 2e-5 * np.abs(y).max()


IN_A_PROCESS = """
import resource, sys
import numpy as np
from rkeras import _engine
random = np.random.default_rng(0)
length, size = int(sys.argv[1]), int(sys.argv[2])
q, k, v, g = (_engine.convert(random.normal(size=(1, length, 4, size)).astype("float32")) for _ in range(4))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
out, statistics = _engine.apply("attention", q, k, v, scale=0.2, causal=True)
slopes = _engine.apply("attention_gradient", q, k, v, out, statistics, g, scale=0.2, causal=True)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(after - before, *(float(np.abs(x.numpy()).sum(dtype="float64")) for x in (out, *slopes)))
"""


def _in_a_process(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(x) for x in done.stdout.split()]


def test_memory_grows_with_the_length_and_not_with_its_square():
    # All scores of 4096 queries and keys in four heads would take 256 MiB.
    assert _in_a_process(4096, 32)[0] < 48 * 1024


@pytest.mark.parametrize("isa", ["avx2", "scalar"])
def test_every_instruction_set_finds_the_same(isa):
    np.testing.assert_allclose(_in_a_process(200, 24, RKERAS_ISA=isa)[1:], _in_a_process(200, 24)[1:], rtol=1e-5)
