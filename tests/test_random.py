"""Random numbers: their distributions, and that a seed decides them."""

from __future__ import annotations

import numpy as np
import pytest

from rkeras import _engine

N = 200_000


def draw(op, seed=1, counter=0, **attrs):
    operand = np.array([seed, counter], dtype=np.int64)
    return _engine.apply(op, operand, **attrs).numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_moments(dtype):
    u = draw("random_uniform", shape=[N], low=-1.0, high=3.0, dtype=dtype)
    assert -1 <= u.min() and u.max() < 3
    assert abs(u.mean() - 1) < 0.02 and abs(u.var() - 16 / 12) < 0.02
    n = draw("random_normal", shape=[N], mean=2.0, stddev=3.0, dtype=dtype)
    assert abs(n.mean() - 2) < 0.04 and abs(n.std() - 3) < 0.04
    t = draw("random_truncated_normal", shape=[N], mean=0.0, stddev=1.0, dtype=dtype)
    assert np.abs(t).max() <= 2 and abs(t.std() - 0.8796) < 0.01


def test_quantiles_of_the_normal_distribution():
    n = np.sort(draw("random_normal", shape=[N], mean=0.0, stddev=1.0, dtype="float64"))
    for share, quantile in ((0.025, -1.95996), (0.5, 0.0), (0.84134, 1.0), (0.999, 3.0902)):
        assert abs(n[int(share * N)] - quantile) < 0.05


def test_integers_cover_their_range_evenly():
    k = draw("random_integers", shape=[N], low=-2, high=5, dtype="int64")
    counts = np.bincount(k + 2, minlength=7)
    assert len(counts) == 7 and abs(counts / N - 1 / 7).max() < 0.01


def test_permutation_holds_every_number_once():
    p = draw("random_permutation", n=1000)
    assert sorted(p) == list(range(1000)) and (p != np.arange(1000)).any()


def test_the_seed_decides_and_the_counter_moves_on():
    first = draw("random_normal", shape=[100], dtype="float32")
    np.testing.assert_array_equal(first, draw("random_normal", shape=[100], dtype="float32"))
    assert (first != draw("random_normal", counter=1, shape=[100], dtype="float32")).any()
    assert (first != draw("random_normal", seed=2, shape=[100], dtype="float32")).any()


def test_dropout_keeps_the_mean_and_is_its_own_derivative():
    x, seed = np.ones(N, np.float32), np.array([5, 0], dtype=np.int64)
    y = _engine.apply("dropout", x, seed, rate=0.25).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)}
    assert abs(y.mean() - 1) < 0.01
    tape = _engine.Tape()
    value = _engine.convert(x)
    tape.watch(value)
    tape.push()
    z = _engine.apply("dropout", value, seed, rate=0.25)
    tape.pop()
    np.testing.assert_array_equal(tape.gradient([z], [value])[0].numpy(), y)
