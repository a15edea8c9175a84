"""Activations against figures from Keras (tests/fixtures/make_activations.py), and their names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import activations
from tests.fixtures.activation_cases import CASES, X

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "activations.json").read_text())


@pytest.mark.parametrize("case", list(CASES))
def test_values_as_keras(case: str) -> None:
    name, arguments = CASES[case]
    got = getattr(activations, name)(
        rkeras.ops.convert_to_tensor(np.array(X, "float32")), **arguments
    ).numpy()
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, FIGURES[case], rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES.values()}))
def test_names(name: str) -> None:
    function = activations.get(name)
    assert function is getattr(activations, name)
    assert activations.get(function) is function
    written = activations.serialize(function)
    assert isinstance(written, str)
    assert activations.deserialize(written) is function


def test_get() -> None:
    assert activations.get(None) is activations.linear
    assert activations.get(np.tanh) is np.tanh
    with pytest.raises(ValueError, match="rellu"):
        activations.get("rellu")


def test_sparsemax_is_the_nearest_distribution() -> None:
    # Martins and Astudillo 2016, algorithm 1. Keras 3.15 gives [..., 0.13, 0.43, 0.63] here: 1.2 in all.
    got = activations.sparsemax(rkeras.ops.array([[-7.5, -3.0, -1.0, -0.5, -0.2, 0.0]])).numpy()
    np.testing.assert_allclose(got, [[0.0, 0.0, 0.0, 1 / 15, 11 / 30, 17 / 30]], atol=1e-6)
