"""Regularizers against figures from Keras (fixtures/make_regularizers.py), and how they reach the loss."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers, regularizers
from tests.fixtures.regularizer_cases import CASES, weight

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "regularizers.json").read_text())


@pytest.mark.parametrize("case", list(CASES))
def test_penalty_and_config_as_keras(case: str) -> None:
    name, arguments, shape = CASES[case]
    penalty, config = FIGURES[case]
    regularizer = getattr(regularizers, name)(**arguments)
    # Keras gives some of them rounded to float32.
    assert regularizer.get_config() == {
        k: pytest.approx(v, rel=1e-6) if isinstance(v, float) else v for k, v in config.items()
    }
    for r in (regularizer, regularizers.deserialize(regularizers.serialize(regularizer))):
        assert type(r) is type(regularizer)
        np.testing.assert_allclose(float(r(rkeras.ops.array(weight(shape)))), penalty, rtol=1e-5)


@pytest.mark.parametrize(
    "name, kind, config",
    [
        ("l1", "L1", {"l1": 0.01}),
        ("L2", "L2", {"l2": 0.01}),
        ("l1_l2", "L1L2", {"l1": 0.01, "l2": 0.01}),
        ("orthogonal_regularizer", "OrthogonalRegularizer", {"factor": 0.01, "mode": "rows"}),
    ],
)
def test_names(name: str, kind: str, config: dict[str, object]) -> None:
    found = regularizers.get(name)
    assert (type(found).__name__, found.get_config()) == (kind, config)


def test_old_spellings_make_the_same() -> None:
    assert isinstance(regularizers.l1(0.1), regularizers.L1)
    assert regularizers.l1_l2(l1=0.1, l2=0.2).get_config() == {"l1": 0.1, "l2": 0.2}
    assert regularizers.get(None) is None
    record = {"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0.0}}
    assert regularizers.get(record).l1 == 0.5


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "0.1", True])
@pytest.mark.parametrize("name", ["L1", "L2", "L1L2", "OrthogonalRegularizer"])
def test_factors_that_mean_nothing(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="not negative"):
        getattr(regularizers, name)(value)


def test_one_row_is_orthogonal() -> None:
    # Keras divides by the number of pairs here, 0.
    assert float(regularizers.OrthogonalRegularizer()(rkeras.ops.ones((1, 4)))) == 0.0


def test_orthogonal_needs_a_matrix() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2, 2\)"):
        regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2), "float32"))
    with pytest.raises(ValueError, match="diagonal"):
        regularizers.OrthogonalRegularizer(mode="diagonal")
    with pytest.raises(ValueError, match="no_such"):
        regularizers.get("no_such")


def test_kernel_bias_and_outputs_of_a_layer() -> None:
    layer = layers.Dense(
        2,
        kernel_initializer="ones",
        bias_initializer="ones",
        kernel_regularizer=regularizers.L2(0.5),
        bias_regularizer="l1",
        activity_regularizer=lambda y: rkeras.ops.sum(y),
    )
    outputs = layer(np.ones((4, 3), "float32"))
    # What is asked of the outputs is a mean over the batch.
    assert sorted(float(v) for v in layer.losses) == pytest.approx([0.02, 3.0, float(outputs.numpy().sum()) / 4])


def test_training_minimises_the_penalty() -> None:
    model = rkeras.Sequential(
        [rkeras.Input((2,)), layers.Dense(1, use_bias=False, kernel_initializer="ones", kernel_regularizer=regularizers.L2(0.5))]
    )
    model.compile(rkeras.optimizers.SGD(0.1), "mse")
    history = model.fit(np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32"), batch_size=4, epochs=2, verbose=0)
    # w -> w - 0.1 * w each step, starting with two ones; the loss is the penalty alone.
    assert history.history["loss"] == pytest.approx([1.0, 0.81])
    np.testing.assert_allclose(model.get_weights()[0], np.full((2, 1), 0.81), rtol=1e-6)
