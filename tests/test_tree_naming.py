"""Nested structures, names, dtype policies, global settings."""

from collections import namedtuple

import numpy as np
import pytest

import rkeras as keras
from rkeras import config, tree
from rkeras.naming import current_path, name_scope, to_snake_case

Pair = namedtuple("Pair", "left right")


def test_dicts_go_in_the_order_of_their_keys():
    structure = {"b": [1, (2, None)], "a": Pair(3, 4)}
    assert tree.flatten(structure) == [3, 4, 1, 2, None]
    packed = tree.pack_sequence_as(structure, [10, 20, 30, 40, 50])
    assert packed == {"b": [30, (40, 50)], "a": Pair(10, 20)} and list(packed) == ["b", "a"]
    assert isinstance(packed["a"], Pair)
    assert tree.flatten_with_path({"x": [7]}) == [(("x", 0), 7)]


def test_packing_needs_the_right_number():
    with pytest.raises(ValueError, match="too few"):
        tree.pack_sequence_as([0, 0], [1])
    with pytest.raises(ValueError, match="too many"):
        tree.pack_sequence_as([0], [1, 2])


def test_mapping():
    assert tree.map_structure(lambda a, b: a - b, [1, {"k": 2}], [3, {"k": 5}]) == [-2, {"k": -3}]
    assert tree.map_structure(lambda a: a + 1, [1, None], none_is_leaf=False) == [2, None]
    with pytest.raises(ValueError, match="different forms"):
        tree.map_structure(lambda a, b: a, [1], [1, 2])
    with pytest.raises(ValueError, match="keys"):
        tree.assert_same_structure({"a": 1}, {"b": 1})
    assert tree.map_shape_structure(len, [(None, 3), (2,)]) == [2, 1]
    assert tree.map_structure_up_to([0, 0], sum, [[1, 2], [3]]) == [3, 3]


def test_traversing():
    double = tree.traverse(lambda x: x * 2 if isinstance(x, int) else None, [1, [2, "a"]])
    assert double == [2, [4, "a"]]
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 1 else None, (1, 2)) == (None, 2)


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Dense", "dense"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("LSTM", "lstm"),
        ("MyGRUCell", "my_gru_cell"),
    ],
)
def test_snake_case(name, snake):
    assert to_snake_case(name) == snake


def test_scopes_nest_and_end():
    with name_scope("a"), name_scope("b"):
        assert current_path() == "a/b"
        assert keras.Variable(1.0, name="v").path == "a/b/v"
    assert current_path() == ""
    with pytest.raises(ValueError, match="without '/'"):
        name_scope("a/b")


def test_policies():
    mixed = keras.DTypePolicy("mixed_float16")
    assert (mixed.compute_dtype, mixed.variable_dtype) == ("float16", "float32")
    assert keras.dtype_policies.get("float64") == keras.DTypePolicy("float64")
    assert keras.dtype_policies.deserialize(keras.dtype_policies.serialize(mixed)) == mixed
    with pytest.raises(ValueError, match="float33"):
        keras.DTypePolicy("float33")


def test_the_global_policy_is_for_new_layers():
    before = keras.Layer()
    config.set_dtype_policy("mixed_bfloat16")
    try:
        assert keras.Layer().compute_dtype == "bfloat16" and before.compute_dtype == "float32"
    finally:
        config.set_dtype_policy(None)
    assert keras.Layer().compute_dtype == "float32"


def test_settings_are_checked():
    assert config.backend() == "rkeras" and config.floatx() == "float32" and config.epsilon() == 1e-7
    with pytest.raises(ValueError, match="floatx"):
        config.set_floatx("int32")
    with pytest.raises(ValueError, match="channels_last"):
        config.set_image_data_format("sideways")
    with pytest.raises(ValueError, match=r"one engine|its own engine"):
        config.set_backend("jax")


def test_random_seeds_determine_everything():
    def draw():
        keras.utils.set_random_seed(7)
        generator = keras.random.SeedGenerator()
        return generator.seed, np.random.rand()

    assert draw() == draw()
    with pytest.raises(ValueError, match="int"):
        keras.utils.set_random_seed("x")


def test_seed_generators_give_out_each_seed_once():
    generator = keras.random.SeedGenerator(2**64 + 3)
    assert [generator.next().tolist() for _ in range(3)] == [[3, 0], [3, 1], [3, 2]]


def test_categorical_labels():
    rows = keras.utils.to_categorical(np.array([[1], [0]]))
    assert rows.dtype == "float32" and rows.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    with pytest.raises(ValueError, match="0 to 1"):
        keras.utils.to_categorical([2], num_classes=2)


def test_variables():
    v = keras.Variable(np.zeros((2,)), dtype="float32", name="v")
    assert v.assign([1, 2]).tolist() == v.numpy().tolist() == [1.0, 2.0]
    assert v.assign_sub(1).tolist() == [0.0, 1.0]
    assert np.asarray(v, "int32").tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"shape \(3,\).*'v'.*\(2,\)"):
        v.assign([1, 2, 3])
    with pytest.raises(ValueError, match="needs a shape"):
        keras.Variable(lambda shape, dtype: np.ones(shape))
    assert v in [v] and len({v, v}) == 1
    assert f"{keras.Variable(0.125):.2f}" == "0.12" and f"{v}" == repr(v)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    assert not hasattr(keras, "no_such_name")
    assert "Sequential" in dir(keras)
