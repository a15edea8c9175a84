"""What every layer does: weights, nesting, names, errors, copies."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import rkeras as keras
from layer_samples import Block, Linear, TakesMask


def test_weights_are_made_on_the_first_call():
    layer = Linear(3, name="lin")
    assert layer.weights == [] and not layer.built
    y = layer(np.ones((2, 4)))
    assert y.shape == (2, 3) and y.dtype == "float32" and float(y[0][0]) == 4.0
    assert [w.path for w in layer.weights] == ["lin/kernel", "lin/bias"]
    assert repr(layer.weights[0]) == "<KerasVariable shape=(4, 3), dtype=float32, path=lin/kernel>"
    assert layer.count_params() == 15


def test_numbers_of_any_kind_are_taken():
    layer = Linear(1)
    for x in ([[1.0, 2.0]], np.array([[1, 2]], "float64"), np.array([[1.0, 2.0]], "float16")):
        assert layer(x).tolist() == [[3.0]]


def test_automatic_names_count_up():
    keras.utils.clear_session()
    assert [Linear(1).name for _ in range(3)] == ["linear", "linear_1", "linear_2"]


def test_sublayers_in_attributes_lists_and_dicts_are_found():
    class Outer(keras.Layer):
        def __init__(self):
            super().__init__()
            self.first = Linear(1)
            self.stack = []
            self.by_name = {"a": Linear(2)}
            self.stack.append(Linear(3))
            self.pair = (Linear(4), Linear(5))
            self.tree = [[Linear(6)]]

    outer = Outer()
    assert [layer.units for layer in outer._layers] == [1, 2, 3, 4, 5, 6]
    outer.by_name["b"] = Linear(7)
    del outer.by_name["a"]
    outer.stack[0] = Linear(8)
    outer.first = Linear(9)
    assert sorted(layer.units for layer in outer._layers) == [4, 5, 6, 7, 8, 9]
    del outer.first
    assert 9 not in [layer.units for layer in outer._layers]


def test_a_layer_assigned_twice_counts_once():
    layer = keras.Layer()
    layer.a = layer.b = Linear(1)
    assert len(layer._layers) == 1
    del layer.a
    assert len(layer._layers) == 1


def test_freezing_reaches_everything_inside():
    block = Block(Block(Linear(2)), Linear(3))
    block(np.ones((1, 2)))
    assert len(block.trainable_weights) == 4
    block.inner[0].trainable = False
    assert [w.shape for w in block.trainable_weights] == [(2, 3), (3,)]
    assert len(block.non_trainable_weights) == 2
    block.trainable = False
    assert block.trainable_weights == [] and len(block.non_trainable_weights) == 4
    assert not any(w.engine_trainable for w in block.weights)
    block.trainable = True
    assert len(block.trainable_weights) == 4


def test_a_frozen_layer_makes_frozen_weights():
    layer = Linear(2, trainable=False)
    layer(np.ones((1, 2)))
    assert layer.trainable_weights == [] and len(layer.weights) == 2


def test_set_weights_takes_all_or_nothing():
    layer = Linear(2)
    layer(np.ones((1, 2)))
    before = layer.get_weights()
    with pytest.raises(ValueError, match="bias"):
        layer.set_weights([np.zeros((2, 2)), np.zeros(3)])
    with pytest.raises(ValueError, match="2 weights"):
        layer.set_weights([np.zeros((2, 2))])
    assert all((a == b).all() for a, b in zip(before, layer.get_weights(), strict=True))
    layer.set_weights([np.full((2, 2), 5.0), [1.0, 2.0]])
    assert layer.get_weights()[1].tolist() == [1.0, 2.0]


def test_arguments_of_older_code():
    layer = Linear(2, input_dim=3, weights=[np.zeros((3, 2)), np.ones(2)])
    assert layer._input_shape_arg == (3,)
    assert layer(np.ones((1, 3))).tolist() == [[1.0, 1.0]]
    assert Linear(1, batch_input_shape=(8, 4))._batch_size_arg == 8
    with pytest.raises(ValueError, match="unknown_argument"):
        Linear(1, unknown_argument=3)


def test_input_spec_errors_name_layer_shapes_and_remedy():
    layer = Linear(2, name="head")
    layer.input_spec = keras.InputSpec(min_ndim=2, axes={-1: 3})
    with pytest.raises(ValueError, match=r"'head'.*\(3,\).*at least 2 axes.*batch axis"):
        layer(np.ones(3))
    with pytest.raises(ValueError, match=r"'head'.*\(1, 4\).*axis -1 to have size 3"):
        layer(np.ones((1, 4)))
    with pytest.raises(ValueError, match=r"'head'.*text"):
        layer("text")
    assert layer(np.ones((1, 3))).shape == (1, 2)


def test_errors_inside_call_name_the_innermost_layer_once():
    inner = Linear(2, name="inner")
    block = Block(inner)
    block(np.ones((1, 3)))
    with pytest.raises(ValueError) as caught:
        block(np.ones((1, 4)))
    text = str(caught.value)
    assert "in layer 'inner' (Linear) called with shape (1, 4)" in text
    assert text.count("in layer") == 1


def test_a_weight_that_cannot_fit_fails_at_once():
    with pytest.raises(MemoryError, match=r"GiB[\s\S]*'huge'"):
        Linear(10**12, name="huge")(np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"must be known[\s\S]*'open'"):
        Linear(2, name="open").build((None, None))


def test_forgetting_super_init_is_explained():
    class Forgot(keras.Layer):
        def __init__(self):
            self.x = 1

    with pytest.raises(RuntimeError, match=r"super\(\).__init__"):
        Forgot()(np.ones(1))


def test_layers_without_call_say_so():
    with pytest.raises(NotImplementedError, match=r"Nothing.*call"):
        type("Nothing", (keras.Layer,), {})()(np.ones((1, 1)))


def test_config_of_plain_arguments_is_automatic():
    layer = Linear(3, name="lin")
    config = layer.get_config()
    assert config["units"] == 3 and config["name"] == "lin"
    again = Linear.from_config(config)
    assert again.units == 3 and again.name == "lin"
    with pytest.raises(NotImplementedError, match="get_config"):
        Block(Linear(1)).get_config()


def test_several_arguments_and_their_shapes():
    class Attend(keras.Layer):
        def build(self, query_shape, value_shape):
            self.shapes = (query_shape, value_shape)

        def call(self, query, value, scale=1.0):
            return query + value * scale

    layer = Attend()
    layer(np.ones((2, 3)), value=np.ones((2, 1)), scale=2.0)
    assert layer.shapes == ((2, 3), (2, 1))
    assert layer.get_build_config() == {"shapes_dict": {"query_shape": (2, 3), "value_shape": (2, 1)}}


def test_nested_inputs_keep_their_structure():
    class Sum(keras.Layer):
        def build(self, input_shape):
            self.shape = input_shape

        def call(self, inputs):
            return inputs["a"] + inputs["b"]

    layer = Sum()
    assert layer({"b": np.ones((1, 2)), "a": np.ones((1, 2))}).tolist() == [[2.0, 2.0]]
    assert layer.shape == {"b": (1, 2), "a": (1, 2)}


def test_symbolic_calls_find_shapes_by_themselves():
    x = keras.Input((None, 3))
    y = Block(Linear(5))(x)
    assert y.shape == (None, None, 5) and y.dtype == "float32"
    layer = Linear(4)
    assert layer.compute_output_shape((None, 7)) == (None, 4)
    assert layer.weights == []


def test_a_layer_with_a_compiled_method_can_be_copied():
    class Fast(Linear):
        @keras.function
        def twice(self, x):
            return self(x) * 2.0

    layer = Fast(1)
    layer(np.ones((1, 2)))
    assert layer.twice(np.ones((1, 2), "float32")).tolist() == [[4.0]]
    twin = copy.deepcopy(layer)
    twin.kernel.assign(twin.kernel * 0.0)
    assert twin.twice(np.ones((1, 2), "float32")).tolist() == [[0.0]]
    assert layer.twice(np.ones((1, 2), "float32")).tolist() == [[4.0]]


def test_a_shape_rule_does_not_keep_inner_layers_from_being_built():
    class Wrapped(keras.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Linear(2)

        def call(self, x):
            return self.inner(x)

        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], 2)

    layer = Wrapped()
    assert layer(keras.Input((3,))).shape == (None, 2) and len(layer.weights) == 2
    assert layer(keras.Input((3,))).shape == (None, 2)


def test_copies_and_pickles_keep_numbers_and_go_on_tracking():
    block = Block(Linear(2))
    block(np.ones((1, 2)))
    twin = copy.deepcopy(block)
    twin.inner[0].kernel.assign(np.zeros((2, 2)))
    assert block.get_weights()[0].sum() == 4.0
    twin.inner.append(Linear(1))
    assert len(twin._layers) == 2 and len(block._layers) == 1
    again = pickle.loads(pickle.dumps(block))
    assert again.get_weights()[0].tolist() == block.get_weights()[0].tolist()
    assert again.weights[0].path == block.weights[0].path


def test_extra_state_of_random_layers_counts_as_variables_only():
    class Noise(keras.Layer):
        def __init__(self):
            super().__init__()
            self.seed_generator = keras.random.SeedGenerator(3)

    layer = Noise()
    assert layer.weights == [] and len(layer.variables) == 1
    assert layer.non_trainable_variables[0].name == "seed_generator_state"


def test_no_warning_without_cause():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Block(Linear(2), TakesMask())(np.ones((1, 2)))
