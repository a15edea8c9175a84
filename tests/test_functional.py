"""Models made of symbolic tensors: wiring, inputs in any form, parts, configs."""

import copy
import json
import pickle

import numpy as np
import pytest

import rkeras as keras
from rkeras import layers, ops

RNG = np.random.default_rng(0)


def tickets(inputs_as=list):
    title = keras.Input(shape=(8,), name="title")
    body = keras.Input(shape=(6,), name="text_body")
    features = layers.Dense(4, name="features")(layers.Concatenate(name="concatenate")([title, body]))
    outputs = [layers.Dense(1, name="priority")(features), layers.Dense(3, name="department")(features)]
    inputs = [title, body] if inputs_as is list else {"title": title, "text_body": body}
    return keras.Model(inputs=inputs, outputs=outputs)


def data(batch=2):
    return {
        "title": RNG.normal(size=(batch, 8)).astype("float32"),
        "text_body": RNG.normal(size=(batch, 6)).astype("float32"),
    }


def test_symbolic_tensors_print_shape_dtype_and_name():
    x = keras.Input(shape=(10000,), name="title")
    assert repr(x) == "<KerasTensor shape=(None, 10000), dtype=float32, sparse=None, name=title>"
    y = layers.Dense(64)(x)
    assert y.shape == (None, 64) and y.dtype == "float32"
    assert keras.Input((3,), batch_size=7, dtype="int32").shape == (7, 3)


def test_symbolic_tensors_have_no_numbers():
    x = keras.Input((3,), name="x")
    for use in (bool, float, int, iter, np.asarray):
        with pytest.raises(TypeError, match=r"'x'.*no numbers"):
            use(x)


def test_layers_in_the_order_of_keras():
    model = tickets()
    names = [layer.name for layer in model.layers]
    assert names == ["title", "text_body", "concatenate", "features", "priority", "department"]
    assert repr(model.layers[0]) == "<InputLayer name=title, built=True>"
    assert [x.name for x in model.layers[2].input] == ["title", "text_body"]
    assert model.layers[2].output.shape == (None, 14)
    assert model.input_names == ["title", "text_body"] and model.output_names == ["priority", "department"]
    assert [x.shape for x in model.outputs] == [(None, 1), (None, 3)]


@pytest.mark.parametrize("inputs_as", [list, dict])
def test_data_as_list_dict_or_tuple(inputs_as):
    model = tickets(inputs_as)
    d = data()
    by_name = [y.numpy() for y in model(d)]
    assert [y.shape for y in by_name] == [(2, 1), (2, 3)]
    for form in ([d["title"], d["text_body"]], (d["title"], d["text_body"]), {**d, "surplus": d["title"]}):
        for y, expected in zip(model(form), by_name, strict=True):
            np.testing.assert_array_equal(y.numpy(), expected)


def test_numbers_are_those_of_numpy():
    model = tickets()
    d = data()
    weights = {w.path: w.numpy() for w in model.weights}
    x = np.concatenate([d["title"], d["text_body"]], axis=1)
    hidden = x @ weights["features/kernel"] + weights["features/bias"]
    expected = hidden @ weights["priority/kernel"] + weights["priority/bias"]
    np.testing.assert_allclose(model(d)[0].numpy(), expected, rtol=1e-5, atol=1e-6)


def test_data_of_other_dtypes_and_ranks_is_fitted():
    x = keras.Input((4, 1), name="x")
    model = keras.Model(x, x * 1.0)
    assert model(np.ones((2, 4), "int64")).shape == (2, 4, 1)
    assert model(np.ones((2, 4, 1, 1), "float64")).dtype == "float32"
    ids = keras.Input((3,), dtype="int32")
    assert keras.Model(ids, ids + 1)(np.array([[1.0, 2.0, 3.0]])).tolist() == [[2, 3, 4]]


def test_wrong_data_names_input_shapes_and_remedy():
    model = tickets()
    d = data()
    with pytest.raises(ValueError, match=r"input 'text_body'.*\(None, 6\).*\(2, 5\)"):
        model([d["title"], d["text_body"][:, :5]])
    with pytest.raises(ValueError, match="batch axis is missing"):
        model([d["title"][0], d["text_body"][0]])
    with pytest.raises(ValueError, match=r"\['text_body'\] are missing"):
        model({"title": d["title"]})
    with pytest.raises(ValueError, match=r"2 inputs.*given 1"):
        model(d["title"])
    image = keras.Model(i := keras.Input((28, 20, 1), name="image"), i * 1.0)
    with pytest.raises(ValueError, match=r"was given shape \(28, 20, 1\).*batch axis"):
        image(np.ones((28, 20, 1)))
    with pytest.raises(ValueError, match="another order"):
        image(np.ones((2, 1, 28, 20)))


def test_graphs_that_do_not_connect():
    model = tickets()
    with pytest.raises(ValueError, match=r"disconnected.*name=text_body.*\['title'\]"):
        keras.Model(model.inputs[0], model.outputs[0])
    with pytest.raises(ValueError, match="must be symbolic tensors"):
        keras.Model(model.inputs, layers.Dense(1))
    x = keras.Input((3,))
    with pytest.raises(ValueError, match="several layers"):
        keras.Model(x, layers.Dense(1, name="same")(layers.Dense(2, name="same")(x)))


def test_feature_extraction_shares_weights():
    model = tickets()
    features = keras.Model(model.input, model.layers[3].output)
    assert all(any(w is v for v in model.weights) for w in features.weights)
    d = data()
    hidden = features(d)
    head = keras.Model(model.layers[3].output, model.outputs)
    for y, expected in zip(head(hidden), model(d), strict=True):
        np.testing.assert_allclose(y.numpy(), expected.numpy(), rtol=1e-6)
    assert [layer.name for layer in head.layers][1:] == ["priority", "department"]


def test_every_output_of_the_layers_at_once():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)])
    extractor = keras.Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers])
    first, second = extractor(np.ones((1, 3)))
    assert first.shape == (1, 4)
    np.testing.assert_allclose(second.numpy(), model(np.ones((1, 3))).numpy())


def test_a_shared_layer_has_one_set_of_weights():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    dense = layers.Dense(2)
    model = keras.Model([a, b], [dense(a), dense(b)])
    assert len(model.weights) == 2 and len(model.layers) == 3
    x = np.ones((1, 3), "float32")
    one, two = model([x, 2 * x])
    np.testing.assert_allclose(2 * one.numpy(), two.numpy(), rtol=1e-6)


def test_models_in_models():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
    unbuilt = keras.Sequential([layers.Dense(2)])

    class Tail(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    x = keras.Input((3,))
    model = keras.Model(x, Tail()(unbuilt(inner(x))))
    assert len(model.weights) == 6 and model(np.ones((2, 3))).shape == (2, 1)
    assert len(model.layers) == 4


def test_a_subclass_made_from_inputs_and_outputs():
    class Custom(keras.Model):
        def describe(self):
            return "custom"

    x = keras.Input((3,))
    model = Custom(x, layers.Dense(2)(x), name="mine")
    assert model.describe() == "custom" and model.name == "mine" and type(model) is Custom
    assert model(np.ones((1, 3))).shape == (1, 2) and len(model.layers) == 2
    assert keras.Model(x, x * 1.0).__class__.__name__ == "Functional"


def test_ops_are_nodes():
    a, b = keras.Input((3,)), keras.Input((3,))
    y = ops.concatenate([ops.relu(a - 1.0), 2.0 * b], axis=-1)[:, 1:4]
    assert y.shape == (None, 3)
    model = keras.Model([a, b], y)
    out = model([np.array([[0.0, 2.0, 3.0]]), np.array([[1.0, 2.0, 3.0]])])
    assert out.tolist() == [[1.0, 2.0, 2.0]]


def test_an_array_or_variable_on_the_left_of_a_symbolic_tensor():
    x = keras.Input((2,))
    v = keras.Variable(np.array([1.0, 2.0], "float32"))
    model = keras.Model(x, np.array([10.0, 20.0], "float32") * x + v * x)
    assert model(np.ones((1, 2))).tolist() == [[11.0, 22.0]]


def test_unknown_axes_stay_unknown():
    x = keras.Input((None, 4))
    y = layers.Dense(3)(x)
    assert y.shape == (None, None, 3)
    model = keras.Model(x, ops.sum(y, axis=1))
    assert model.output_shape == (None, 3)
    assert model(np.ones((2, 5, 4))).shape == model(np.ones((2, 9, 4))).shape == (2, 3)


def test_errors_speak_of_unknown_axes_as_none():
    class Picky(keras.Layer):
        def call(self, x):
            raise ValueError(f"cannot use {tuple(x.shape)}")

    with pytest.raises(ValueError, match=r"cannot use \(None, None, 4\)\n  in layer 'picky' \(Picky\)"):
        Picky(name="picky")(keras.Input((None, 4)))


def test_outputs_in_any_structure():
    x = keras.Input((2,))
    model = keras.Model(x, {"double": x * 2.0, "more": [x + 1.0]})
    out = model(np.ones((1, 2)))
    assert out["double"].tolist() == [[2.0, 2.0]] and out["more"][0].tolist() == [[2.0, 2.0]]


def test_symbolic_losses_of_a_model():
    x = keras.Input((2,))
    hidden = x * 3.0
    model = keras.Model(x, hidden + 1.0)
    model.add_loss(ops.mean(ops.square(hidden)))
    for scale in (1.0, 2.0, 2.0, 2.0):
        model(np.full((4, 2), scale))
        assert [float(loss) for loss in model.losses] == [9.0 * scale**2]


def test_symbolic_losses_of_a_copy_are_its_own():
    x = keras.Input((2,))
    model = keras.Model(x, x * 2.0)
    model.add_loss(ops.mean(x))
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        twin(np.full((1, 2), 5.0))
        assert [float(loss) for loss in twin.losses] == [5.0]
        assert model._own_losses() == []


def test_losses_as_the_notes_use_them():
    x = keras.Input((2,))
    loss = ops.mean(x)
    with pytest.warns(DeprecationWarning, match="inputs and outputs"):
        model = keras.Model(input=[x], output=[x * 1.0], name="old")
    assert loss not in model.losses
    model.add_loss(loss)
    assert loss in model.losses
    model.add_loss(100)
    assert 100 in model.losses
    for _ in range(2):
        model(np.ones((1, 2)))
        assert sorted(float(value) for value in model.losses) == [1.0, 100.0]


def test_optional_inputs():
    class Either(keras.Layer):
        def call(self, inputs):
            a, b = inputs
            return a if b is None else a + b

    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b", optional=True)
    model = keras.Model([a, b], Either()([a, b]))
    assert model([np.ones((1, 2)), None]).tolist() == [[1.0, 1.0]]
    assert model({"a": np.ones((1, 2))}).tolist() == [[1.0, 1.0]]
    with pytest.raises(ValueError, match="'a'"):
        model([None, np.ones((1, 2))])


def test_a_deep_graph_needs_no_deep_stack():
    x = y = keras.Input((1,))
    for _ in range(1500):
        y = y + 1.0
    assert keras.Model(x, y)(np.zeros((1, 1))).tolist() == [[1500.0]]


def test_masks_reach_layers_that_take_them():
    class Sum(keras.Layer):
        def call(self, x, mask=None):
            return ops.sum(x * ops.expand_dims(ops.cast(mask, "float32"), -1), axis=1)

    class Mask(keras.Layer):
        def call(self, x):
            return x * 1.0

        def compute_mask(self, inputs, previous_mask=None):
            return ops.any(ops.not_equal(inputs, 0.0), axis=-1)

    x = keras.Input((None, 2))
    model = keras.Model(x, Sum()(Mask()(x)))
    assert model(np.array([[[1.0, 2.0], [0.0, 0.0]]])).tolist() == [[1.0, 2.0]]


def test_config_round_trip():
    model = tickets()
    twin = keras.Model.from_config(model.get_config())
    assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    twin.set_weights(model.get_weights())
    d = data()
    for y, expected in zip(twin(d), model(d), strict=True):
        np.testing.assert_array_equal(y.numpy(), expected.numpy())


def test_config_round_trip_with_shared_layers_models_and_dicts():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2)], name="inner")
    total = layers.Add(name="total")([inner(a), inner(b)])
    model = keras.Model({"a": a, "b": b}, {"out": total})
    twin = keras.models.model_from_json(model.to_json())
    twin.set_weights(model.get_weights())
    d = {"a": np.ones((1, 3)), "b": np.ones((1, 3)) * 2}
    np.testing.assert_allclose(twin(d)["out"].numpy(), model(d)["out"].numpy())


def test_config_round_trip_of_ops():
    x = keras.Input((4, 3), name="x")
    y = ops.sum(ops.concatenate([x, 2.0 * x], axis=1), axis=2, keepdims=True)
    y = ops.concatenate([y[:, 1:3, 0], y[..., 0][:, [0, 5]]], axis=-1)
    model = keras.Model(x, ops.maximum(y, 0.5))
    config = json.loads(json.dumps(model.get_config()))
    records = {record["name"].rstrip("_0123456789"): record for record in config["layers"]}
    assert records["sum"]["class_name"] == "Sum" and records["sum"]["module"] == "keras.src.ops.numpy"
    assert records["sum"]["config"]["axis"] == 2 and records["sum"]["config"]["keepdims"] is True
    twin = keras.Model.from_config(config)
    value = RNG.normal(size=(2, 4, 3)).astype("float32")
    np.testing.assert_array_equal(twin(value).numpy(), model(value).numpy())


def test_clone_of_a_graph():
    model = tickets()
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    d = data()
    for y, expected in zip(twin(d), model(d), strict=True):
        np.testing.assert_array_equal(y.numpy(), expected.numpy())
    assert not any(a is b for a, b in zip(twin.layers, model.layers, strict=True))
    shared = keras.models.clone_model(
        model, clone_function=lambda layer: layer, input_tensors=[keras.Input((8,)), keras.Input((6,))]
    )
    assert shared.weights[0] is model.weights[0]
