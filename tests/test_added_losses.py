"""add_loss and add_metric in the forms of all versions, and steps that users write."""

import numpy as np
import pytest

import rkeras
from rkeras import layers, ops

X = np.abs(np.sin(np.arange(96))).reshape(32, 3).astype("float32")
Y = X.sum(1, keepdims=True)
OPTIONS = {"batch_size": 8, "shuffle": False, "verbose": 0}


def wired(kind=rkeras.Model, **arguments):
    rkeras.utils.set_random_seed(1)
    x = rkeras.Input((3,))
    hidden = layers.Dense(4, activation="tanh", kernel_regularizer=rkeras.regularizers.L2(0.1))(x)
    model = kind(x, layers.Dense(1)(hidden))
    model.compile(rkeras.optimizers.SGD(0.05), **{"loss": "mse", "metrics": ["mae"], **arguments})
    return model


def close(first, second):
    assert list(first) == list(second)
    for name, values in second.items():
        np.testing.assert_allclose(first[name], values, rtol=1e-5, err_msg=name)


class Minimizes(rkeras.Model):
    """Keras 2, with a tape."""

    def train_step(self, data):
        x, y, weight = rkeras.utils.unpack_x_y_sample_weight(data)
        with rkeras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, weight, regularization_losses=self.losses)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        self.compiled_metrics.update_state(y, y_pred, weight)
        return {m.name: m.result() for m in self.metrics}


class MinimizesFunction(rkeras.Model):
    """Keras 2, with a function."""

    def train_step(self, data):
        x, y = data
        held = {}

        def loss():
            held["y_pred"] = self(x, training=True)
            held["loss"] = self.compute_loss(x, y, held["y_pred"])
            return held["loss"]

        self.optimizer.minimize(loss, lambda: self.trainable_variables)
        self._loss_tracker.update_state(held["loss"])
        return self.compute_metrics(x, y, held["y_pred"], None)


class Applies(rkeras.Model):
    """Keras 3."""

    def train_step(self, data):
        x, y = data
        with rkeras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return self.get_metrics_result()

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        for metric in self.metrics:
            metric.update_state(*((loss,) if metric.name == "loss" else (y, y_pred)))
        return {m.name: m.result() for m in self.metrics}


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("kind", [Minimizes, MinimizesFunction, Applies])
def test_own_steps_train_as_the_built_in_one(kind, eager):
    def history(kind):
        return wired(kind, run_eagerly=eager).fit(X, Y, epochs=2, validation_data=(X, Y), **OPTIONS).history

    close(history(kind), history(rkeras.Model))


def test_steps_with_their_own_metrics_and_predictions():
    class Own(rkeras.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.tracker = rkeras.metrics.Mean(name="loss")

        def train_step(self, data):
            x, y = data
            with rkeras.GradientTape() as tape:
                loss = rkeras.losses.mean_squared_error(y, self(x, training=True))
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
            self.tracker.update_state(loss)
            return {"loss": self.tracker.result(), "rate": self.optimizer.learning_rate}

        @property
        def metrics(self):
            return [self.tracker]

        def predict_step(self, data):
            return {"once": self(data, training=False), "twice": 2 * self(data, training=False)}

    model = wired(Own, loss=None, metrics=None)
    model.optimizer.learning_rate = 0.005
    history = model.fit(X, Y, epochs=2, **OPTIONS).history
    assert list(history) == ["loss", "rate"]
    assert history["loss"][1] < history["loss"][0]
    np.testing.assert_allclose(history["rate"], 0.005, rtol=1e-6)
    made = model.predict(X, verbose=0)
    np.testing.assert_array_equal(made["twice"], 2 * made["once"])


def test_own_loss_and_metrics_within_the_built_in_step():
    class Own(rkeras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return 2 * ops.mean(ops.square(y - y_pred)) + (1.0 if training else 0.0)

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "largest": ops.max(y_pred)}

    model = wired(Own)
    model.optimizer.learning_rate = 0.0
    report = model.fit(X, Y, epochs=1, validation_data=(X, Y), **OPTIONS).history
    off = model.predict(X, verbose=0) - Y
    assert report["loss"] == [pytest.approx(1 + 2 * np.mean(off**2), rel=1e-5)]
    assert report["val_loss"] == [pytest.approx(2 * np.mean(off**2), rel=1e-5)]
    assert report["largest"] == [pytest.approx((off + Y)[-8:].max(), rel=1e-5)]


class Adds(layers.Layer):
    def __init__(self):
        super().__init__()
        self.counted = rkeras.metrics.Mean(name="counted")

    def call(self, x):
        self.add_loss(ops.mean(ops.square(x)), inputs=x)
        self.add_loss([0.5 * ops.mean(x), ops.mean(x, axis=-1)])
        self.add_metric(self.counted(x))
        self.add_metric(ops.sum(x), name="total")
        self.add_metric(x, name="of_many", aggregation="mean")
        return x


class Subclassed(rkeras.Model):
    def __init__(self):
        super().__init__()
        self.adds, self.dense = Adds(), layers.Dense(1, kernel_initializer="zeros")

    def call(self, x):
        return self.dense(self.adds(x))


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("form", ["subclassed", "functional", "sequential", "nested"])
def test_what_layers_add(form, eager):
    if form == "functional":
        x = rkeras.Input((3,))
        model = rkeras.Model(x, layers.Dense(1, kernel_initializer="zeros")(Adds()(x)))
    elif form == "subclassed":
        model = Subclassed()
    else:
        first = Adds() if form == "sequential" else rkeras.Sequential([Adds()])
        model = rkeras.Sequential([rkeras.Input((3,)), first, layers.Dense(1, kernel_initializer="zeros")])
    model.compile(rkeras.optimizers.SGD(0.0), "mse", run_eagerly=eager)
    expected = {
        "counted": X.mean(),
        "loss": np.mean(Y**2) + np.mean(X**2) + 1.5 * X.mean(),
        "of_many": X.mean(),
        "total": X.sum() / 4,
    }
    close(model.fit(X, Y, **OPTIONS).history, {name: [value] for name, value in expected.items()})
    close(model.evaluate(X, Y, batch_size=8, verbose=0, return_dict=True), expected)
    model(X)
    assert len(model.losses) == 3


def test_what_is_added_to_a_functional_model():
    x = rkeras.Input((3,))
    hidden = layers.Dense(4, kernel_initializer="ones", name="hidden")(x)
    model = rkeras.Model(x, layers.Dense(1, kernel_initializer="zeros")(hidden))
    model.add_loss(ops.mean(ops.abs(hidden)))
    model.add_loss([ops.mean(hidden, axis=-1)])
    model.add_loss(lambda: 0.5 * ops.sum(model.get_layer("hidden").kernel))
    model.add_metric(ops.max(hidden), name="highest", aggregation="mean")
    model.add_metric(hidden, name="activity")
    model.compile(rkeras.optimizers.SGD(0.0), "mse")
    sums = X.sum(1)
    highest = sums.reshape(4, 8).max(1).mean()
    expected = {"activity": sums.mean(), "highest": highest, "loss": np.mean(Y**2) + 2 * sums.mean() + 6}
    close(model.fit(X, Y, **OPTIONS).history, {name: [value] for name, value in expected.items()})
    assert model.metrics_names == ["loss", "highest", "activity"]


def test_a_vector_that_is_added_trains_as_its_mean():
    weights = []
    for reduce in (lambda values: values, ops.mean):
        x = rkeras.Input((3,))
        model = rkeras.Model(x, layers.Dense(1, kernel_initializer="zeros")(x))
        model.add_loss(reduce(rkeras.losses.mean_squared_error(x, model.output)))
        model.compile(rkeras.optimizers.SGD(0.1))
        model.fit(X, **OPTIONS)
        weights.append(model.get_weights()[0])
    np.testing.assert_allclose(*weights, rtol=1e-5)
    assert np.abs(weights[0]).sum() > 0


def test_minimize_wants_a_tape_or_a_function():
    with pytest.raises(ValueError, match="tape=tape"):
        rkeras.optimizers.SGD(0.1).minimize(ops.ones(()), [])


@pytest.mark.parametrize("given", ["tape", "function"])
def test_minimize_with_scaled_losses(given):
    variable = rkeras.Variable(3.0)
    optimizer = rkeras.optimizers.LossScaleOptimizer(rkeras.optimizers.SGD(0.25))
    optimizer.build([variable])
    if given == "function":
        optimizer.minimize(lambda: variable * variable, [variable])
    else:
        with rkeras.GradientTape() as tape:
            loss = variable * variable
        optimizer.minimize(loss, [variable], tape=tape)
    assert float(variable.numpy()) == pytest.approx(1.5)
