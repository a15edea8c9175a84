"""Losses and metrics against the figures of real Keras (fixtures/make_losses.py)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from fixtures.loss_cases import LOSSES, METRICS, REDUCTIONS, data
from rkeras import losses, metrics, ops

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "losses.json").read_text())
ARRAYS = data()


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("number", range(len(LOSSES)), ids=lambda i: f"{LOSSES[i][0]}-{LOSSES[i][1]}-{LOSSES[i][2]}")
def test_loss_equals_keras(number, reduction):
    name, arguments, target, prediction = LOSSES[number]
    plain, weighted = FIGURES["losses"][number][reduction]
    loss = getattr(losses, name)(reduction=reduction, **arguments)
    got = loss(ARRAYS[target], ARRAYS[prediction])
    np.testing.assert_allclose(got.numpy(), plain, rtol=2e-5, atol=1e-6)
    if name not in ("Dice", "Tversky"):  # one number for the whole batch: weights of samples have no meaning
        got = loss(ARRAYS[target], ARRAYS[prediction], sample_weight=ARRAYS["weights"])
        np.testing.assert_allclose(got.numpy(), weighted, rtol=2e-5, atol=1e-6)
    again = type(loss).from_config(loss.get_config())
    np.testing.assert_array_equal(again(ARRAYS[target], ARRAYS[prediction]).numpy(), loss(ARRAYS[target], ARRAYS[prediction]).numpy())


@pytest.mark.parametrize("weighted", [0, 1])
@pytest.mark.parametrize("number", range(len(METRICS)), ids=lambda i: f"{METRICS[i][0]}-{METRICS[i][1]}")
def test_metric_equals_keras(number, weighted):
    name, arguments, target, prediction = METRICS[number]
    metric = getattr(metrics, name)(**arguments)
    weights = ARRAYS["weights"] if weighted else None
    for half in (slice(0, 2), slice(2, None)):
        part = None if weights is None else weights[half]
        metric.update_state(ARRAYS[target][half], ARRAYS[prediction][half], sample_weight=part)
    assert float(metric.result()) == pytest.approx(FIGURES["metrics"][number][weighted], rel=2e-5, abs=1e-6)
    metric.reset_state()
    assert all(float(ops.sum(v)) == 0 for v in metric.variables)


def test_names_and_objects_mean_the_same():
    assert losses.get("mse") is losses.mean_squared_error
    assert isinstance(losses.get("SparseCategoricalCrossentropy"), losses.SparseCategoricalCrossentropy)
    assert losses.get(None) is None
    with pytest.raises(ValueError, match="no_such_loss"):
        losses.get("no_such_loss")
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="median")


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="to_categorical"):
        losses.categorical_crossentropy(np.array([1, 2]), np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="one target for each prediction"):
        losses.binary_crossentropy(np.ones((2, 3)), np.ones((2, 4), "float32"))


def test_masked_samples_do_not_count():
    y, p = np.array([[1.0], [5.0]], "float32"), rkeras.ops.array([[1.0], [0.0]])
    p._keras_mask = ops.array([True, False])
    assert float(losses.MeanSquaredError()(y, p)) == 0.0


@pytest.mark.parametrize("name, target, prediction", [("CTC", "labels", "steps"), ("Circle", "classes", "units")])
def test_derivatives_agree_with_differences(name, target, prediction):
    loss, x = getattr(losses, name)(reduction="sum"), rkeras.Variable(ARRAYS[prediction])
    with rkeras.GradientTape() as tape:
        value = loss(ARRAYS[target], x.value)
    direction = np.random.default_rng(3).normal(size=x.shape).astype("float32")
    slope = float((tape.gradient(value, x).numpy() * direction).sum())
    up, down = (float(loss(ARRAYS[target], ARRAYS[prediction] + e * direction)) for e in (1e-2, -1e-2))
    assert slope == pytest.approx((up - down) / 2e-2, rel=2e-2)


def test_samples_without_a_pair_have_no_derivative():
    x = rkeras.Variable([[1.0, 0.0], [0.6, 0.8]])
    with rkeras.GradientTape() as tape:
        value = ops.sum(losses.circle([0, 1], x.value))
    assert tape.gradient(value, x).numpy().tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_sequences_of_labels_are_learned():
    rkeras.utils.set_random_seed(0)
    model = rkeras.Sequential([rkeras.Input((6, 5)), rkeras.layers.Dense(4)])
    model.compile(rkeras.optimizers.Adam(0.1), rkeras.losses.CTC())
    x = np.random.default_rng(0).normal(size=(8, 6, 5)).astype("float32")
    history = model.fit(x, np.tile([[1, 2, 3, 0]], (8, 1)), epochs=60, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]
