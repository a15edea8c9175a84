"""Layers that prepare data against figures from Keras (fixtures/make_data_layers.py), and their own rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers
from tests.fixtures.data_layer_cases import CASES

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "data_layers.json").read_text())


def _made(name):
    kind, arguments, data, _ = CASES[name]
    layer = getattr(layers, kind)(**arguments)
    if data is not None:
        layer.adapt(data)
    return layer


def _check(found, figure):
    dtype, expected = figure
    expected = np.asarray(expected)
    found = np.asarray(found)
    assert found.dtype == dtype and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("name", CASES)
def test_results_are_those_of_keras(name):
    layer = _made(name)
    for x, figure in zip(CASES[name][3], FIGURES[name], strict=True):
        _check(layer(x), figure)


@pytest.mark.parametrize("name", CASES)
def test_configs_and_weights_make_the_same_layer(name):
    layer = _made(name)
    x = CASES[name][3][0]
    expected = np.asarray(layer(x))
    record = json.loads(json.dumps(rkeras.saving.serialize_keras_object(layer)))
    again = rkeras.saving.deserialize_keras_object(record)
    if layer.weights:
        again.build(x.shape)
        again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(np.asarray(again(x)), expected)


@pytest.mark.parametrize("name", CASES)
def test_symbolic_shapes_and_dtypes_are_those_of_results(name):
    layer, x = _made(name), CASES[name][3][0]
    expected = np.asarray(layer(x))
    symbolic = layer(layers.Input(batch_shape=x.shape, dtype=x.dtype.name))
    assert symbolic.shape == expected.shape and symbolic.dtype == expected.dtype
    if x.ndim > 1 and name != "resizing_whole":
        assert layer(layers.Input(x.shape[1:], dtype=x.dtype.name)).shape == (None, *expected.shape[1:])


def test_adapting_to_batches_is_adapting_to_all():
    rows = np.random.default_rng(0).normal(3.0, 2.0, (20, 3)).astype("float32")
    one, other = layers.Normalization(), layers.Normalization()
    one.adapt(rows)
    other.adapt([(rows[i : i + 6], None) for i in range(0, 20, 6)])
    np.testing.assert_allclose(one.adapt_mean.numpy(), other.adapt_mean.numpy(), rtol=1e-5)
    np.testing.assert_allclose(one.adapt_variance.numpy(), other.adapt_variance.numpy(), rtol=1e-5)


def test_a_model_with_learnt_normalization_comes_back(tmp_path):
    rows = np.random.default_rng(0).normal(3.0, 2.0, (20, 3)).astype("float32")
    normalization, ranges = layers.Normalization(), layers.Discretization(num_bins=3, output_mode="one_hot")
    normalization.adapt(rows)
    ranges.adapt(rows)
    inputs = layers.Input((3,))
    parts = [normalization(inputs), layers.Flatten()(ranges(inputs))]
    model = rkeras.Model(inputs, layers.Dense(1)(layers.Concatenate()(parts)))
    model.compile("sgd", "mse")
    model.fit(rows, rows[:, :1], verbose=0)
    expected = model.predict(rows, verbose=0)
    model.save(tmp_path / "model.keras")
    again = rkeras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(rows, verbose=0), expected)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: layers.Normalization(mean=1.0), "mean and variance or none"),
        (lambda: layers.Normalization(mean=1.0, variance=[1.0, 2.0]), "must agree"),
        (lambda: layers.Normalization(axis=3)(np.ones((2, 2))), "axis (3,)"),
        (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(np.ones((2, 2))), "was made with a mean"),
        (lambda: layers.Normalization().adapt([]), "no data"),
        (lambda: layers.Discretization(), "either bin_boundaries or num_bins"),
        (lambda: layers.Discretization([1.0]).adapt(np.ones(3)), "needs num_bins"),
        (lambda: layers.Discretization(num_bins=3)(np.ones(3)), "call adapt"),
        (lambda: layers.CategoryEncoding(), "num_tokens=None"),
        (lambda: layers.CategoryEncoding(3, output_mode="int"), "'int'"),
        (lambda: layers.CategoryEncoding(3)(np.ones((2, 2)), count_weights=np.ones((2, 2))), "'count' only"),
        (lambda: layers.Resizing(0, 3), "height=0"),
        (lambda: layers.Resizing(3, 3)(layers.Input((4,))), "3 or 4 axes"),
    ],
)
def test_errors_say_what_is_wrong(make, said):
    with pytest.raises(ValueError) as caught:
        make()
    assert said in str(caught.value)


def test_counts_with_weights():
    weights = np.array([[0.5, 2.0, 1.0]])
    rows = layers.CategoryEncoding(3, output_mode="count")(np.array([[0, 2, 2]]), count_weights=weights)
    assert rows.tolist() == [[0.5, 0.0, 3.0]]
