"""Sample weights and masks together; tests/test_compile_forms.py compares the forms that Keras takes."""

import sys
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras.losses.loss import masked_weight

FIXTURES = Path(__file__).parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from fit_models import set_wave_weights  # noqa: E402
from form_cases import SEQUENCES, STEP_LABELS, STEP_WEIGHT, TOKENS, WEIGHT, masked, steps  # noqa: E402

EVERY_STEP = np.repeat(WEIGHT[:, None], 5, axis=1)
OPTIONS = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}


@pytest.mark.parametrize(("make", "x"), [(steps, SEQUENCES), (masked, TOKENS)])
def test_a_weight_of_a_sequence_holds_for_each_of_its_steps(make, x):
    reports = []
    for weight in (WEIGHT, WEIGHT[:, None], EVERY_STEP):
        model = make(rkeras, weighted_metrics=["mae"])
        set_wave_weights(model)
        reports.append(model.fit(x, STEP_LABELS, sample_weight=weight, **OPTIONS).history)
    for report in reports[:2]:
        for key, values in reports[2].items():
            np.testing.assert_allclose(report[key], values, rtol=1e-5, err_msg=key)


def test_what_is_masked_counts_neither_in_losses_nor_in_metrics():
    model = masked(rkeras, metrics=["mae"])
    set_wave_weights(model)
    off = (model.predict(TOKENS, verbose=0) - STEP_LABELS)[TOKENS != 0]
    spoiled = np.where(TOKENS[..., None] == 0, 1e6, STEP_LABELS)
    loss, mae = model.evaluate(TOKENS, spoiled, batch_size=len(TOKENS), verbose=0)
    assert loss == pytest.approx(np.mean(off**2), rel=1e-4)
    assert mae == pytest.approx(np.abs(off).mean(), rel=1e-4)


def test_weights_of_steps_and_masks_in_numbers():
    flags = rkeras.ops.convert_to_tensor((TOKENS != 0).astype("float32"))
    expected = STEP_WEIGHT * (TOKENS != 0)
    np.testing.assert_allclose(masked_weight(STEP_WEIGHT, flags), expected, rtol=1e-6)
    np.testing.assert_allclose(masked_weight(STEP_WEIGHT[..., None], flags), expected, rtol=1e-6)
    assert masked_weight(None, flags) is flags


@pytest.mark.parametrize(
    ("shape", "message"), [((5,), "number of samples"), ((24, 4), "shapes|broadcast"), ((24, 5, 1, 2), "weights|broadcast")]
)
def test_weights_that_do_not_fit_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        steps(rkeras).fit(SEQUENCES, STEP_LABELS, sample_weight=np.ones(shape), **OPTIONS)


def test_masks_reach_metrics_of_several_outputs():
    tokens = rkeras.Input((5,))
    hidden = rkeras.layers.Embedding(8, 3, mask_zero=True)(tokens)
    each = rkeras.layers.Dense(1, name="each")(hidden)
    whole = rkeras.layers.Dense(1, name="whole")(rkeras.layers.GlobalAveragePooling1D()(hidden))
    model = rkeras.Model(tokens, [each, whole])
    model.compile("sgd", "mse", metrics=[["mae"], ["mae"]])
    set_wave_weights(model)
    labels = [STEP_LABELS, STEP_LABELS[:, 0]]
    report = model.evaluate(TOKENS, labels, batch_size=len(TOKENS), verbose=0, return_dict=True)
    off = [p - y for p, y in zip(model.predict(TOKENS, verbose=0), labels, strict=True)]
    assert report["each_mae"] == pytest.approx(np.abs(off[0][TOKENS != 0]).mean(), rel=1e-4)
    assert report["whole_mae"] == pytest.approx(np.abs(off[1]).mean(), rel=1e-4)
    assert report["loss"] == pytest.approx(np.mean(off[0][TOKENS != 0] ** 2) + np.mean(off[1] ** 2), rel=1e-4)
