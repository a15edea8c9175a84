"""Layers over categories and texts against figures from Keras (fixtures/make_text_layers.py), and their own rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers
from tests.fixtures.text_layer_cases import CASES

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "text_layers.json").read_text())


def _made(name):
    kind, arguments, data, _ = CASES[name]
    layer = getattr(layers, kind)(**arguments)
    if data is not None:
        layer.adapt(data)
    return layer


@pytest.mark.parametrize("name", CASES)
def test_results_and_vocabularies_are_those_of_keras(name):
    layer, figures = _made(name), FIGURES[name]
    if figures["vocabulary"] is not None:
        assert layer.get_vocabulary() == figures["vocabulary"]
        assert layer.vocabulary_size() == len(figures["vocabulary"])
    for x, expected in zip(CASES[name][3], figures["results"], strict=True):
        found = layer(x).numpy() if hasattr(layer(x), "numpy") else layer(x)
        assert found.shape == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_records_make_the_same_layer(name):
    layer, x = _made(name), CASES[name][3][0]
    record = json.loads(json.dumps(rkeras.saving.serialize_keras_object(layer)))
    again = rkeras.saving.deserialize_keras_object(record)
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(layer(x)))
    assert again.get_config() == layer.get_config()
    if CASES[name][2] is not None:
        again.adapt(CASES[name][2])
        assert again.get_vocabulary() == layer.get_vocabulary()


@pytest.mark.parametrize("name", [name for name in CASES if name != "text_words" and not name.startswith("crossing")])
def test_symbolic_shapes_agree_with_results(name):
    layer, x = _made(name), CASES[name][3][-1]
    found = np.asarray(layer(x))
    dtype = "int64" if name.startswith("integer") or np.asarray(x).dtype.kind == "i" else "string"
    symbolic = layer(layers.Input(batch_shape=np.shape(x), dtype=dtype))
    assert len(symbolic.shape) == found.ndim
    assert all(m in (None, n) for m, n in zip(symbolic.shape, found.shape, strict=True))
    assert symbolic.dtype == found.dtype


def test_a_model_over_text_saved_by_keras_is_read_and_saved(tmp_path):
    inputs = [np.array([["the mat"]]), np.array([[7]])]
    model = rkeras.models.load_model(Path(__file__).parent / "fixtures" / "keras_files" / "text.keras")
    expected = model(inputs).numpy()
    np.testing.assert_allclose(expected, FIGURES["model"], rtol=1e-5)
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        np.testing.assert_array_equal(rkeras.models.load_model(tmp_path / name)(inputs).numpy(), expected)
    np.testing.assert_array_equal(rkeras.models.clone_model(model).layers[1].get_vocabulary()[2:4], ["the", "sat"])


def test_text_becomes_numbers_and_text_again():
    forward = layers.StringLookup(vocabulary=["a", "b"], mask_token="")
    back = layers.StringLookup(vocabulary=forward.get_vocabulary(), invert=True, mask_token="")
    numbers = forward(np.array([["a", "x"], ["", "b"]], object))
    assert numbers.tolist() == [[2, 1], [0, 3]] and numbers.dtype == "int64"
    assert back(numbers).tolist() == [["a", "[UNK]"], ["", "b"]]
    assert back(layers.Input((2,), dtype="int64")).dtype == "string"


@pytest.mark.parametrize(
    "arguments", [{}, {"mask_token": 42}, {"num_oov_indices": 3, "mask_token": 0}, {"mask_token": 0, "output_mode": "count"}]
)
def test_integers_are_found_inside_compiled_steps(arguments):
    random = np.random.default_rng(0)
    keys = [k for k in random.permutation(100)[:37].tolist() if k not in (0, 42)]
    x = random.integers(-5, 110, (50, 3))
    layer = layers.IntegerLookup(vocabulary=keys, **arguments)
    inputs = layers.Input((3,), dtype="int64")
    model = rkeras.Model(inputs, layer(inputs))
    np.testing.assert_array_equal(model.predict(x, verbose=0), layer(x).numpy())


def test_vocabularies_from_files(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("earth\r\nwind\n\n")
    assert layers.StringLookup(vocabulary=str(path)).get_vocabulary() == ["[UNK]", "earth", "wind"]
    assert layers.TextVectorization(vocabulary=path)(["wind x"]).tolist() == [[3, 1]]
    path.write_text("7\n9\n")
    assert layers.IntegerLookup(vocabulary=str(path))(np.array([9, 8])).tolist() == [2, 0]


@pytest.mark.parametrize("kind", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_a_record_cannot_have_a_file_read(kind, tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("1\n2\n")
    config = {**getattr(layers, kind)().get_config(), "vocabulary": str(path)}
    record = {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}
    for safe_mode in (True, False):
        with pytest.raises(ValueError, match="not read"):
            rkeras.saving.deserialize_keras_object(record, safe_mode=safe_mode)


def test_numbers_in_records_cost_nothing():
    config = {"vocabulary": ["a"], "num_oov_indices": 10**12}
    layer = layers.StringLookup.from_config(config)
    assert layer.vocabulary_size() == 10**12 + 1 and layer(np.array(["a"])).tolist() == [10**12]
    layer = layers.TextVectorization.from_config({"vocabulary": ["a"], "ngrams": 10**12, "max_tokens": 10**12})
    assert layer(["a b"]).tolist() == [[2, 1, 1]]


def test_functions_standardize_and_split():
    layer = layers.TextVectorization(
        standardize=lambda texts: np.char.replace(texts.astype(str), "-", " "),
        split=lambda texts: [text.split(" ") for text in texts.tolist()],
        vocabulary=["a", "b"],
    )
    assert layer(["a-b", "b"]).tolist() == [[2, 3], [3, 0]]


def test_texts_train_a_model():
    texts = np.array(["good film", "bad film", "really good", "really bad"] * 8)
    y = np.array([1, 0, 1, 0] * 8)
    vectorization = layers.TextVectorization(output_mode="multi_hot")
    vectorization.adapt(texts)
    model = rkeras.Sequential([layers.Dense(1, activation="sigmoid")])
    model.compile(rkeras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    assert model.fit(vectorization(texts), y, epochs=10, verbose=0).history["accuracy"][-1] == 1.0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: layers.StringLookup(max_tokens=1), "above 1"),
        (lambda: layers.StringLookup(output_mode="ints"), "'ints'"),
        (lambda: layers.StringLookup(pad_to_max_tokens=True), "needs max_tokens"),
        (lambda: layers.StringLookup(num_oov_indices=-1), "negative"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), "invert=True"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), "more than once"),
        (lambda: layers.StringLookup(vocabulary=["a", ""], mask_token=""), "index 1"),
        (lambda: layers.StringLookup(vocabulary=[]), "empty"),
        (lambda: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), "max_tokens is 2"),
        (lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"), "idf_weights are needed"),
        (lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]), "['b'] are not in the vocabulary"),
        (lambda: layers.StringLookup(vocabulary=["a"])(np.ones(2)), "takes text"),
        (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]), "adapt would replace"),
        (lambda: layers.StringLookup(output_mode="count")(["b"]), "no vocabulary yet"),
        (lambda: layers.StringLookup(vocabulary="/no/such/file"), "no vocabulary file"),
        (lambda: layers.IntegerLookup(vocabulary=[1])(np.array([0.5])), "takes integers"),
        (lambda: layers.IntegerLookup(salt=3), "farmhash"),
        (lambda: layers.TextVectorization(standardize="upper"), "'upper'"),
        (lambda: layers.TextVectorization(output_mode="count", output_sequence_length=3), "output_sequence_length"),
        (lambda: layers.TextVectorization(vocabulary=["a"])(np.array([["a", "b"]])), "split=None"),
        (lambda: layers.Hashing(0), "num_bins=0"),
        (lambda: layers.Hashing(3, salt="x"), "salt"),
        (lambda: layers.Hashing(3, dtype="float32"), "float32"),
        (lambda: layers.HashedCrossing(3)(np.ones(2)), "two or more"),
        (lambda: layers.HashedCrossing(3)([np.array(["a"]), np.array([1, 2])]), "one shape"),
    ],
)
def test_errors_say_what_is_wrong(make, said):
    with pytest.raises(ValueError) as caught:
        make()
    assert said in str(caught.value)


def test_models_predict_from_raw_text():
    vectorization = layers.TextVectorization(output_sequence_length=3)
    vectorization.adapt(["good film", "bad film"])
    inputs = layers.Input((1,), dtype="string", name="text")
    numbers = layers.Input((2,), name="numbers")
    x = layers.Flatten()(layers.Embedding(vectorization.vocabulary_size(), 2)(vectorization(inputs)))
    model = rkeras.Model([inputs, numbers], {"a": layers.Dense(1)(layers.Concatenate()([x, numbers])), "b": numbers})
    texts = np.array([["good film"], ["bad"], ["no film at all"]] * 15, object)
    features = np.arange(90.0).reshape(45, 2)
    found = model.predict([texts, features], batch_size=8, verbose=0)
    np.testing.assert_allclose(found["a"], model([texts, features])["a"].numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["b"], features)
    again = model.predict({"text": texts.astype(str), "numbers": features}, verbose=0)
    np.testing.assert_allclose(again["a"], found["a"], rtol=1e-5, atol=1e-6)
    only = rkeras.Model(inputs, vectorization(inputs))
    assert only.predict(["bad film", "x"], verbose=0).tolist() == [[4, 2, 0], [1, 0, 0]]
    sequential = rkeras.Sequential([layers.Input((1,), dtype="string"), vectorization, layers.Embedding(5, 2)])
    assert sequential.predict(np.array([["bad film"]]), verbose=0).shape == (1, 3, 2)
    with pytest.raises(ValueError, match="different numbers"):
        model.predict([texts, features[:3]], verbose=0)
    with pytest.raises(ValueError, match="TextVectorization"):
        model.compile("sgd", "mse")
        model.fit([texts, features], {"a": features[:, :1], "b": features}, verbose=0)


def test_hashes_of_numbers_inside_a_model():
    inputs = layers.Input((2,), dtype="int64")
    model = rkeras.Model(inputs, layers.Hashing(7)(inputs))
    x = np.arange(12).reshape(6, 2)
    expected = layers.Hashing(7)(x).numpy()
    for _ in range(3):
        np.testing.assert_array_equal(model(x).numpy(), expected)
    with pytest.warns(UserWarning, match="eager"):
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
