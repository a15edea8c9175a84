"""A convolution and the pool behind it, joined in plans."""

from __future__ import annotations

import numpy as np
import pytest

import rkeras
from rkeras import ops


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("batch", "size", "channels", "pool"),
    [(1, 20, 2, {}), (13, 12, 3, {}), (16, 11, 1, {"strides": 1}), (40, 13, 4, {"padding": "same"}), (0, 8, 2, {}), (200, 28, 1, {})],
)
def test_joined_results_are_those_of_two_ops(batch, size, channels, pool, dtype):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(batch, size, size, channels)).astype(dtype), rng.normal(size=(3, 3, channels, 5)).astype(dtype)
    bias = rng.normal(size=5).astype(dtype)

    def image(x, w, bias):
        return ops.relu(ops.conv(x, w) + bias)

    def model(x, w, bias):
        return ops.max_pool(image(x, w, bias), 2, **pool)

    def both(x, w, bias):
        y = image(x, w, bias)
        return ops.max_pool(y, 2, **pool), y

    compiled = rkeras.function(model)
    found = np.asarray(compiled(x, w, bias))
    np.testing.assert_array_equal(found, np.asarray(rkeras.function(both)(x, w, bias)[0]))
    np.testing.assert_allclose(found, np.asarray(model(*map(ops.convert_to_tensor, (x, w, bias)))), rtol=1e-4, atol=1e-5)
    if batch > 0:
        assert "conv_max_pool" in str(rkeras.debug.plan(compiled, x, w, bias))


def test_a_result_that_is_read_elsewhere_is_kept():
    def model(x, w):
        y = ops.conv(x, w)
        return ops.max_pool(y, 2), y

    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(4, 8, 8, 2)).astype("float32"), rng.normal(size=(3, 3, 2, 4)).astype("float32")
    compiled = rkeras.function(model)
    for got, wanted in zip(compiled(x, w), model(x, w), strict=True):
        np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))
    assert "conv_max_pool" not in str(rkeras.debug.plan(compiled, x, w))


def test_weights_as_large_as_the_images_are_not_laid_out_for_each_piece():
    x, w = np.ones((8, 4, 4, 64), "float32"), np.ones((3, 3, 64, 64), "float32")
    compiled = rkeras.function(lambda x, w: ops.max_pool(ops.conv(x, w), 2))
    assert "conv_max_pool" not in str(rkeras.debug.plan(compiled, x, w))


def test_gradients_go_through_both():
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=(9, 10, 10, 2)), rkeras.Variable(rng.normal(size=(3, 3, 2, 4)), dtype="float64")

    def loss():
        return ops.sum(ops.square(ops.max_pool(ops.relu(ops.conv(x, w)), 2)))

    def step():
        with rkeras.GradientTape() as tape:
            value = loss()
        return tape.gradient(value, w)

    np.testing.assert_allclose(np.asarray(rkeras.function(step)()), np.asarray(step()), rtol=1e-12)
