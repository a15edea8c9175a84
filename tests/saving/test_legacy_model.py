"""Whole models in `.h5` files: those of Keras 1, 2 and 3, and our own."""

import json
import pathlib
import warnings

import h5py
import numpy as np
import pytest

import rkeras
from rkeras import callbacks, layers, losses, optimizers
from saving.old_files import dense1, write_model, write_weights

FILES = pathlib.Path(__file__).parents[1] / "fixtures" / "keras_files"
RNG = np.random.default_rng(0)
X = RNG.random((16, 4), "float32")
Y = X.sum(1, keepdims=True)


def read(name):
    arrays = np.load(FILES / f"{name}.npz")
    x, y = ([arrays[key] for key in sorted(arrays) if key.startswith(first)] for first in "xy")
    return arrays, *(v[0] if len(v) == 1 else v for v in (x, y))


def predictions(model, x):
    result = model.predict(x, verbose=0)
    if isinstance(result, dict):
        return result["y"]
    return np.concatenate(result, axis=-1) if isinstance(result, list) else result


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize(
    "name", ["mlp", "convnet", "nested", "two_inputs", "keras2_mlp", "keras2_convnet", "keras2_graph", "keras2_text"]
)
def test_files_of_keras(name, ending):
    path = FILES / f"{name}.{ending}"
    if name.startswith("keras2"):
        if ending == "keras":
            pytest.skip("of Keras 2 there are `.h5` files only")
        if name == "keras2_text":
            pytest.importorskip("rkeras.layers.rnn.lstm")
    arrays, x, y = read(name)
    model = rkeras.models.load_model(path)
    np.testing.assert_allclose(predictions(model, x), arrays["before"], rtol=1e-5, atol=1e-6)
    assert model.compiled == ("loss" in arrays)
    if not model.compiled:
        return
    assert int(model.optimizer.iterations.numpy()) == 4
    history = model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"], arrays["loss"], rtol=1e-5)
    np.testing.assert_allclose(predictions(model, x), arrays["after"], rtol=1e-4, atol=1e-5)
    assert not rkeras.models.load_model(path, compile=False).compiled


def sequential():
    return rkeras.Sequential(
        [
            rkeras.Input((4,)),
            layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )


def functional():
    inputs = rkeras.Input((4,))
    hidden = layers.Dense(4, activation="tanh")(inputs)
    joined = layers.Concatenate()([hidden, rkeras.ops.sin(inputs)[:, :2] * 2.0])
    return rkeras.Model(inputs, layers.Dense(1)(joined))


def nested():
    inputs, inside = rkeras.Input((4,)), rkeras.Input((4,))
    model = rkeras.Model(inside, layers.Dense(4)(inside))
    stack = rkeras.Sequential([rkeras.Input((4,)), layers.Dense(4, activation="relu")])
    return rkeras.Model(inputs, layers.Dense(1)(layers.Add()([model(stack(model(inputs))), stack(inputs)])))


OPTIMIZERS = {
    "momentum": lambda: optimizers.SGD(0.01, momentum=0.9),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adam": lambda: optimizers.Adam(0.01, amsgrad=True),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("make", [sequential, functional, nested])
def test_training_goes_on_where_it_stopped(make, optimizer, tmp_path):
    model = make()
    model.compile(OPTIMIZERS[optimizer](), "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, batch_size=4, verbose=0, shuffle=False)
    model.save(tmp_path / "m.h5")
    loaded = rkeras.models.load_model(tmp_path / "m.h5")
    options = {"epochs": 2, "batch_size": 4, "verbose": 0, "shuffle": False}
    assert loaded.fit(X, Y, **options).history == model.fit(X, Y, **options).history
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_the_layout(tmp_path):
    model = sequential()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        record = json.loads(file.attrs["model_config"])
        assert record["class_name"] == "Sequential" and "module" not in record
        kinds = [layer["class_name"] for layer in record["config"]["layers"]]
        assert kinds == ["InputLayer", "Dense", "BatchNormalization", "Dropout", "Dense"]
        assert not any("module" in layer for layer in record["config"]["layers"])
        assert json.loads(file.attrs["training_config"])["optimizer_config"]["class_name"] == "Adam"
        weights = file["model_weights"]
        names = [name.decode() for name in weights.attrs["layer_names"]]
        assert names == [layer.name for layer in model.layers]
        assert [len(weights[name].attrs["weight_names"]) for name in names] == [2, 4, 0, 2]
        assert len(file["optimizer_weights"].attrs["weight_names"]) == len(model.optimizer.variables)


def test_without_the_optimizer(tmp_path):
    model = sequential()
    model.compile("adam", "mse")
    model.save(tmp_path / "m.h5", include_optimizer=False)
    assert not rkeras.models.load_model(tmp_path / "m.h5").compiled
    with h5py.File(tmp_path / "m.h5") as file:
        assert "training_config" not in file.attrs and "optimizer_weights" not in file


@rkeras.saving.register_keras_serializable("tests")
class Scaled(layers.Layer):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Unregistered(Scaled):
    pass


def off_by(y_true, y_pred):
    return rkeras.ops.mean(rkeras.ops.abs(y_true - y_pred), axis=-1)


def test_custom_objects(tmp_path):
    inner = rkeras.Sequential([rkeras.Input((4,)), Scaled(3.0, name="registered")])
    model = rkeras.Sequential([rkeras.Input((4,)), inner, Unregistered(2.0, name="not"), layers.Dense(1, activation=off_by_one)])
    model.compile("sgd", off_by, metrics=[off_by])
    model.save(tmp_path / "m.h5")
    with pytest.raises(TypeError, match=r"Unregistered.*custom_objects="):
        rkeras.models.load_model(tmp_path / "m.h5")
    custom = {"Unregistered": Unregistered, "off_by": off_by, "off_by_one": off_by_one}
    loaded = rkeras.models.load_model(tmp_path / "m.h5", custom_objects=custom)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    with rkeras.saving.custom_object_scope(custom):
        assert rkeras.models.load_model(tmp_path / "m.h5").get_layer("not").factor == 2.0


def off_by_one(x):
    return x + 1.0


def test_code_needs_trust(tmp_path):
    model = rkeras.Sequential([rkeras.Input((4,)), layers.Lambda(lambda x: x * 2.0)])
    model.save(tmp_path / "m.h5")
    with pytest.raises(ValueError, match="safe_mode=False"):
        rkeras.models.load_model(tmp_path / "m.h5")
    loaded = rkeras.models.load_model(tmp_path / "m.h5", safe_mode=False)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), X * 2)


def test_losses_and_metrics_in_every_form(tmp_path):
    inputs = rkeras.Input((4,))
    model = rkeras.Model(inputs, {"a": layers.Dense(1, name="a")(inputs), "b": layers.Dense(1, name="b")(inputs)})
    model.compile(
        optimizers.Adam(optimizers.schedules.CosineDecay(0.1, 10)),
        {"a": losses.Huber(0.5), "b": "mse"},
        loss_weights={"a": 2.0, "b": 0.5},
        metrics={"a": ["mae", rkeras.metrics.RootMeanSquaredError(name="root")]},
        weighted_metrics={"b": ["mape"]},
    )
    y = {"a": Y, "b": -Y}
    model.fit(X, y, verbose=0)
    model.save(tmp_path / "m.h5")
    loaded = rkeras.models.load_model(tmp_path / "m.h5")
    loaded_report, report = (m.evaluate(X, y, verbose=0, return_dict=True) for m in (loaded, model))
    assert loaded_report == report and "a_root" in report


@pytest.mark.parametrize("weights_only", [False, True])
def test_checkpoints(tmp_path, weights_only):
    model = sequential()
    model.compile("adam", "mse")
    path = tmp_path / "best-{epoch:02d}.h5"
    keep = callbacks.ModelCheckpoint(path, "loss", save_weights_only=weights_only)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[keep])
    found = sorted(tmp_path.iterdir())
    assert [p.name.partition(".")[0] for p in found] == ["best-01", "best-02"]
    if weights_only:
        loaded = sequential()
        loaded.load_weights(found[-1])
    else:
        loaded = rkeras.models.load_model(found[-1])
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_weights_of_a_whole_model(tmp_path):
    """What `load_weights` is often given."""
    model, other = sequential(), sequential()
    model.save(tmp_path / "m.h5")
    other.load_weights(tmp_path / "m.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


def test_weights_alone_are_no_model(tmp_path):
    sequential().save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match=r"load_weights\(\)"):
        rkeras.models.load_model(tmp_path / "w.h5")


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    model = sequential()
    model.save(tmp_path / "m.h5")
    old = (tmp_path / "m.h5").read_bytes()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rkeras.saving.legacy_model.write_layers", fail)
    with pytest.raises(KeyboardInterrupt):
        model.save(tmp_path / "m.h5")
    assert (tmp_path / "m.h5").read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["m.h5"]


def test_configs_longer_than_an_attribute_of_the_header(tmp_path):
    model = rkeras.Sequential([rkeras.Input((2,)), *(layers.ReLU(name=f"layer_{i:0100d}") for i in range(700))])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert len(file.attrs["model_config"]) > 1 << 16
        assert "layer_names0" in file["model_weights"].attrs and "layer_names1" in file["model_weights"].attrs
    assert len(rkeras.models.load_model(tmp_path / "m.h5").layers) == 700


def test_a_sequential_model_of_keras_1(tmp_path):
    kernel, bias, second = RNG.random((4, 3)), RNG.random(3), RNG.random((3, 1))
    config = {
        "class_name": "Sequential",
        "config": [
            dense1("first", 3, "relu", batch_input_shape=[None, 4], input_dim=4, W_regularizer={"name": "WeightRegularizer", "l1": 0.0, "l2": 0.5}),
            {"class_name": "Dropout", "config": {"name": "drop", "trainable": True, "p": 0.25}},
            dense1("second", 1, bias=False),
        ],
    }  # fmt: skip
    sgd = {"class_name": "SGD", "config": {"lr": 0.25, "momentum": 0.5, "decay": 0.0, "nesterov": False}}
    training = {"optimizer_config": sgd, "loss": "mse", "metrics": ["mae"], "sample_weight_mode": None, "loss_weights": None}
    slots = [RNG.random(a.shape, "float32") for a in (kernel, bias, second)]
    path = write_model(
        tmp_path / "m.h5",
        config,
        [("first", [("first_W", kernel), ("first_b", bias)]), ("drop", []), ("second", [("second_W", second)])],
        training,
        [np.float32(7), *slots],
    )
    model = rkeras.models.load_model(path)
    expected = np.maximum(X @ kernel + bias, 0) @ second
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5)
    assert model.get_layer("drop").rate == 0.25
    assert float(model.get_layer("first").kernel_regularizer.l2) == 0.5
    assert float(model.optimizer.learning_rate.numpy()) == 0.25 and model.loss == "mse"
    assert int(model.optimizer.iterations.numpy()) == 7
    for slot, variable in zip(slots, model.optimizer.variables[2:], strict=True):
        np.testing.assert_array_equal(slot, variable.numpy())
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])


def test_a_functional_model_of_keras_1(tmp_path):
    one, two = RNG.random((4, 2)), RNG.random((2, 1))

    def place(name, node=0):
        return [name, node, 0]

    def layer(record, *calls):
        return {**record, "name": record["config"]["name"], "inbound_nodes": [list(call) for call in calls]}

    config = {
        "class_name": "Model",
        "config": {
            "name": "model_1",
            "layers": [
                layer({"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "input_dtype": "float32", "sparse": False, "name": "in"}}),
                layer(dense1("shared", 2, bias=False), [place("in")]),
                layer(dense1("top", 1, bias=False), [place("joined")], [place("shared")]),
                layer({"class_name": "Merge", "config": {"name": "joined", "mode": "sum", "mode_type": "raw", "concat_axis": -1, "dot_axes": -1}}, [place("shared"), place("shared")]),
            ],
            "input_layers": [place("in")],
            "output_layers": [place("top", 0), place("top", 1)],
        },
    }  # fmt: skip
    path = write_model(
        tmp_path / "m.h5", config, [("in", []), ("shared", [("s_W", one)]), ("joined", []), ("top", [("t_W", two)])]
    )
    model = rkeras.models.load_model(path)
    twice, once = model.predict(X, verbose=0)
    np.testing.assert_allclose(once, X @ one @ two, rtol=1e-5)
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-5)


def test_weights_of_keras_1(tmp_path):
    model = rkeras.Sequential([rkeras.Input((4,)), layers.Dense(2, name="a"), layers.Dropout(0.5), layers.Dense(1, name="b")])
    arrays = [RNG.random(s, "float32") for s in ((4, 2), (2,), (2, 1), (1,))]
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_weights(file, [("dense_1", [("W", arrays[0]), ("b", arrays[1])]), ("b", [("W", arrays[2]), ("b", arrays[3])])])
    model.load_weights(tmp_path / "w.h5")
    for a, b in zip(arrays, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.set_weights([np.zeros_like(a) for a in arrays])
    model.load_weights(tmp_path / "w.h5", by_name=True)
    np.testing.assert_array_equal(model.get_weights()[0], 0)
    np.testing.assert_array_equal(model.get_weights()[2], arrays[2])


def test_an_optimizer_whose_state_does_not_fit(tmp_path):
    model = sequential()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        names = file["optimizer_weights"].attrs["weight_names"]
        file["optimizer_weights"].attrs["weight_names"] = names[:-1]
    with pytest.warns(UserWarning, match="optimizer's state is not loaded"):
        loaded = rkeras.models.load_model(tmp_path / "m.h5")
    assert int(loaded.optimizer.iterations.numpy()) == 0
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_keras_opens_our_files(tmp_path):
    """Where Keras is installed."""
    keras = pytest.importorskip("keras")
    if keras is rkeras or not hasattr(keras, "backend"):
        pytest.skip("`keras` is not Keras")
    for make in (sequential, nested):
        model = make()
        model.compile("adam", "mse")
        model.fit(X, Y, verbose=0)
        for ending in ("h5", "keras"):
            model.save(tmp_path / f"m.{ending}")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = keras.models.load_model(tmp_path / f"m.{ending}")
            np.testing.assert_allclose(theirs.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-4, atol=1e-6)
