"""Random tensors: their moments, their seeds, and that they work in models and compiled steps."""

from __future__ import annotations

import numpy as np
import pytest

import rkeras
from rkeras import random

N = (20000,)
# What is drawn, with the mean and variance of its distribution.
DRAWS = {
    "normal": (lambda seed: random.normal(N, 2.0, 3.0, seed=seed), 2.0, 9.0),
    "truncated_normal": (lambda seed: random.truncated_normal(N, 1.0, 2.0, seed=seed), 1.0, 0.7737 * 4),
    "uniform": (lambda seed: random.uniform(N, -1.0, 3.0, seed=seed), 1.0, 16 / 12),
    "randint": (lambda seed: random.randint(N, 2, 8, seed=seed), 4.5, 35 / 12),
    "gamma_small": (lambda seed: random.gamma(N, 0.3, seed=seed), 0.3, 0.3),
    "gamma": (lambda seed: random.gamma(N, 4.5, seed=seed), 4.5, 4.5),
    "beta": (lambda seed: random.beta(N, 2.0, 0.5, seed=seed), 0.8, 1 / (6.25 * 3.5)),
    "binomial_few": (lambda seed: random.binomial(N, 10, 0.3, seed=seed), 3.0, 2.1),
    "binomial_many": (lambda seed: random.binomial(N, 5000, 0.7, seed=seed), 3500.0, 1050.0),
    "dropout": (lambda seed: random.dropout(np.ones(N, "float32"), 0.2, seed=seed), 1.0, 0.25),
    "categorical": (lambda seed: random.categorical(np.log([[0.2, 0.3, 0.5]]), N[0], seed=seed), 1.3, 0.61),
}


@pytest.mark.parametrize("name", DRAWS)
def test_moments_and_seeds(name):
    draw, mean, variance = DRAWS[name]
    one, again, other = draw(1).numpy(), draw(1).numpy(), draw(2).numpy()
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    # Four standard errors, with room for the kurtosis of the variance.
    assert abs(one.mean() - mean) < 4 * np.sqrt(variance / one.size)
    assert abs(one.var() / variance - 1) < 0.12
    generator = random.SeedGenerator(3)
    assert (draw(generator).numpy() != draw(generator).numpy()).any()
    assert (draw(None).numpy() != draw(None).numpy()).any()


def test_a_binomial_of_a_thousand_has_its_distribution():
    drawn = random.binomial((40000,), 40, 0.25, dtype="int32", seed=5).numpy()
    assert drawn.dtype == "int32"
    expected = np.array([np.prod([(40 - i) / (i + 1) for i in range(k)]) * 0.25**k * 0.75 ** (40 - k) for k in range(41)])
    found = np.bincount(drawn, minlength=41) / drawn.size
    assert np.abs(found - expected).max() < 0.008


def test_parameters_broadcast_and_dtypes_are_kept():
    found = random.gamma((1000, 2), np.array([1.0, 50.0]), dtype="float64", seed=1)
    assert found.dtype == "float64" and (np.abs(found.numpy().mean(0) / [1.0, 50.0] - 1) < 0.15).all()
    assert random.uniform((3,), 0, 9, dtype="int64", seed=1).dtype == "int64"
    assert random.randint((3,), 0, 9, dtype="uint8", seed=1).dtype == "uint8"
    assert random.normal((3,), dtype="bfloat16", seed=1).dtype == "bfloat16"


def test_shuffles_keep_slices_whole():
    x = np.arange(40).reshape(8, 5)
    rows, columns = random.shuffle(x, seed=2).numpy(), random.shuffle(x, axis=1, seed=2).numpy()
    assert (rows != x).any() and rows[np.argsort(rows[:, 0])].tolist() == x.tolist()
    assert (columns != x).any() and columns[:, np.argsort(columns[0])].tolist() == x.tolist()


def test_masks_of_dropout_can_be_shared():
    found = random.dropout(np.ones((6, 4, 5), "float32"), 0.5, noise_shape=(None, 1, None), seed=1).numpy()
    assert (found == found[:, :1]).all() and 0 < (found == 0).mean() < 1


def test_draws_in_models_and_in_training_are_new_each_time():
    inputs = rkeras.Input((3,))
    model = rkeras.Model(inputs, random.dropout(inputs, 0.5))
    assert model.output_shape == (None, 3)
    assert set(np.unique(model(np.ones((50, 3))).numpy())) == {0.0, 2.0}
    with pytest.raises(ValueError, match="batch, categories"):
        random.categorical(np.zeros(3), 2)

    class Noisy(rkeras.layers.Layer):
        def call(self, x):
            return x + random.normal((1,))

    noisy = rkeras.Sequential([rkeras.Input((1,)), Noisy()])
    draws = [noisy.predict(np.zeros((1, 1)), verbose=0).item() for _ in range(4)]
    assert len(set(draws)) == 4
