"""The forms of losses, metrics and data that compile and fit take, against the figures of Keras."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers

FIXTURES = Path(__file__).parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from fit_models import set_wave_weights  # noqa: E402
from form_cases import CASES, HOT, LOSSES, ONE, WEIGHT, N, X, Y, classifier, one, run, two  # noqa: E402

EXPECTED = json.loads((FIXTURES / "forms.json").read_text())
OPTIONS = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}


@pytest.mark.parametrize("name", CASES)
def test_training_reports_what_keras_reports(name):
    expected, found = EXPECTED[name], run(rkeras, name)
    if "error" in expected:
        assert found == expected
        return
    for part in ("history", "evaluate"):
        assert list(found[part]) == list(expected[part])
        for key, values in expected[part].items():
            np.testing.assert_allclose(found[part][key], values, rtol=3e-4, atol=1e-6, err_msg=key)
    np.testing.assert_allclose(found["weights"], expected["weights"], rtol=3e-4)


def trained(model, x=X, y=Y, **arguments):
    set_wave_weights(model)
    return model.fit(x, y, **{**OPTIONS, **arguments}).history


def same(first, second):
    assert list(first) == list(second)
    for key in first:
        np.testing.assert_allclose(first[key], second[key], rtol=1e-5, err_msg=key)


def test_dicts_may_leave_outputs_out():
    whole = trained(two(rkeras, loss=[None, "categorical_crossentropy"]))
    same(trained(two(rkeras, loss={"b": "categorical_crossentropy"})), whole)
    same(trained(two(rkeras, loss={"b": "categorical_crossentropy"}), y={"b": HOT}), whole)
    same(trained(two(rkeras, loss=[None, "categorical_crossentropy"]), y=HOT), whole)


def test_weights_by_name_go_with_lists_of_labels():
    listed = trained(two(rkeras, loss=LOSSES), sample_weight=[WEIGHT, None])
    same(trained(two(rkeras, loss=LOSSES), sample_weight={"a": WEIGHT}), listed)
    assert listed["a_loss"] != trained(two(rkeras, loss=LOSSES))["a_loss"]


def test_forms_that_do_not_fit_the_outputs_are_refused():
    for arguments, message in (
        ({"loss": ["mse"]}, "1 entries.*2 outputs"),
        ({"loss": LOSSES, "loss_weights": {"c": 1.0}}, "'c'"),
        ({"loss": LOSSES, "metrics": [["mae"], ["mae"], ["mae"]]}, "3 entries.*2 outputs"),
        ({"loss": LOSSES, "loss_weights": "a"}, "loss_weights"),
    ):
        with pytest.raises(ValueError, match=message):
            trained(two(rkeras, **arguments))


def test_class_and_sample_weights_together_multiply():
    of_classes = np.array([2.0, 1.0, 1.0])[HOT.argmax(-1)]
    same(
        trained(classifier(rkeras), y=HOT, class_weight={0: 2.0}, sample_weight=WEIGHT),
        trained(classifier(rkeras), y=HOT, sample_weight=WEIGHT * of_classes),
    )


def test_functions_are_logged_under_their_names_in_snake_case():
    def OffBy(y_true, y_pred):
        return rkeras.ops.abs(y_true - y_pred)

    assert list(trained(one(rkeras, metrics=[OffBy]), y=ONE)) == ["loss", "off_by"]


def test_names_of_metrics_come_in_keras_2_order():
    model = two(rkeras, loss=LOSSES, metrics=[["mae"], ["acc"]])
    assert model.metrics_names == ["loss"]
    trained(model)
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "a_mae", "b_acc"]
    values = model.evaluate(X, Y, verbose=0)
    named = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert values == [named[name] for name in model.metrics_names]


def test_arguments_of_keras_2_are_accepted_with_warnings():
    for name, value in (("sample_weight_mode", "temporal"), ("target_tensors", [ONE])):
        with pytest.warns(UserWarning, match=name):
            model = one(rkeras, **{name: value})
        same(trained(model, y=ONE), trained(one(rkeras), y=ONE))


@pytest.mark.parametrize("option", [{"run_eagerly": True}, {"steps_per_execution": 2}, {"jit_compile": True}])
def test_ways_to_run_change_no_figure(option):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same(trained(one(rkeras, metrics=["mae"], **option), y=ONE), trained(one(rkeras, metrics=["mae"]), y=ONE))


def test_data_frames_and_series():
    pandas = pytest.importorskip("pandas")
    x, y = pandas.DataFrame(X), pandas.Series(ONE[:, 0])
    with_arrays = trained(one(rkeras), y=ONE, validation_split=0.25)
    same(trained(one(rkeras), x, y, validation_split=0.25), with_arrays)
    same(trained(one(rkeras), x, y.to_frame(), validation_split=0.25), with_arrays)
    shuffled = np.random.RandomState(0).permutation(N)
    same(trained(one(rkeras), x.iloc[shuffled], y.iloc[shuffled]), trained(one(rkeras), X[shuffled], ONE[shuffled]))
    weight = pandas.Series(WEIGHT)
    same(trained(one(rkeras), x, y, sample_weight=weight), trained(one(rkeras), y=ONE, sample_weight=WEIGHT))


def test_lists_of_numbers():
    same(trained(one(rkeras), X.tolist(), ONE.tolist()), trained(one(rkeras), y=ONE))
    same(trained(one(rkeras), X.tolist(), ONE[:, 0].tolist()), trained(one(rkeras), y=ONE))


def test_losses_and_metrics_added_to_a_model():
    x = rkeras.Input((4,))
    hidden = layers.Dense(5, activation="tanh")(x)
    model = rkeras.Model(x, layers.Dense(1)(hidden))
    model.add_loss(0.1 * rkeras.ops.mean(rkeras.ops.square(hidden)))
    model.add_metric(rkeras.ops.mean(hidden), name="activity", aggregation="mean")
    model.compile(rkeras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    history = trained(model, y=ONE)
    assert list(history) == ["activity", "loss", "mae"]
    values = rkeras.Model(x, [model.output, hidden]).predict(X, verbose=0)
    report = model.evaluate(X, ONE, verbose=0, return_dict=True)
    squares = np.mean((values[0] - ONE) ** 2) + 0.1 * np.mean(values[1] ** 2)
    assert report["loss"] == pytest.approx(squares, rel=1e-4)
    assert report["activity"] == pytest.approx(values[1].mean(), rel=1e-4)


def test_single_batches():
    model = one(rkeras, metrics=["mae"], weighted_metrics=["mse"])
    set_wave_weights(model)
    off = model.predict_on_batch(X) - ONE
    assert isinstance(off, np.ndarray)
    first = model.test_on_batch(X, ONE, sample_weight=WEIGHT, return_dict=True)
    assert first["loss"] == pytest.approx(np.mean(off[:, 0] ** 2 * WEIGHT), rel=1e-4)
    assert first["mse"] == pytest.approx(np.sum(off[:, 0] ** 2 * WEIGHT) / WEIGHT.sum(), rel=1e-4)
    assert first["mae"] == pytest.approx(np.abs(off).mean(), rel=1e-4)
    model.reset_metrics()
    assert model.train_on_batch(X, ONE)[0] == pytest.approx(np.mean(off**2), rel=1e-4)


def test_class_weights_of_a_single_batch():
    models = [classifier(rkeras) for _ in range(2)]
    for model in models:
        set_wave_weights(model)
    weights = np.where(HOT[:, 0] > 0, 2.0, 1.0)
    losses = [
        models[0].train_on_batch(X, HOT, class_weight={0: 2.0}),
        models[1].train_on_batch(X, HOT, sample_weight=weights),
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    np.testing.assert_allclose(models[0].get_weights()[0], models[1].get_weights()[0], rtol=1e-6)
