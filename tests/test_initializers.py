"""Initializers: statistics, shapes, seeds, names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import rkeras
from rkeras import initializers

SHAPE = (200, 300)

# name: standard deviation and largest size of a value; fan_in 200, fan_out 300
SPREADS: dict[str, tuple[float, float]] = {
    "glorot_uniform": (math.sqrt(2 / 500), math.sqrt(6 / 500)),
    "he_uniform": (math.sqrt(2 / 200), math.sqrt(6 / 200)),
    "lecun_uniform": (math.sqrt(1 / 200), math.sqrt(3 / 200)),
    # A normal cut at two deviations is narrower by 0.8796, which the initializers make up for.
    "glorot_normal": (math.sqrt(2 / 500), 2 * math.sqrt(2 / 500) / 0.8796),
    "he_normal": (math.sqrt(2 / 200), 2 * math.sqrt(2 / 200) / 0.8796),
    "lecun_normal": (math.sqrt(1 / 200), 2 * math.sqrt(1 / 200) / 0.8796),
    "random_uniform": (0.1 / math.sqrt(12), 0.05),
    "uniform": (0.1 / math.sqrt(12), 0.05),
    "random_normal": (0.05, 0.5),
    "normal": (0.05, 0.5),
    "truncated_normal": (0.05 * 0.8796, 0.1),
}


@pytest.mark.parametrize("name", list(SPREADS))
def test_spread(name: str) -> None:
    kind = type(initializers.get(name))
    values = kind(seed=3)(SHAPE).numpy()
    deviation, most = SPREADS[name]
    assert values.dtype == np.float32
    assert abs(values.mean()) < 5 * deviation / math.sqrt(values.size)
    np.testing.assert_allclose(values.std(), deviation, rtol=0.02)
    assert np.abs(values).max() <= most * 1.001


@pytest.mark.parametrize("name", [*SPREADS, "orthogonal"])
def test_seeds(name: str) -> None:
    kind = type(initializers.get(name))
    first = kind(seed=5)
    np.testing.assert_array_equal(first((4, 4)).numpy(), first((4, 4)).numpy())
    np.testing.assert_array_equal(first((4, 4)).numpy(), first.clone()((4, 4)).numpy())
    assert not np.array_equal(first((4, 4)).numpy(), kind(seed=6)((4, 4)).numpy())
    assert not np.array_equal(kind()((4, 4)).numpy(), kind()((4, 4)).numpy())
    generator = rkeras.random.SeedGenerator(1)
    moving = kind(seed=generator)
    assert not np.array_equal(moving((4, 4)).numpy(), moving((4, 4)).numpy())


def test_fans_of_kernels() -> None:
    assert initializers.compute_fans((7, 9)) == (7, 9)
    assert initializers.compute_fans((3, 3, 8, 16)) == (72, 144)
    assert initializers.compute_fans((5,)) == (5, 5)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (3, 2, 5)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    values = initializers.Orthogonal(gain=2.0, seed=1)(shape).numpy().reshape(-1, shape[-1])
    product = values @ values.T if values.shape[0] < values.shape[1] else values.T @ values
    np.testing.assert_allclose(product, 4.0 * np.eye(len(product)), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("zeros", 0.0), ("zero", 0.0), ("ones", 1.0), ("one", 1.0), ("Zeros", 0.0), ("Ones", 1.0)],
)
def test_names_of_constants(name: str, wanted: float) -> None:
    np.testing.assert_array_equal(initializers.get(name)((2, 3)).numpy(), np.full((2, 3), wanted, "float32"))


def test_constant_and_identity() -> None:
    assert initializers.Constant(3)((2,), dtype="int32").numpy().tolist() == [3, 3]
    np.testing.assert_array_equal(initializers.Identity(2.0)((2, 3)).numpy(), 2.0 * np.eye(2, 3))
    with pytest.raises(ValueError, match="matrices"):
        initializers.Identity()((2, 3, 4))
    with pytest.raises(ValueError, match="two axes"):
        initializers.Orthogonal()((2,))


@pytest.mark.parametrize(
    "made",
    [
        initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=1),
        initializers.GlorotNormal(seed=2),
        initializers.RandomUniform(-1.0, 2.0, seed=3),
        initializers.Constant(4.0),
        initializers.Orthogonal(2.0, seed=1),
        initializers.Zeros(),
    ],
)
def test_round_trip(made: Any) -> None:
    again = initializers.deserialize(initializers.serialize(made))
    assert type(again) is type(made)
    np.testing.assert_array_equal(again((3, 4)).numpy(), made((3, 4)).numpy())


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="glorot_unifrom"):
        initializers.get("glorot_unifrom")
    for arguments in ({"scale": 0.0}, {"mode": "fan"}, {"distribution": "even"}):
        with pytest.raises(ValueError):
            initializers.VarianceScaling(**arguments)
