"""Metrics with state of their own against the figures of real Keras (fixtures/make_metrics.py)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from fixtures.metric_cases import BATCHES, CASES, POSITIONAL, data
from rkeras import metrics, ops

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "metrics.json").read_text())
ARRAYS = data()
PARTS = (slice(0, 10), slice(10, None))
numbered = pytest.mark.parametrize("number", range(len(CASES)), ids=lambda i: f"{i}-{CASES[i][0]}-{CASES[i][2]}")


def updated(metric, labels, predictions, weighting=None, parts=PARTS):
    for part in parts:
        weights = None if weighting is None else ARRAYS[weighting][part]
        metric.update_state(ARRAYS[labels][part], ARRAYS[predictions][part], sample_weight=weights)
    return metric


@numbered
def test_metric_equals_keras(number):
    name, arguments, labels, predictions, weightings = CASES[number]
    for weighting, figures in zip((None, *weightings), FIGURES["cases"][number]["figures"], strict=True):
        metric = updated(getattr(metrics, name)(**arguments), labels, predictions, weighting)
        result = metric.result()
        assert result.shape == np.shape(figures)
        np.testing.assert_allclose(result.numpy(), figures, rtol=2e-5, atol=2e-6)
    assert metric._direction == FIGURES["cases"][number]["direction"]


@numbered
def test_metric_comes_back_from_its_record_and_from_zero(number):
    name, arguments, labels, predictions, _ = CASES[number]
    metric = updated(getattr(metrics, name)(**arguments), labels, predictions)
    record = json.loads(json.dumps(metrics.serialize(metric)))
    again = metrics.deserialize(record)
    assert type(again) is type(metric) and again.get_config() == metric.get_config()
    first = metric.result().numpy()
    np.testing.assert_array_equal(updated(again, labels, predictions).result().numpy(), first)
    metric.reset_state()
    assert not any(np.any(v.numpy()) for v in metric.variables)
    np.testing.assert_array_equal(updated(metric, labels, predictions).result().numpy(), first)


@numbered
def test_metric_compiles(number):
    name, arguments, labels, predictions, weightings = CASES[number]
    weighting = weightings[-1] if weightings else None
    eager = updated(getattr(metrics, name)(**arguments), labels, predictions, weighting)
    compiled = getattr(metrics, name)(**arguments)
    if name in ("F1Score", "FBetaScore", "R2Score") or (arguments.get("multi_label") and "num_labels" not in arguments):
        # State is made at the first batch: also inside a trace it must last.
        assert len(compiled.variables) < len(eager.variables)

    @rkeras.function
    def update(y, p, w=None):
        compiled.update_state(y, p, sample_weight=w)
        return compiled.result()

    for part in PARTS:
        extra = () if weighting is None else (ops.array(ARRAYS[weighting][part]),)
        result = update(ops.array(ARRAYS[labels][part]), ops.array(ARRAYS[predictions][part]), *extra)
    np.testing.assert_allclose(result.numpy(), eager.result().numpy(), rtol=1e-6, atol=1e-7)
    for ours, theirs in zip(compiled.variables, eager.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("number", range(len(POSITIONAL)), ids=lambda i: POSITIONAL[i][0])
def test_arguments_stand_where_keras_has_them(number):
    name, arguments = POSITIONAL[number]
    config, expected = getattr(metrics, name)(*arguments).get_config(), FIGURES["positional"][number]
    shared = {key: list(v) if isinstance(v, tuple) else v for key, v in config.items() if key in expected}
    assert shared == {key: v for key, v in expected.items() if key != "fn"}


def test_records_name_only_what_keras_takes():
    # Keras' class has no axis, unlike the function of that name.
    assert set(metrics.BinaryCrossentropy().get_config()) == {"name", "dtype", "from_logits", "label_smoothing"}
    with pytest.raises(TypeError, match="axis"):
        metrics.BinaryCrossentropy(axis=1)


@pytest.mark.parametrize("name", ["Mean", "Sum", "MeanSquaredError", "AUC", "Precision", "F1Score", "R2Score", "BinaryIoU"])
def test_nothing_counted_is_zero(name):
    assert float(getattr(metrics, name)().result()) == 0.0


@pytest.mark.parametrize("name", ["Mean", "MeanSquaredError", "AUC", "Precision", "BinaryAccuracy"])
def test_a_batch_without_samples_changes_nothing(name):
    metric, nothing = getattr(metrics, name)(), np.zeros((0, 1), "float32")
    arguments = (nothing,) if name == "Mean" else (nothing, nothing)
    before = [np.array([[0.5], [1.0]], "float32")] * len(arguments)
    metric.update_state(*before)
    result = float(metric.result())
    metric.update_state(*arguments)
    assert float(metric.result()) == result


def test_state_has_the_dtype_asked_for():
    assert {v.dtype for v in metrics.AUC(dtype="float64").variables} == {"float64"}
    assert {v.dtype for v in metrics.MeanIoU(3).variables} == {"int32"}
    # A policy of two dtypes: state is kept in the one of variables.
    assert metrics.Mean(dtype=rkeras.dtype_policies.DTypePolicy("mixed_float16")).dtype == "float32"
    assert metrics.Mean(dtype="mixed_float16").dtype == "float32"


@pytest.mark.parametrize("number", range(len(BATCHES)), ids=lambda i: f"{BATCHES[i][0]}-{i}")
def test_batches_of_all_sizes_count_as_in_keras(number):
    name, batches, weights = BATCHES[number]
    metric = getattr(metrics, name)()
    for i, batch in enumerate(batches):
        metric.update_state(np.asarray(batch), sample_weight=None if weights is None else np.asarray(weights[i]))
    np.testing.assert_allclose([v.numpy() for v in metric.variables], FIGURES["means"][number], rtol=1e-6)


def test_evenly_spaced_thresholds_count_as_any_others():
    rng = np.random.default_rng(3)
    y, p = rng.integers(0, 2, 500), np.round(rng.uniform(0, 1, 500), 2).astype("float32")
    even = [0.0, 0.25, 0.5, 0.75, 1.0]
    together = metrics.TruePositives(thresholds=even)
    together.update_state(y, p)
    assert together.result().tolist() == [((p > t) & (y == 1)).sum() for t in even]


def test_names_stand_for_metrics():
    assert isinstance(metrics.get("AUC"), metrics.AUC)
    assert isinstance(metrics.get("auc"), metrics.AUC)
    assert isinstance(metrics.get("Precision"), metrics.Precision)
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    assert metrics.get("acc") is metrics.accuracy
    assert metrics.get(None) is None
    with pytest.raises(ValueError, match="no_such_metric"):
        metrics.get("no_such_metric")


def test_names_count_up_as_layers_do():
    rkeras.utils.clear_session()
    assert [metrics.Precision().name, metrics.Precision().name, metrics.AUC().name] == ["precision", "precision_1", "auc"]


def test_training_logs_them_and_callbacks_know_the_direction():
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    model = rkeras.Sequential([rkeras.Input((3,)), rkeras.layers.Dense(1, activation="sigmoid")])
    watched = [metrics.Precision(name="p"), metrics.Recall(name="r"), metrics.AUC(name="area"), metrics.F1Score(threshold=0.5, average="micro")]
    model.compile("sgd", "binary_crossentropy", metrics=watched)
    stop = rkeras.callbacks.EarlyStopping(monitor="val_area", patience=1, start_from_epoch=0)
    history = model.fit(x, y, batch_size=24, epochs=3, verbose=0, validation_data=(x, y), callbacks=[stop])
    assert stop.monitor_op(1.0, 0.0)
    chance = model.predict(x, verbose=0)
    result = model.evaluate(x, y, verbose=0, return_dict=True)
    positive = chance > 0.5
    assert result["p"] == pytest.approx((positive & (y == 1)).sum() / positive.sum(), rel=1e-5)
    assert result["r"] == pytest.approx((positive & (y == 1)).sum() / y.sum(), rel=1e-5)
    assert result["f1_score"] == pytest.approx(2 * result["p"] * result["r"] / (result["p"] + result["r"]), rel=1e-4)
    pairs = chance[y == 1][:, None] - chance[y == 0][None]
    assert result["area"] == pytest.approx((pairs > 0).mean() + 0.5 * (pairs == 0).mean(), abs=0.02)
    assert {"p", "val_p", "r", "area", "val_area", "f1_score"} <= set(history.history)


def test_older_metrics():
    relative = metrics.MeanRelativeError(normalizer=[1.0, 0.0, 4.0])
    relative.update_state([1.0, 2.0, 3.0], [2.0, 5.0, 1.0])
    assert float(relative.result()) == pytest.approx((1 + 0 + 0.5) / 3)
    mean = metrics.MeanTensor()
    with pytest.raises(ValueError, match="no shape"):
        mean.result()
    mean.update_state([[1.0, 2.0], [3.0, 4.0]], sample_weight=[1.0, 3.0])
    mean.update_state([[5.0, 2.0], [7.0, 8.0]], sample_weight=[1.0, 1.0])
    np.testing.assert_allclose(mean.result().numpy(), [[3, 2], [4, 5]])
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        mean.update_state([1.0])
    mean.reset_states()
    assert mean.result().tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.Precision(thresholds=1.5), "thresholds"),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds"),
        (lambda: metrics.AUC(curve="ROCK"), "curve"),
        (lambda: metrics.AUC(summation_method="best"), "summation_method"),
        (lambda: metrics.AUC(num_labels=3), "multi_label"),
        (lambda: metrics.PrecisionAtRecall(recall=1.5), "recall"),
        (lambda: metrics.RecallAtPrecision(0.5, num_thresholds=0), "num_thresholds"),
        (lambda: metrics.FBetaScore(beta=1), "beta"),
        (lambda: metrics.FBetaScore(average="mean"), "average"),
        (lambda: metrics.F1Score(threshold=2.0), "threshold"),
        (lambda: metrics.IoU(2, [2]), "2"),
        (lambda: metrics.R2Score(class_aggregation="sum"), "class_aggregation"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors"),
        (lambda: metrics.F1Score().update_state([1.0], [1.0]), "shape"),
        (lambda: metrics.R2Score().update_state([1.0], [1.0]), "shape"),
        (lambda: metrics.Precision().update_state([[1, 0]], [[0.1, 0.2, 0.3]]), "to_categorical"),
        (lambda: metrics.Precision(class_id=1).update_state([1], [0.1]), "class_id"),
        (lambda: metrics.AUC(multi_label=True).update_state([1], [0.1]), "multi_label"),
        (lambda: metrics.Mean().update_state([1.0], sample_weight=[[1.0, 2.0]]), "weights"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_integer_iou_warns_of_float_weights():
    with pytest.warns(UserWarning, match="dtype='float32'"):
        metrics.MeanIoU(2).update_state([0, 1], [0, 1], sample_weight=[0.5, 0.5])
