"""fit, evaluate, predict and their single-batch forms."""

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
from fit_models import CASES, run_case, set_wave_weights, wave  # noqa: E402


def regression(units=1, **compile_arguments):
    model = rkeras.Sequential([rkeras.Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(units)])
    set_wave_weights(model)
    model.compile(**{"optimizer": rkeras.optimizers.SGD(0.1), "loss": "mse", **compile_arguments})
    return model


X, Y = wave((50, 4)), wave((50, 1), 2)


@pytest.mark.parametrize("name", CASES)
def test_reports_agree_with_keras(name):
    expected = json.loads((FIXTURES / "fit.json").read_text())[name]
    found = run_case(rkeras, name)
    assert list(found["history"]) == list(expected["history"])
    for key, values in expected["history"].items():
        np.testing.assert_allclose(found["history"][key], values, rtol=2e-4, atol=1e-6, err_msg=key)
    assert list(found["evaluate"]) == list(expected["evaluate"])
    np.testing.assert_allclose(
        list(found["evaluate"].values()), list(expected["evaluate"].values()), rtol=2e-4
    )
    for ours, theirs in zip(found["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-5)


def test_eager_and_compiled_steps_agree():
    runs = []
    for eager in (False, True):
        model = regression(run_eagerly=eager, metrics=["mae"])
        runs.append(model.fit(X, Y, epochs=2, batch_size=16, shuffle=False, verbose=0).history)
    for key in runs[0]:
        np.testing.assert_allclose(runs[0][key], runs[1][key], rtol=1e-5)


def test_shuffle_is_reproducible_and_differs_by_epoch():
    runs = []
    for seed in (1, 1, 2):
        rkeras.utils.set_random_seed(seed)
        runs.append(regression().fit(X, Y, epochs=3, batch_size=7, verbose=0).history["loss"])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("shuffle", [True, "batch"])
def test_every_sample_is_used_once_an_epoch(shuffle):
    seen = []

    class Spy(rkeras.Sequential):
        def train_step(self, data):
            seen.extend(np.asarray(data[0])[:, 0].tolist())
            return {"loss": 0.0}

    model = Spy([rkeras.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    samples = np.arange(10.0)[:, None]
    model.fit(samples, samples, batch_size=4, shuffle=shuffle, verbose=0)
    assert sorted(seen) == list(range(10))
    assert seen != list(range(10)) or shuffle == "batch"


def test_evaluate_list_goes_with_metrics_names():
    model = regression(metrics=["mae", rkeras.metrics.MeanSquaredError(name="squares")])
    report = model.evaluate(X, Y, verbose=0)
    assert model.metrics_names == ["loss", "mae", "squares"]
    assert dict(zip(model.metrics_names, report, strict=True)) == model.evaluate(
        X, Y, verbose=0, return_dict=True
    )
    assert isinstance(regression().evaluate(X, Y, verbose=0), float)


def test_names_can_be_appended():
    model = rkeras.Sequential([rkeras.Input((4,)), layers.Dense(1)])
    assert model.metrics_names == []
    model.metrics_names.append("rpn_class_loss")
    model.compile("sgd", "mse")
    assert model.metrics_names == ["loss", "rpn_class_loss"]


def test_metrics_in_the_place_where_they_once_were():
    model = regression()
    with pytest.deprecated_call(match="loss_weights"):
        model.compile("sgd", "mse", ["mae"])
    assert sorted(model.evaluate(X, Y, verbose=0, return_dict=True)) == ["loss", "mae"]


def test_names_for_several_outputs_are_in_the_order_of_the_outputs():
    model, x, y, _ = CASES["two_outputs"](rkeras)
    report = model.evaluate(x, y, verbose=0)
    assert model.metrics_names == [
        "loss",
        "priority_loss",
        "department_loss",
        "priority_mean_absolute_error",
        "department_accuracy",
        "department_mae",
    ]
    assert report[0] == pytest.approx(2.0 * report[1] + 0.5 * report[2], rel=1e-5)


def test_lists_serve_for_several_outputs_as_dicts_do():
    model, x, y, _ = CASES["two_outputs"](rkeras)
    by_name = model.evaluate(x, y, verbose=0)
    model.compile(
        "sgd",
        loss=["mse", "categorical_crossentropy"],
        loss_weights=[2.0, 0.5],
        metrics=[["mean_absolute_error"], ["accuracy", "mae"]],
    )
    listed = model.evaluate([x["left"], x["right"]], [y["priority"], y["department"]], verbose=0)
    np.testing.assert_allclose(listed, by_name, rtol=1e-6)
    first, second = model.predict([x["left"], x["right"]], verbose=0)
    assert first.shape == (40, 1)
    assert second.shape == (40, 3)


def test_predict_gives_the_same_rows_for_any_batch_size():
    model = regression(3)
    whole = model.predict(X, batch_size=50, verbose=0)
    assert whole.dtype == np.float32
    for size in (1, 7, 32, 64):
        np.testing.assert_allclose(model.predict(X, batch_size=size, verbose=0), whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(X), whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(X[:1], verbose=0), whole[:1], rtol=1e-5, atol=1e-6)


def test_predict_sees_new_weights():
    model = regression()
    row = X[:1]
    before = [model.predict(row, verbose=0) for _ in range(3)]
    assert before[0] == before[1] == before[2]
    model.set_weights([2 * w for w in model.get_weights()])
    assert model.predict(row, verbose=0) != before[0]


def test_predict_of_a_model_that_was_never_compiled():
    model = rkeras.Sequential([layers.Dense(2)])
    assert model.predict(X, verbose=0).shape == (50, 2)


def test_train_on_batch_lowers_the_loss_and_returns_it():
    model = regression(metrics=["mae"])
    model.reset_metrics()
    first = model.train_on_batch(X, Y)
    assert len(first) == 2
    for _ in range(30):
        model.reset_metrics()
        last = model.train_on_batch(X, Y, return_dict=True)
    assert last["loss"] < first[0]
    model.reset_metrics()
    assert model.test_on_batch(X, Y)[0] == pytest.approx(
        model.evaluate(X, Y, batch_size=50, verbose=0)[0], rel=1e-5
    )


def test_own_train_step_with_a_tape():
    class Own(rkeras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.tracker = rkeras.metrics.Mean(name="own")

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            x, y = data
            with rkeras.GradientTape() as tape:
                loss = rkeras.ops.mean(rkeras.ops.square(y - self(x, training=True)))
            weights = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            self.tracker.update_state(loss)
            return {"own": self.tracker.result(), "loss": loss, "constant": 2.5}

    model = Own()
    model.compile(rkeras.optimizers.SGD(0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(X, Y, batch_size=25, epochs=3, verbose=0, shuffle=False).history
    assert sorted(history) == ["constant", "loss", "own"]
    assert history["own"][2] < history["own"][0]
    assert history["loss"][0] > 0
    assert history["loss"][0] != history["own"][0]
    assert history["constant"] == [2.5] * 3


def newer_updates(model, y, y_pred, loss):
    for metric in model.metrics:
        if metric.name == "loss":
            metric.update_state(loss)
        else:
            metric.update_state(y, y_pred)


def test_steps_as_the_guides_of_keras_write_them():
    class Newer(rkeras.Sequential):
        def train_step(self, data):
            x, y = data
            with rkeras.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            weights = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            newer_updates(self, y, y_pred, loss)
            return {m.name: m.result() for m in self.metrics}

    class Older(rkeras.Sequential):
        def train_step(self, data):
            x, y = data
            with rkeras.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
            weights = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            self.compiled_metrics.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    class OwnLoss(rkeras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return super().compute_loss(x, y, y_pred, sample_weight)

    histories = []
    for kind in (rkeras.Sequential, Newer, Older, OwnLoss):
        model = kind([layers.Dense(5, activation="tanh"), layers.Dense(1)])
        model.build((None, 4))
        set_wave_weights(model)
        model.compile(rkeras.optimizers.SGD(0.1), "mse", metrics=["mae"])
        run = model.fit(X, Y, batch_size=25, epochs=2, shuffle=False, verbose=0, validation_data=(X, Y))
        histories.append(run.history)
    for history in histories[1:]:
        assert list(history) == list(histories[0])
        for key, values in history.items():
            np.testing.assert_allclose(values, histories[0][key], rtol=1e-6)


def test_step_that_needs_numbers_runs_eagerly_and_says_which_line():
    class Peeks(rkeras.Sequential):
        def train_step(self, data):
            logs = super().train_step(data)
            float(data[0][0, 0])  # the line to be named
            return logs

    model = Peeks([rkeras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="the line to be named") as caught:
        model.fit(X, Y, epochs=2, verbose=0)
    assert len([w for w in caught if "train_step" in str(w.message)]) == 1


def test_freezing_a_layer_takes_effect():
    model = regression()
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_adding_a_layer_makes_new_plans():
    model = rkeras.Sequential([layers.Dense(2)])
    assert model.predict(X[:1], verbose=0).shape == (1, 2)
    assert model.predict(X[:1], verbose=0).shape == (1, 2)
    model.add(layers.Dense(7))
    assert model.predict(X[:1], verbose=0).shape == (1, 7)


def test_batch_normalization_and_dropout_train_without_a_training_argument():
    class Mlp(rkeras.Model):
        def __init__(self):
            super().__init__()
            self.norm = layers.BatchNormalization()
            self.drop = layers.Dropout(0.5)
            self.out = layers.Dense(1)

        def call(self, inputs):
            return self.out(self.drop(self.norm(inputs)))

    model = Mlp()
    model.compile("sgd", "mse")
    model.fit(X + 3, Y, verbose=0, epochs=2)
    assert model.norm.moving_mean.numpy().mean() > 0.05
    assert np.array_equal(model.predict(X, verbose=0), model.predict(X, verbose=0))


def test_validation_frequency_and_initial_epoch():
    model = regression()
    history = model.fit(X, Y, epochs=6, initial_epoch=2, validation_data=(X, Y), validation_freq=2, verbose=0)
    assert history.epoch == [2, 3, 4, 5]
    assert len(history.history["val_loss"]) == 2
    assert model.history is history


def test_compile_without_loss_uses_add_loss():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(rkeras.ops.mean(rkeras.ops.square(inputs)))
            return inputs

    model = rkeras.Sequential([rkeras.Input((4,)), layers.Dense(3), Penalty()])
    model.compile(rkeras.optimizers.SGD(0.5))
    losses = model.fit(X, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_steps_per_epoch_goes_round_the_arrays():
    model = regression()
    history = model.fit(X, Y, batch_size=20, steps_per_epoch=4, epochs=3, verbose=0)
    assert len(history.history["loss"]) == 3
    assert int(model.optimizer.iterations.numpy()) == 12


def test_nan_labels_give_a_nan_loss():
    labels = Y.copy()
    labels[3] = np.nan
    assert np.isnan(regression().fit(X, labels, verbose=0).history["loss"][0])


def test_errors_name_the_cause():
    model = regression()
    with pytest.raises(ValueError, match="x: 50; y: 49"):
        model.fit(X, Y[:49], verbose=0)
    with pytest.raises(ValueError, match="empty"):
        model.fit(X[:0], Y[:0], verbose=0)
    with pytest.raises(ValueError, match="`y` is None"):
        model.fit(X, verbose=0)
    with pytest.raises(ValueError, match="`x` is None"):
        model.fit(verbose=0)
    with pytest.raises(ValueError, match=r"\(None, 4\).*\(32, 3\)"):
        model.fit(X[:, :3], Y, verbose=0)
    with pytest.raises(ValueError, match="batch_size"):
        model.fit(X, Y, batch_size=0, verbose=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        model.fit(X, Y, validation_split=1.5, verbose=0)
    with pytest.raises(ValueError, match="leaves 0 to train on and 50"):
        model.fit(X, Y, validation_split=0.999, verbose=0)
    with pytest.raises(ValueError, match=r"Labels of shape .*3\) do not fit output"):
        model.fit(X, np.zeros((50, 3)), verbose=0)
    with pytest.raises(ValueError, match="`validation_data` must be"):
        model.fit(X, Y, validation_data=X, verbose=0)
    with pytest.raises(ValueError, match="`validation_freq`"):
        model.fit(X, Y, validation_freq=0, verbose=0)
    with pytest.raises(ValueError, match="`epochs`"):
        model.fit(X, Y, epochs=1.5, verbose=0)
    with pytest.raises(ValueError, match="dict of weights"):
        model.fit(X, Y, class_weight=[1, 2], verbose=0)
    with pytest.raises(ValueError, match=r"x=f\(\)"):
        model.fit(lambda: X, Y, verbose=0)
    with pytest.raises(ValueError, match="compile"):
        rkeras.Sequential([layers.Dense(1)]).fit(X, Y)
    with pytest.raises(TypeError, match="optimiser"):
        model.compile(optimiser="sgd")
    with pytest.raises(ValueError, match="names, functions or Metric objects"):
        model.compile("sgd", "mse", metrics=5)
    with pytest.raises(ValueError, match=r"keys \['nothing'\].*priority"):
        two, x, y, _ = CASES["two_outputs"](rkeras)
        two.compile("sgd", {"nothing": "mse"})
        two.fit(x, y, verbose=0)


@pytest.mark.parametrize(
    ("label", "message"), [(3, "Label 3 at index 7 .* 3 classes"), (-1, "Label -1 at index 7")]
)
def test_labels_out_of_range_are_refused_before_training(label, message):
    model, x, y, _ = CASES["sparse"](rkeras)
    before = model.get_weights()
    y = y.copy()
    y[7] = label
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match=message):
        model.train_on_batch(x, y)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_ignored_class_is_no_error():
    model, x, y, _ = CASES["sparse"](rkeras)
    model.compile("sgd", rkeras.losses.SparseCategoricalCrossentropy(ignore_class=-1))
    y = y.copy()
    y[7] = -1
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
