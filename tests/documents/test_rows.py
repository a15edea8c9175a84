"""What the documents ask for in words without showing it, each through the imports they use."""

import os

import numpy as np
import pytest

rng = np.random.default_rng(0)


def digits(count):
    """Rows of 6 numbers and the class, of 3, of the largest of the first three."""
    x = rng.random((count, 6), "float32")
    return x, np.eye(3, dtype="float32")[x[:, :3].argmax(axis=1)]


def classifier(**compiled):
    from tensorflow.keras.layers import Dense
    from tensorflow.keras.models import Sequential

    model = Sequential([Dense(8, input_dim=6, activation="relu"), Dense(3, activation="softmax")])
    model.compile(**{"optimizer": "sgd", "loss": "categorical_crossentropy", **compiled})
    return model


def test_a_subclass_called_with_inputs_and_outputs():
    import tensorflow as tf
    from tensorflow import keras

    class CustomModel(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(x=x, y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    inputs = keras.Input(shape=(6,))
    outputs = keras.layers.Dense(3, activation="softmax")(inputs)
    model = CustomModel(inputs, outputs)
    assert [layer.__class__.__name__ for layer in model.layers] == ["InputLayer", "Dense"]
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(*digits(128), epochs=20, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] and "accuracy" in history


def test_compile_with_names_objects_and_functions_agrees():
    from tensorflow import keras

    x, y = digits(40)

    def my_loss(y_true, y_pred):
        return keras.losses.categorical_crossentropy(y_true, y_pred)

    forms = [
        {"optimizer": "rmsprop", "loss": "categorical_crossentropy"},
        {"optimizer": keras.optimizers.RMSprop(), "loss": keras.losses.CategoricalCrossentropy()},
        {"optimizer": keras.optimizers.get("rmsprop"), "loss": my_loss},
    ]
    losses = []
    for form in forms:
        keras.utils.set_random_seed(1)
        losses.append(classifier(**form).fit(x, y, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1])
    np.testing.assert_allclose(losses[0], losses[2])


@pytest.mark.parametrize("form", ["list", "dictionary"])
def test_loss_weights_by_output(form):
    from tensorflow.keras.layers import Dense, Input
    from tensorflow.keras.models import Model

    inputs = Input((6,))
    model = Model(inputs, [Dense(1, name="a")(inputs), Dense(3, name="b")(inputs)])
    losses, weights = ["mse", "mae"], [2.0, 0.5]
    if form == "dictionary":
        losses, weights = dict(zip("ab", losses, strict=True)), dict(zip("ab", weights, strict=True))
    model.compile("sgd", losses, loss_weights=weights)
    x, y = digits(16)
    scores = model.evaluate(x, [y[:, :1], y], verbose=0)
    a, b = model.predict(x, verbose=0)
    expected = 2 * ((a - y[:, :1]) ** 2).mean() + 0.5 * abs(b - y).mean()
    assert scores[0] == pytest.approx(expected, rel=1e-4)


def test_sample_weights_and_weighted_metrics():
    model = classifier(metrics=["accuracy"], weighted_metrics=["accuracy"])
    x, y = digits(24)
    weight = rng.random(24).astype("float32")
    scores = model.evaluate(x, y, sample_weight=weight, verbose=0, return_dict=True)
    prediction = model.predict(x, verbose=0)
    right = prediction.argmax(1) == y.argmax(1)
    assert scores["loss"] == pytest.approx((-np.log((prediction * y).sum(1)) * weight).mean(), rel=1e-4)
    assert scores["accuracy"] == pytest.approx(right.mean(), rel=1e-5)
    assert scores["weighted_accuracy"] == pytest.approx((right * weight).sum() / weight.sum(), rel=1e-4)


def test_sample_weight_mode_temporal():
    from tensorflow.keras.layers import Dense, Input, TimeDistributed
    from tensorflow.keras.models import Sequential

    model = Sequential([Input((4, 6)), TimeDistributed(Dense(1))])
    with pytest.warns(Warning, match="sample_weight_mode"):
        model.compile("sgd", "mse", sample_weight_mode="temporal")
    x, y = rng.random((8, 4, 6), "float32"), rng.random((8, 4, 1), "float32")
    weight = rng.random((8, 4)).astype("float32")
    expected = (((model.predict(x, verbose=0) - y) ** 2)[..., 0] * weight).mean()
    assert model.evaluate(x, y, sample_weight=weight, verbose=0) == pytest.approx(expected, rel=1e-4)


def test_class_weights_are_sample_weights_by_class():
    from tensorflow import keras

    x, y = digits(32)
    results = []
    for how in ({"class_weight": {0: 1.0, 1: 5.0, 2: 0.0}}, {"sample_weight": np.array([1.0, 5.0, 0.0])[y.argmax(1)]}):
        keras.utils.set_random_seed(2)
        model = classifier()
        model.fit(x, y, epochs=2, shuffle=False, verbose=0, **how)
        results.append(model.get_weights())
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_sequence_serves_fit_evaluate_and_predict():
    from tensorflow.keras.utils import Sequence

    x, y = digits(40)

    class Batches(Sequence):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            rows = slice(index * 8, index * 8 + 8)
            return x[rows], y[rows]

    model = classifier(metrics=["accuracy"])
    history = model.fit(Batches(), validation_data=Batches(), epochs=2, verbose=0)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert int(model.optimizer.iterations) == 10
    np.testing.assert_allclose(model.evaluate(Batches(), verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(model.predict(Batches(), verbose=0), model.predict(x, verbose=0), rtol=1e-5)


def test_single_batches():
    model = classifier(metrics=["accuracy"])
    x, y = digits(16)
    expected = model.evaluate(x, y, batch_size=16, verbose=0)
    np.testing.assert_allclose(model.test_on_batch(x, y), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(x), model.predict(x, verbose=0), rtol=1e-5)
    first = model.train_on_batch(x, y)
    np.testing.assert_allclose(first, expected, rtol=1e-5)
    for _ in range(20):
        last = model.train_on_batch(x, y)
    # The figures are those of the batch, not of all batches so far.
    np.testing.assert_allclose(model.test_on_batch(x, y), model.evaluate(x, y, verbose=0), rtol=1e-5)
    assert last[0] < expected[0]


def test_generators_under_their_old_methods():
    model = classifier(metrics=["accuracy"])
    x, y = digits(32)

    def batches():
        while True:
            for start in range(0, 32, 8):
                yield x[start : start + 8], y[start : start + 8]

    with pytest.warns(DeprecationWarning, match=r"model\.fit\(generator\)"):
        history = model.fit_generator(batches(), samples_per_epoch=32, nb_epoch=2, max_q_size=2, nb_worker=1, verbose=0)
    assert len(history.history["loss"]) == 2 and int(model.optimizer.iterations) == 8
    with pytest.warns(DeprecationWarning, match=r"model\.evaluate\(generator\)"):
        scores = model.evaluate_generator(batches(), steps=4, max_queue_size=3, workers=1, use_multiprocessing=False)
    np.testing.assert_allclose(scores, model.evaluate(x, y, verbose=0), rtol=1e-5)
    with pytest.warns(DeprecationWarning, match=r"model\.predict\(generator\)"):
        prediction = model.predict_generator(batches(), steps=4, workers=1)
    np.testing.assert_allclose(prediction, model.predict(x, verbose=0), rtol=1e-5)


def test_own_train_and_test_steps():
    import tensorflow as tf
    from tensorflow import keras

    class Doubled(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(self(x, training=True) - y))
            (gradient,) = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply([2 * gradient], self.trainable_weights)
            return {"own_loss": loss}

        def test_step(self, data):
            x, y = data
            return {"largest": tf.reduce_max(tf.abs(self(x) - y))}

    model = Doubled()
    model.compile(keras.optimizers.SGD(0.1))
    x, y = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")
    assert model.fit(x, y, verbose=0).history == {"own_loss": [1.0]}
    # The gradient of w² at 1 is 2, taken twice at a rate of 0.1.
    assert model.evaluate(x, y, verbose=0, return_dict=True) == {"largest": pytest.approx(0.6)}


def test_a_bare_loop_over_batches():
    import tensorflow as tf
    from tensorflow import keras

    x, y = digits(64)
    model = keras.Sequential([keras.layers.Dense(3)])
    loss_fn = keras.losses.CategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(learning_rate=0.05)
    accuracy = keras.metrics.CategoricalAccuracy()
    mean = keras.metrics.Mean()
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(64).batch(16)

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss = loss_fn(y, logits)
        gradients = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
        accuracy.update_state(y, logits)
        return loss

    losses = []
    for _ in range(10):
        mean.reset_state()
        for batch, labels in dataset:
            mean.update_state(train_step(batch, labels))
        losses.append(float(mean.result()))
    assert losses[-1] < 0.7 * losses[0] and int(optimizer.iterations) == 40
    assert 0 < float(accuracy.result()) <= 1

    # Evaluation by hand gives what NumPy gives.
    accuracy.reset_state()
    for batch, labels in dataset:
        accuracy.update_state(labels, model(batch, training=False))
    logits = model.predict(x, verbose=0)
    assert float(accuracy.result()) == pytest.approx((logits.argmax(1) == y.argmax(1)).mean())


@pytest.mark.parametrize("path", ["model.h5", "model.keras", "folder"])
def test_a_model_saved_whole_goes_on_where_it_was(path):
    from tensorflow.keras.models import load_model

    x, y = digits(32)
    model = classifier(optimizer="adam", metrics=["accuracy"])
    model.fit(x, y, epochs=2, verbose=0)
    model.save(path)
    loaded = load_model(path)
    assert os.path.isfile(os.path.join(path, "saved_model.pb")) == (path == "folder")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    for each in (model, loaded):
        each.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert loaded.metrics_names == model.metrics_names


def test_layers_by_their_names():
    from tensorflow import keras
    from tensorflow.keras import layers

    x = rng.random((2, 6, 6, 3), "float32")
    steps = [
        (layers.Conv2D(4, 3), (2, 4, 4, 4)),
        (layers.MaxPooling2D(), (2, 2, 2, 4)),
        (layers.TimeDistributed(layers.Dense(5)), (2, 2, 2, 5)),
        (layers.BatchNormalization(), (2, 2, 2, 5)),
        (layers.Activation("relu"), (2, 2, 2, 5)),
        (layers.Dropout(0.5), (2, 2, 2, 5)),
        (layers.Lambda(lambda value: value * 2), (2, 2, 2, 5)),
        (layers.Flatten(), (2, 20)),
        (layers.Dense(3, activation="softmax"), (2, 3)),
    ]
    value = x
    for layer, shape in steps:
        value = layer(value)
        assert value.shape == shape, layer.name
    model = keras.Sequential([layers.InputLayer(shape=(6, 6, 3)), *(layer for layer, _ in steps)])
    np.testing.assert_allclose(model.predict(x, verbose=0), value, rtol=1e-5)

    pair = [np.ones((2, 3), "float32"), np.zeros((2, 1), "float32")]
    for joined in (layers.Concatenate()(pair), layers.concatenate(pair)):
        np.testing.assert_array_equal(joined, [[1, 1, 1, 0]] * 2)


def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("linear", lambda x: x),
        ("relu", lambda x: np.maximum(x, 0)),
        ("leaky_relu", lambda x: np.where(x > 0, x, 0.2 * x)),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("softmax", softmax),
    ],
)
def test_activations_by_name_and_as_functions(name, expected):
    from tensorflow.keras import activations, layers

    x = rng.normal(size=(4, 5)).astype("float32")
    for activation in (activations.get(name), getattr(activations, name), layers.Activation(name)):
        np.testing.assert_allclose(activation(x), expected(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "cls"),
    [
        ("mean_squared_error", "MeanSquaredError"),
        ("binary_crossentropy", "BinaryCrossentropy"),
        ("categorical_crossentropy", "CategoricalCrossentropy"),
        ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    ],
)
def test_losses_by_name_and_as_classes(function, cls):
    from tensorflow.keras import losses

    probabilities = softmax(rng.normal(size=(8, 3))).astype("float32")
    y = np.eye(3, dtype="float32")[np.arange(8) % 3]
    expected = {
        "mean_squared_error": ((probabilities - y) ** 2).mean(axis=1),
        "binary_crossentropy": -np.log(np.where(y > 0, probabilities, 1 - probabilities)).mean(axis=1),
    }.get(function, -np.log((probabilities * y).sum(axis=1)))
    labels = y.argmax(1) if function.startswith("sparse") else y
    np.testing.assert_allclose(getattr(losses, function)(labels, probabilities), expected, rtol=1e-4)
    assert float(getattr(losses, cls)()(labels, probabilities)) == pytest.approx(expected.mean(), rel=1e-4)
    assert float(np.mean(losses.get(function)(labels, probabilities))) == pytest.approx(expected.mean(), rel=1e-4)


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam", "SGD", "RMSprop", "Adam"])
def test_optimizers_by_name_make_a_loss_smaller(name):
    x, y = digits(64)
    history = classifier(optimizer=name).fit(x, y, epochs=10, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_metrics_by_name_and_as_classes():
    from tensorflow.keras import metrics

    x, y = digits(32)
    model = classifier(metrics=["accuracy", "mean_absolute_error", metrics.MeanAbsoluteError(name="again")])
    values = model.evaluate(x, y, verbose=0)
    scores = dict(zip(model.metrics_names, values, strict=True))
    prediction = model.predict(x, verbose=0)
    assert scores["accuracy"] == pytest.approx((prediction.argmax(1) == y.argmax(1)).mean())
    assert scores["mean_absolute_error"] == scores["again"] == pytest.approx(abs(prediction - y).mean(), rel=1e-4)
    mean = metrics.Mean()
    for value in ([1, 3], [5, 7, 9]):
        mean.update_state(value)
    assert float(mean.result()) == 5


def test_numpy_in_and_numpy_out():
    model = classifier(metrics=["accuracy"])
    x, y = digits(16)
    model.fit(x.astype("float64"), y.astype("int32"), verbose=0)
    outputs = [model.predict(x, verbose=0), model.predict_on_batch(x), *model.get_weights()]
    assert all(isinstance(array, np.ndarray) and array.dtype == "float32" for array in outputs)
    history = model.fit(x, y, verbose=0).history
    assert all(isinstance(value, float) for values in history.values() for value in values)
    assert all(isinstance(value, float) for value in model.evaluate(x, y, verbose=0))
    assert isinstance(np.asarray(model(x)), np.ndarray)
