"""Configs, JSON and YAML that Keras 1, 2 and 3 wrote."""

import json
import pathlib

import numpy as np
import pytest

import rkeras
from rkeras import layers
from rkeras.saving.class_table import find_class
from rkeras.saving.legacy_config import present_record
from saving.hostile import harmless
from saving.old_files import dense1

FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures"
RECORDS = json.loads((FIXTURES / "keras2_configs.json").read_text())
# Vocabularies of texts are tensors of TensorFlow.
KNOWN = [
    (f"keras.{family}", record)
    for family, record in RECORDS
    if find_class(f"keras.{family}", record["class_name"]) and record["config"].get("dtype") != "string"
]
# Plain values that have become others.
LEFT = {"distribution", "dtype", "fn", "function", "is_legacy_optimizer", "jit_compile", "name", "reduction", "theta"}


def test_most_of_what_keras_2_had_is_known():
    assert len(KNOWN) > 180


@pytest.mark.parametrize(("family", "record"), KNOWN, ids=[f"{f[6:]}-{i}-{r['class_name']}" for i, (f, r) in enumerate(KNOWN)])
def test_records_of_keras_2(family, record):
    made = rkeras.saving.deserialize_keras_object(present_record(record, family))
    assert isinstance(made, find_class(family, record["class_name"]))
    config = made.get_config()
    for key, value in record["config"].items():
        if key in config and key not in LEFT and isinstance(value, (bool, int, float, str)):
            found = config[key][-1] if isinstance(config[key], (list, tuple)) else config[key]
            assert found == pytest.approx(value) if isinstance(value, float) else found == value, key


def old(name, **config):
    return {"class_name": name, "config": {"name": "layer", **config}}


# Layers of Keras 1: their record, the class of today, and what its attributes are.
KERAS_1 = [
    (old("Dropout", p=0.25), layers.Dropout, {"rate": 0.25}),
    (old("Convolution2D", nb_filter=4, nb_row=3, nb_col=5, border_mode="same", dim_ordering="tf", subsample=[2, 1],
         init="he_normal", W_regularizer={"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5}, bias=False),
     layers.Conv2D, {"filters": 4, "kernel_size": (3, 5), "padding": "same", "data_format": "channels_last",
                     "strides": (2, 1), "use_bias": False}),
    (old("AtrousConvolution2D", nb_filter=4, nb_row=3, nb_col=3, atrous_rate=[2, 2]), layers.Conv2D,
     {"dilation_rate": (2, 2)}),
    (old("Convolution1D", nb_filter=4, filter_length=3, subsample_length=2), layers.Conv1D,
     {"kernel_size": (3,), "strides": (2,)}),
    (old("MaxPooling2D", pool_size=[2, 3], strides=[1, 1], border_mode="same", dim_ordering="th"), layers.MaxPooling2D,
     {"pool_size": (2, 3), "padding": "same", "data_format": "channels_first"}),
    (old("MaxPooling1D", pool_length=3, stride=2), layers.MaxPooling1D, {"pool_size": (3,), "strides": (2,)}),
    (old("GaussianNoise", sigma=0.5), layers.GaussianNoise, {"stddev": 0.5}),
    (old("BatchNormalization", mode=0, axis=1, epsilon=0.01, gamma_init="one", beta_init="zero"),
     layers.BatchNormalization, {"axis": 1, "epsilon": 0.01}),
    (old("Embedding", input_dim=7, output_dim=3, input_length=5, init="uniform", mask_zero=True, dropout=0.0),
     layers.Embedding, {"input_dim": 7, "output_dim": 3, "mask_zero": True}),
    (old("UpSampling1D", length=3), layers.UpSampling1D, {"size": 3}),
    (old("LeakyReLU", alpha=0.5), layers.LeakyReLU, {"negative_slope": 0.5}),
    (old("Merge", mode="sum"), layers.Add, {}),
    (old("Merge", mode="concat", concat_axis=1, dot_axes=-1), layers.Concatenate, {"axis": 1}),
    (old("Merge", mode="cos", dot_axes=1), layers.Dot, {"axes": 1, "normalize": True}),
    (old("BatchNormalizationV1", axis=[3]), layers.BatchNormalization, {"axis": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("record", "cls", "expected"), KERAS_1, ids=[r["class_name"] for r, _, _ in KERAS_1])
def test_layers_of_keras_1(record, cls, expected):
    made = rkeras.saving.deserialize_keras_object(present_record(record))
    assert type(made) is cls and made.name == "layer"
    found = {key: tuple(v) if isinstance(v := getattr(made, key), list) else v for key in expected}
    assert found == expected


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (old("Merge", mode="concatenate"), "the mode 'concatenate'"),
        (old("Merge", mode="sum", layers=[dense1("a", 1)]), "functional API"),
        (old("BatchNormalization", mode=1), "mode=1"),
        (old("Dropout", p=0.5, rate=0.5), "both p and rate"),
        ({"class_name": "Dense", "config": 7}, "must be a dict"),
        ({"class_name": "Highway", "config": {}}, "Could not locate class 'Highway'"),
    ],
)
def test_what_cannot_be_read(record, message):
    with pytest.raises((TypeError, ValueError), match=message):
        rkeras.saving.deserialize_keras_object(present_record(record))


def test_no_warnings_for_what_stands_in_files(recwarn):
    rkeras.saving.deserialize_keras_object(present_record(KERAS_1[1][0]))
    assert not recwarn.list


def good():
    inputs = rkeras.Input((4,), name="x")
    inner = rkeras.Sequential([rkeras.Input((4,)), layers.Dense(3, name="deep")], name="inner")
    both = layers.Concatenate()([inner(inputs), rkeras.ops.tanh(inputs)])
    return rkeras.Model(inputs, layers.Dense(2, activation="relu", name="out")(both), name="good")


@pytest.mark.parametrize(
    "again",
    [
        lambda m: rkeras.models.model_from_json(m.to_json()),
        lambda m: rkeras.models.model_from_json(m.to_json(indent=4)),
        lambda m: type(m).from_config(m.get_config()),
        lambda m: rkeras.models.model_from_config({"class_name": "Functional", "config": m.get_config()}),
        lambda m: rkeras.models.model_from_config(json.loads(m.to_json())),
    ],
)
@pytest.mark.filterwarnings("ignore:model_from_config:DeprecationWarning")
def test_the_same_model_again(again):
    model = good()
    other = again(model)
    other.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((3, 4), "float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), other.predict(x, verbose=0))
    assert [layer.name for layer in other.layers] == [layer.name for layer in model.layers]


@pytest.mark.parametrize("name", ["keras2_mlp", "keras2_convnet", "keras2_graph", "keras2_text"])
def test_json_of_keras_2(name):
    if name == "keras2_text":
        pytest.importorskip("rkeras.layers.rnn.lstm")
    path = FIXTURES / "keras_files" / name
    arrays = np.load(path.with_suffix(".npz"))
    model = rkeras.models.model_from_json(str(arrays["json"]))
    model.load_weights(path.with_suffix(".h5"))
    x = [arrays[key] for key in sorted(arrays) if key.startswith("x")]
    result = model.predict(x[0] if len(x) == 1 else x, verbose=0)
    result = np.concatenate(result, axis=-1) if isinstance(result, list) else result
    np.testing.assert_allclose(result, arrays["before"], rtol=1e-5, atol=1e-6)


def test_a_record_of_keras_2_saved_by_ours():
    arrays = np.load(FIXTURES / "keras_files" / "keras2_graph.npz")
    model = rkeras.models.model_from_json(str(arrays["json"]))
    again = rkeras.models.model_from_json(model.to_json())
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


def test_sequential_configs_of_every_age():
    for config in (
        [dense1("d", 3, batch_input_shape=[None, 2])],
        {"name": "s", "layers": [dense1("d", 3, batch_input_shape=[None, 2])]},
        {"name": "s", "layers": [{"class_name": "Dense", "config": {"name": "d", "units": 3, "batch_input_shape": [None, 2]}}]},
        {"layers": [{"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}}], "build_input_shape": [None, 2]},
    ):
        assert rkeras.Sequential.from_config(config).count_params() == 9


class Twice(layers.Layer):
    def call(self, inputs):
        return inputs * 2


def test_custom_objects_in_text():
    model = rkeras.Sequential([rkeras.Input((2,)), Twice()])
    with pytest.raises(TypeError, match=r"Twice.*custom_objects="):
        rkeras.models.model_from_json(model.to_json())
    assert type(rkeras.models.model_from_json(model.to_json(), custom_objects={"Twice": Twice}).layers[-1]) is Twice
    config = json.dumps({"class_name": "Sequential", "config": [{"class_name": "Twice", "config": {"name": "t"}}]})
    assert type(rkeras.models.model_from_json(config, {"Twice": Twice}).layers[-1]) is Twice


class TestYaml:
    @pytest.fixture(autouse=True)
    def _yaml(self):
        pytest.importorskip("yaml")

    def test_there_and_back(self):
        model = good()
        with pytest.warns(DeprecationWarning, match=r"use model.to_json\(\)") as caught:
            text = model.to_yaml()
        assert caught[0].filename == __file__
        with pytest.warns(DeprecationWarning, match="use model_from_json"):
            other = rkeras.models.model_from_yaml(text)
        assert other.get_config()["layers"][-1]["config"] == model.get_config()["layers"][-1]["config"]
        assert [w.shape for w in other.weights] == [w.shape for w in model.weights]

    @pytest.mark.filterwarnings("ignore:model_from_yaml:DeprecationWarning")
    def test_yaml_of_keras_1(self):
        text = """
class_name: Sequential
config:
- class_name: Dense
  config:
    W_constraint: null
    activation: relu
    batch_input_shape: !!python/tuple [null, 3]
    init: glorot_uniform
    input_dtype: float32
    name: dense_1
    output_dim: 4
    trainable: true
- class_name: Dropout
  config: {name: dropout_1, p: 0.5, trainable: true}
keras_version: 1.2.2
"""
        model = rkeras.models.model_from_yaml(text)
        assert model.count_params() == 16 and model.layers[-1].rate == 0.5

    @pytest.mark.filterwarnings("ignore:model_from_yaml:DeprecationWarning")
    @pytest.mark.parametrize(
        "text",
        [
            "!!python/object/apply:os.system [echo]",
            "!!python/name:os.system",
            "!!python/object/new:subprocess.Popen [[echo]]",
            "class_name: !!python/object/apply:builtins.eval ['1']\nconfig: {}",
            "a: &a [1, 1]\n" + "\n".join(f"{c}: &{c} [{', '.join(['*' + p] * 9)}]" for p, c in zip("abcdefghijk", "bcdefghijkl", strict=True)),
            "a: &a [*a]",
            "&a {class_name: Sequential, config: *a}",
            "- " * 5000 + "x",
            "[" * 100_000,
            "x" * (1 << 23),
            "? {a: 1}\n: 2",
            "1: 2",
            "a: 2001-01-01",
            "a: .nan\nclass_name: Dense",
            "a: !!binary aGk=",
            "\0",
            "*unknown",
            "",
            "7",
            "class_name: Sequential\nconfig: {layers: [{class_name: eval, config: {}}]}",
        ],
    )
    def test_hostile_yaml(self, text):
        with harmless(), pytest.raises((TypeError, ValueError)) as caught:
            rkeras.models.model_from_yaml(text)
        assert len(str(caught.value)) < 5000
