"""The fifth note: what all models have in common, the arguments of compile, fit, evaluate and predict, and subclasses."""

import numpy as np
import pytest

OLD_SPELLING = pytest.mark.filterwarnings("ignore::DeprecationWarning")
rng = np.random.default_rng(0)


def functional():
    from tensorflow.keras.layers import Dense, Input
    from tensorflow.keras.models import Model

    a = Input(shape=(32,))
    b = Dense(32)(a)
    model = Model(inputs=a, outputs=b)
    return model


def sequential():
    from keras.layers import Dense
    from keras.models import Sequential

    return Sequential([Dense(6, input_dim=4, activation="relu", name="hidden"), Dense(3, activation="softmax")])


def many():
    """Two inputs and three outputs, as the note's ``[a1, a2]`` and ``[b1, b2, b3]``."""
    from tensorflow.keras.layers import Concatenate, Dense, Input
    from tensorflow.keras.models import Model

    a1, a2 = Input((3,), name="a1"), Input((2,), name="a2")
    shared = Dense(8, activation="relu")(Concatenate()([a1, a2]))
    b1, b2, b3 = Dense(1, name="b1")(shared), Dense(2, name="b2")(shared), Dense(3, name="b3", activation="softmax")(shared)
    model = Model(inputs=[a1, a2], outputs=[b1, b2, b3])
    return model


def rows(count, *sizes):
    return [rng.random((count, size), "float32") for size in sizes]


def test_attributes_that_all_models_have(capsys):
    from keras import utils

    model = functional()
    assert [layer.__class__.__name__ for layer in model.layers] == ["InputLayer", "Dense"]
    assert model.inputs == [model.layers[0].output] and model.outputs == [model.layers[1].output]
    model.summary()
    summary = capsys.readouterr().out
    assert "Total params: 1,056 (4.12 KB)" in summary
    utils.print_summary(model)
    assert capsys.readouterr().out == summary


@pytest.mark.parametrize("make", [functional, sequential])
def test_models_come_back_from_their_configs(make):
    from keras.models import Model, Sequential

    model = make()
    config = model.get_config()

    # 또는, Sequential 모델의 경우: Sequential.from_config(config)
    model = Model.from_config(config) if make is functional else Sequential.from_config(config)
    original = make()
    model.set_weights(original.get_weights())
    x = rng.random((5, *model.input_shape[1:]), "float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), original.predict(x, verbose=0))
    assert model.get_config() == config


def test_weights_are_arrays_of_the_same_sizes():
    model = sequential()
    weights = model.get_weights()
    assert all(isinstance(array, np.ndarray) for array in weights)
    model.set_weights([array + 1 for array in weights])
    for old, new in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old + 1, new)
    with pytest.raises(ValueError, match="shape"):
        model.set_weights([array.T for array in weights])


@OLD_SPELLING
@pytest.mark.parametrize("language", ["json", "yaml"])
def test_architectures_as_text_come_back_without_their_weights(language):
    from keras import models

    if language == "yaml":
        pytest.importorskip("yaml")
    model = sequential()
    text = getattr(model, f"to_{language}")()
    assert isinstance(text, str)
    again = getattr(models, f"model_from_{language}")(text)
    assert again.get_config() == model.get_config()
    assert (again.get_weights()[0] != model.get_weights()[0]).any()


def test_weights_files_by_position_and_by_name():
    from keras.layers import Dense
    from keras.models import Sequential

    model = sequential()
    model.save_weights("weights.h5")
    same = sequential()
    same.load_weights("weights.h5", by_name=False)
    for old, new in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)

    # Another head on the layer that has a name: only that one is found in the file.
    other = Sequential([Dense(6, input_dim=4, name="hidden"), Dense(5, name="new_head")])
    head = other.get_weights()[2]
    other.load_weights("weights.h5", by_name=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], head)
    with pytest.raises(ValueError, match="new_head"):
        other.load_weights("weights.h5", by_name=False)


@OLD_SPELLING
def test_every_argument_of_compile_fit_evaluate_and_predict():
    model = sequential()
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"],
            loss_weights=None, sample_weight_mode=None,
            weighted_metrics=None, target_tensors=None)
    x, y = rng.random((64, 4), "float32"), np.eye(3)[np.arange(64) % 3]
    history = model.fit(x=x, y=y, batch_size=None, epochs=5, verbose=0,
        callbacks=None, validation_split=0.25, validation_data=None,
        shuffle=True, class_weight=None, sample_weight=None,
        initial_epoch=2, steps_per_epoch=None, validation_steps=None)
    # epochs is the number of the last epoch, not how many there are.
    assert history.epoch == [2, 3, 4]
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    # 48 rows of training in batches of 32 if nothing is said.
    assert int(model.optimizer.iterations) == 3 * 2

    result = model.evaluate(x=x, y=y, batch_size=None, verbose=0,
            sample_weight=None, steps=None, callbacks=None)
    prediction = model.predict(x, batch_size=None, verbose=0, steps=None, callbacks=None)
    assert isinstance(prediction, np.ndarray)
    named = dict(zip(model.metrics_names, result, strict=True))
    assert named["accuracy"] == pytest.approx((prediction.argmax(1) == y.argmax(1)).mean())
    assert named["loss"] == pytest.approx(-np.log((prediction * y).sum(1)).mean(), rel=1e-4)
    assert model.predict(x, batch_size=8, steps=2, verbose=0).shape == (16, 3)


def test_evaluate_returns_one_number_where_there_is_only_a_loss():
    model = functional()
    model.compile("sgd", "mse")
    x, y = rows(8, 32, 32)
    score = model.evaluate(x, y, verbose=0)
    assert isinstance(score, float)
    assert score == pytest.approx(((model.predict(x, verbose=0) - y) ** 2).mean(), rel=1e-4)


def test_verbose_0_1_and_2(capsys):
    model = functional()
    model.compile("sgd", "mse")
    x, y = rows(64, 32, 32)
    printed = []
    for verbose in (0, 1, 2):
        model.fit(x, y, epochs=2, verbose=verbose)
        printed.append(capsys.readouterr().out)
    assert printed[0] == ""
    assert "━" in printed[1]
    assert "━" not in printed[2] and printed[2].splitlines()[0] == "Epoch 1/2" and len(printed[2].splitlines()) == 4


@pytest.mark.parametrize("form", ["lists", "dictionaries"])
def test_several_inputs_and_outputs(form):
    model = many()
    arrays = dict(zip(("a1", "a2", "b1", "b2"), rows(32, 3, 2, 1, 2), strict=True))
    arrays["b3"] = np.eye(3)[np.arange(32) % 3]
    losses = {"b1": "mse", "b2": "mae", "b3": "categorical_crossentropy"}
    x, y = {name: arrays[name] for name in ("a1", "a2")}, {name: arrays[name] for name in losses}
    if form == "lists":
        model.compile("sgd", loss=list(losses.values()), metrics=[[], [], ["accuracy"]])
        x, y = list(x.values()), list(y.values())
    else:
        model.compile("sgd", loss=losses, metrics={"b3": "accuracy"})
    history = model.fit(x, y, epochs=2, verbose=0)
    assert set(history.history) == {"loss", "b1_loss", "b2_loss", "b3_loss", "b3_accuracy"}
    named = dict(zip(model.metrics_names, model.evaluate(x, y, verbose=0), strict=True))
    # What is made smaller is the sum of all losses.
    assert named["loss"] == pytest.approx(named["b1_loss"] + named["b2_loss"] + named["b3_loss"], rel=1e-5)
    b1, b2, b3 = model.predict(x, verbose=0)
    assert named["b1_loss"] == pytest.approx(((b1 - arrays["b1"]) ** 2).mean(), rel=1e-4)
    assert named["b2_loss"] == pytest.approx(abs(b2 - arrays["b2"]).mean(), rel=1e-4)
    assert named["b3_accuracy"] == pytest.approx((b3.argmax(1) == arrays["b3"].argmax(1)).mean())


def simple_mlp():
    from tensorflow import keras

    class SimpleMLP(keras.Model):

        def __init__(self, use_bn=False, use_dp=False, num_classes=10):
            super(SimpleMLP, self).__init__(name='mlp')  # noqa: UP008
            self.use_bn = use_bn
            self.use_dp = use_dp
            self.num_classes = num_classes

            self.dense1 = keras.layers.Dense(32, activation='relu')
            self.dense2 = keras.layers.Dense(num_classes, activation='softmax')
            if self.use_dp:    # Dropout layer를 사용
                self.dp = keras.layers.Dropout(0.5)
            if self.use_bn:    # 배치정규화를 사용
                self.bn = keras.layers.BatchNormalization(axis=-1)

        def call(self, inputs):
            x = self.dense1(inputs)
            if self.use_dp:
                x = self.dp(x)
            if self.use_bn:
                x = self.bn(x)
            return self.dense2(x)

    return SimpleMLP


@pytest.mark.parametrize("use_dp", [False, True])
@pytest.mark.parametrize("use_bn", [False, True])
def test_parts_that_depend_on_the_constructor(use_bn, use_dp):
    model = simple_mlp()(use_bn=use_bn, use_dp=use_dp)   # 모델 생성 시 Dropout, 배치정규화 옵션을 지정(True or False)
    x, y = rng.random((64, 8), "float32"), np.eye(10)[np.arange(64) % 10]
    model.compile("adam", "categorical_crossentropy")
    model.fit(x, y, verbose=0)
    names = [layer.__class__.__name__ for layer in model.layers]
    assert names == ["Dense", "Dense"] + ["Dropout"] * use_dp + ["BatchNormalization"] * use_bn
    assert len(model.weights) == (8 if use_bn else 4)

    # The mode reaches layers inside a call that has no argument for it: moving statistics move, dropout drops.
    if use_bn:
        moved = model.bn.get_weights()[2]
        model.evaluate(x, y, verbose=0)
        np.testing.assert_array_equal(model.bn.get_weights()[2], moved)
        model.fit(x, y, verbose=0)
        assert moved.any() and (model.bn.get_weights()[2] != moved).any()
    training = [np.array(model(x, training=True)) for _ in range(2)]
    assert (training[0] != training[1]).any() == use_dp
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))


def test_dropout_of_a_subclass_drops_in_fit():
    from keras import Model, layers

    class Only(Model):
        def __init__(self):
            super().__init__()
            self.dp = layers.Dropout(0.5)
            self.scale = layers.Dense(1, use_bias=False, kernel_initializer="ones")

        def call(self, inputs):
            return self.scale(self.dp(inputs))

    model = Only()
    model.compile("sgd", "mse")
    x, y = np.ones((1000, 1), "float32"), np.ones((1000, 1), "float32")
    # Each row comes out as 0 or 2, both 1 away from what they should be; without dropping nothing would be wrong.
    assert model.fit(x, y, batch_size=1000, verbose=0).history["loss"] == [pytest.approx(1.0)]
    model.scale.set_weights([np.ones((1, 1))])
    assert model.evaluate(x, y, verbose=0) == 0


def test_a_loss_added_in_call():
    from keras import Model, layers, ops

    class Sparse(Model):
        def __init__(self):
            super().__init__()
            self.code = layers.Dense(4, activation="relu", kernel_initializer="ones")
            self.head = layers.Dense(1)

        def call(self, inputs):
            code = self.code(inputs)
            loss_tensor = 0.1 * ops.sum(ops.abs(code))
            self.add_loss(loss_tensor)
            return self.head(code)

    model = Sparse()
    model.compile("sgd", "mse")
    x, y = rows(16, 3, 1)
    model.predict(x, verbose=0)
    without = ((model.predict(x, verbose=0) - y) ** 2).mean()
    extra = 0.1 * 4 * x.sum()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(without + extra, rel=1e-4)
    code = np.array(model.code(x)).sum()
    model.fit(x, y, epochs=3, verbose=0)
    assert np.array(model.code(x)).sum() < code


def test_a_subclass_has_no_symbolic_tensors_but_says_so_and_is_saved_whole():
    from keras.models import load_model

    SimpleMLP = simple_mlp()
    model = SimpleMLP(use_bn=True, num_classes=3)
    x = rng.random((5, 8), "float32")
    expected = model.predict(x, verbose=0)
    for name in ("inputs", "outputs"):
        with pytest.raises(AttributeError, match=f"no {name}: only functional models"):
            getattr(model, name)
    # The note's Keras 2 could not say more of such a model; the constructor's arguments are its config today.
    assert model.get_config() == {"use_bn": True, "use_dp": False, "num_classes": 3}
    assert '"class_name": "SimpleMLP"' in model.to_json()
    model.save("mlp.keras")
    loaded = load_model("mlp.keras", custom_objects={"SimpleMLP": SimpleMLP})
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)
