"""Layers that Keras 3 has no more, against formulas in NumPy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import rkeras
from rkeras import layers


def _locally_connected(x, kernel, bias, size, strides, first):
    """Place by place, with the order of taps and channels that older weights have."""
    space = x.shape[2:] if first else x.shape[1:-1]
    places = [(n - k) // s + 1 for n, k, s in zip(space, size, strides, strict=True)]
    rows = []
    for i, place in enumerate(product(*map(range, places))):
        window = tuple(slice(p * s, p * s + k) for p, s, k in zip(place, strides, size, strict=True))
        part = x[(slice(None), slice(None), *window)] if first else x[(slice(None), *window)]
        rows.append(part.reshape(len(x), -1) @ kernel[i])
    found = np.stack(rows, 1).reshape(len(x), *places, -1) + bias
    return np.moveaxis(found, -1, 1) if first else found


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    ("kind", "shape", "size", "strides"),
    [("LocallyConnected1D", (2, 7, 3), (3,), (2,)), ("LocallyConnected2D", (2, 6, 5, 3), (3, 2), (1, 2))],
)
def test_each_place_has_its_kernel(kind, shape, size, strides, data_format):
    random = np.random.default_rng(0)
    first = data_format == "channels_first"
    x = random.normal(size=shape).astype("float32")
    if first:
        x = np.moveaxis(x, -1, 1)
    layer = getattr(layers, kind)(4, size, strides=strides, data_format=data_format, bias_initializer="normal")
    found = layer(x)
    expected = _locally_connected(x, *layer.get_weights(), size, strides, first)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5)
    assert layer(layers.Input(x.shape[1:])).shape == (None, *expected.shape[1:])
    again = rkeras.saving.deserialize_keras_object(rkeras.saving.serialize_keras_object(layer))
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x).numpy(), found.numpy())


def test_locally_connected_trains_and_takes_old_names():
    with pytest.warns(DeprecationWarning, match="old spelling"):
        layer = layers.LocallyConnected1D(nb_filter=2, kernel_size=3, init="normal", bias=False)
    assert layer.filters == 2 and not layer.use_bias
    model = rkeras.Sequential([layers.Input((8, 1)), layer, layers.Flatten(), layers.Dense(1)])
    model.compile(rkeras.optimizers.Adam(0.02), "mse")
    x = np.random.default_rng(0).normal(size=(64, 8, 1)).astype("float32")
    losses = model.fit(x, x[:, 3], epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    with pytest.raises(ValueError, match="how many there are"):
        layers.LocallyConnected1D(2, 3)(layers.Input((None, 4)))
    with pytest.raises(ValueError, match="does not fit"):
        layers.LocallyConnected1D(2, 9)(layers.Input((4, 4)))
    with pytest.raises(ValueError, match="implementation=2"):
        layers.LocallyConnected1D(2, 9, implementation=2)


def test_thresholded_relu():
    layer = layers.ThresholdedReLU(0.5)
    assert layer(np.array([-1.0, 0.5, 0.7], "float32")).numpy().tolist() == [0.0, 0.0, np.float32(0.7)]
    assert layer.get_config()["theta"] == 0.5
    with pytest.raises(ValueError, match="theta=-1"):
        layers.ThresholdedReLU(-1)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"mode": "sum"}, [4.0, 6.0]),
        ({"mode": "mul"}, [3.0, 8.0]),
        ({"mode": "ave"}, [2.0, 3.0]),
        ({"mode": "max"}, [3.0, 4.0]),
        ({"mode": "concat", "concat_axis": 1}, [1.0, 2.0, 3.0, 4.0]),
        ({"mode": "dot", "dot_axes": 1}, [11.0]),
        ({"mode": "cos", "dot_axes": 1}, [11 / 5**0.5 / 5]),
        ({"mode": lambda xs: xs[0] - xs[1], "output_shape": (2,)}, [-2.0, -2.0]),
    ],
)
def test_merge_of_keras_1(arguments, expected):
    parts = [np.array([[1.0, 2.0]], "float32"), np.array([[3.0, 4.0]], "float32")]
    with pytest.warns(DeprecationWarning, match="old spelling"):
        found = layers.merge(parts, **arguments).numpy()
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)
    symbolic = [layers.Input((2,)), layers.Input((2,))]
    with pytest.warns(DeprecationWarning, match="old spelling"):
        model = rkeras.Model(symbolic, layers.merge(symbolic, **arguments))
    np.testing.assert_allclose(model(parts).numpy()[0], expected, rtol=1e-6)


def test_merge_says_what_it_cannot_do():
    with pytest.raises(ValueError, match="'mean'"):
        layers.Merge(mode="mean")
    with pytest.raises(ValueError, match="not models in a Sequential"):
        layers.Merge([rkeras.Sequential()], mode="sum")


@pytest.mark.parametrize("size, chosen", [(2, [0]), (3, [0, 1]), (4, [1, 3]), (5, [1, 2, 3])])
def test_radial_constraint_makes_the_rings_of_keras_2(size, chosen):
    w = np.random.default_rng(size).normal(size=(size, size, 2, 3)).astype("float32")
    expected = np.zeros_like(w)
    for ring, index in enumerate(reversed(chosen)):
        expected[ring : size - ring, ring : size - ring] = w[index, index]
    constraint = rkeras.constraints.get("radial_constraint")
    np.testing.assert_array_equal(constraint(w).numpy(), expected)


def test_radial_constraint_takes_square_kernels():
    with pytest.raises(ValueError, match="size, size"):
        rkeras.constraints.RadialConstraint()(np.ones((2, 3, 1, 1)))
