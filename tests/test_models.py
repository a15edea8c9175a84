"""Sequential and subclassed models: building, nesting, freezing, copying, calling."""

import copy
import pickle

import numpy as np
import pytest

import rkeras as keras
from rkeras import layers
from rkeras.models import clone_model

ROWS = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


def forward(model, x):
    """What a stack of Dense layers should give, with NumPy."""
    for layer in model.layers:
        kernel, bias = layer.get_weights()
        x = x @ kernel + bias
    return x


def two_dense(**kwargs):
    return keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)], **kwargs)


def test_weights_wait_for_the_input_size():
    keras.utils.clear_session()
    keras.Sequential([layers.Dense(64), layers.Dense(10)])
    model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
    assert model.weights == [] and not model.built
    model.build((None, 3))
    assert [repr(w) for w in model.weights] == [
        "<KerasVariable shape=(3, 64), dtype=float32, path=sequential_1/dense_2/kernel>",
        "<KerasVariable shape=(64,), dtype=float32, path=sequential_1/dense_2/bias>",
        "<KerasVariable shape=(64, 10), dtype=float32, path=sequential_1/dense_3/kernel>",
        "<KerasVariable shape=(10,), dtype=float32, path=sequential_1/dense_3/bias>",
    ]


def test_weights_exist_at_once_after_an_input():
    model = keras.Sequential()
    model.add(keras.Input(shape=(3,)))
    assert model.layers == []
    for count in (2, 4):
        model.add(layers.Dense(4))
        assert len(model.weights) == count and model.built
    kept = model.weights[0]
    model.pop()
    assert len(model.weights) == 2 and model.weights[0] is kept
    assert model.output_shape == (None, 4) and model.input_shape == (None, 3)


def test_a_layer_that_does_not_fit_is_not_added():
    model = two_dense()
    with pytest.raises(ValueError, match="heads"):
        model.add(layers.Reshape((7,), name="heads"))
    assert len(model.layers) == 2 and model(ROWS).shape == (5, 2)


def test_each_layer_of_a_growing_stack_is_called_once():
    model = keras.Sequential([keras.Input((3,))])
    for _ in range(4):
        model.add(layers.Dense(2))
    assert [len(layer._inbound_nodes) for layer in model.layers] == [1, 1, 1, 1]


def test_first_data_builds_and_any_batch_follows():
    model = keras.Sequential([layers.Dense(4), layers.Dense(2)])
    np.testing.assert_allclose(model(ROWS).numpy(), forward(model, ROWS), rtol=1e-5)
    np.testing.assert_allclose(model(ROWS[:1]).numpy(), forward(model, ROWS[:1]), rtol=1e-5)


def test_older_input_arguments_build_too():
    assert keras.Sequential([layers.Dense(4, input_dim=3), layers.Dense(1)]).built
    model = keras.Sequential([layers.Dense(4, input_shape=(3,)), layers.Dense(1)])
    assert model.input_shape == (None, 3) and len(model.layers) == 2


def test_unbuilt_models_say_what_to_do():
    with pytest.raises(ValueError, match="no layers yet"):
        keras.Sequential()(ROWS)
    with pytest.raises(ValueError, match=r"build\(input_shape=\(None, …\)\)"):
        keras.Sequential([layers.Dense(1)]).build()
    with pytest.raises(AttributeError, match="Input first"):
        _ = keras.Sequential([layers.Dense(1)]).inputs


def test_what_a_sequential_refuses():
    model = two_dense()
    with pytest.raises(ValueError, match="made of layers"):
        model.add(3)
    with pytest.raises(ValueError, match=r"add an instance, Dense"):
        model.add(layers.Dense)
    with pytest.raises(ValueError, match="another name="):
        model.add(layers.Dense(1, name=model.layers[0].name))
    with pytest.raises(ValueError, match="first layer"):
        model.add(keras.Input((3,)))
    with pytest.raises(ValueError, match=r"\(None, 3\).*cannot be built for \(None, 7\)"):
        model.build((None, 7))
    with pytest.raises(AttributeError, match="add"):
        model.layers = []


def test_shape_errors_name_input_shapes_and_remedy():
    model = two_dense(name="small")
    with pytest.raises(ValueError, match=r"'small' has shape \(None, 3\), but was given shape \(5, 4\)"):
        model(np.ones((5, 4)))
    with pytest.raises(ValueError, match="batch axis is missing"):
        model(np.ones(3))


def test_subclassed_model_builds_by_shape():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.features = keras.Sequential([layers.Flatten(), layers.Dense(5)])
            self.stack = []
            for units in (4, 3):
                self.stack.append(layers.Dense(units))
            self.classifier = keras.Sequential([layers.Dense(2)])

        def call(self, x):
            x = self.features(x)
            for layer in self.stack:
                x = layer(x)
            return self.classifier(x)

    model = Net()
    model.build((None, 28, 28, 1))
    kernels = [w.shape for w in model.weights if w.name == "kernel"]
    assert kernels == [(784, 5), (5, 4), (4, 3), (3, 2)] and len(model.weights) == 8
    assert model.weights[0].path.startswith("net") and model.weights[0].path.endswith("/kernel")
    assert model.layers == [model.features, *model.stack, model.classifier]
    assert model(np.ones((2, 28, 28, 1))).shape == (2, 2)


def test_subclassed_model_that_cannot_be_built_says_why():
    class Bad(keras.Model):
        def call(self, x):
            return x @ np.ones((4, 2), "float32")

    with pytest.raises(ValueError, match=r"input_shape=\(None, 3\)[\s\S]*batch axis first"):
        Bad().build((None, 3))
    with pytest.raises(NotImplementedError, match="call"):
        type("Empty", (keras.Model,), {})().build((None, 3))


def test_subclass_with_its_own_build():
    class Own(keras.Model):
        def build(self, input_shape):
            self.dense = layers.Dense(2)
            self.dense.build(input_shape)

        def call(self, x):
            return self.dense(x)

    model = Own(name="own")
    assert model(ROWS).shape == (5, 2)
    assert next(w.path for w in model.weights).startswith("own/dense")


def test_parts_by_flags_train_without_a_training_argument():
    class SimpleMLP(keras.Model):
        def __init__(self, use_dp=False):
            super().__init__()
            self.fc1 = layers.Dense(8)
            self.use_dp = use_dp
            if use_dp:
                self.dp = layers.Dropout(0.5)

        def call(self, inputs):
            x = self.fc1(inputs)
            return self.dp(x) if self.use_dp else x

    model = SimpleMLP(use_dp=True)
    calm = model(ROWS).numpy()
    assert (model(ROWS).numpy() == calm).all()
    assert (model(ROWS, training=True).numpy() != calm).any()
    assert (model(ROWS, training=False).numpy() == calm).all()


def test_get_layer():
    model = two_dense()
    assert model.get_layer(index=1) is model.layers[1]
    assert model.get_layer(model.layers[0].name) is model.layers[0]
    with pytest.raises(ValueError, match="no layer called 'x'"):
        model.get_layer("x")
    with pytest.raises(ValueError, match="index 2"):
        model.get_layer(index=2)
    with pytest.raises(ValueError, match="either"):
        model.get_layer()


def test_freezing_a_part():
    model = two_dense()
    model.layers[0].trainable = False
    assert [w.shape for w in model.trainable_weights] == [(4, 2), (2,)]
    assert len(model.non_trainable_weights) == 2
    model.trainable = False
    assert model.trainable_weights == []


def test_losses_of_a_call_are_kept_by_repeated_calls():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, activity_regularizer="l2")])
    values = []
    for _ in range(4):
        model(ROWS)
        values.append([float(loss) for loss in model.losses])
    assert len(values[0]) == 1 and values[0][0] > 0 and values == [values[0]] * 4


def test_clone_has_weights_of_its_own():
    model = two_dense(name="origin")
    twin = clone_model(model)
    assert twin.name == "origin" and [w.shape for w in twin.weights] == [w.shape for w in model.weights]
    assert not any(a is b for a, b in zip(twin.weights, model.weights, strict=True))
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(ROWS).numpy(), model(ROWS).numpy())


def test_clone_with_other_layers():
    def wider(layer):
        return layers.Dense(layer.units * 2, name=layer.name)

    assert next(w.shape for w in clone_model(two_dense(), clone_function=wider).weights) == (3, 8)


def test_copies_and_pickles():
    model = two_dense()
    for _ in range(3):
        expected = model(ROWS).numpy()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin(ROWS).numpy(), expected)
        twin.layers[0].kernel.assign(twin.layers[0].kernel * 0.0)
        np.testing.assert_array_equal(model(ROWS).numpy(), expected)


def test_config_round_trip():
    model = two_dense(name="seq")
    twin = keras.Sequential.from_config(model.get_config())
    assert twin.name == "seq" and [layer.name for layer in twin.layers] == [
        layer.name for layer in model.layers
    ]
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(ROWS).numpy(), model(ROWS).numpy())


def test_json_round_trip_of_a_model_that_was_built_later():
    model = keras.Sequential([layers.Dense(4), layers.Dense(2)])
    model.build((None, 3))
    twin = keras.models.model_from_json(model.to_json())
    assert [w.shape for w in twin.weights] == [w.shape for w in model.weights]
