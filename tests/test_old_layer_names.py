"""Attributes and methods that layers of Keras 1 and 2 had."""

import warnings

import numpy as np
import pytest

import rkeras
from rkeras import layers


@pytest.fixture
def shared():
    inputs = [rkeras.Input((3,)), rkeras.Input((3,))]
    dense = layers.Dense(2)
    return dense, inputs, [dense(tensor) for tensor in inputs]


def old(get, message):
    with pytest.warns(DeprecationWarning, match=message) as caught:
        value = get()
    assert len(caught) == 1 and caught[0].filename == __file__
    return value


def test_shapes(shared):
    dense, _, outputs = shared
    assert old(lambda: dense.input_shape, r"layer\.input\.shape") == (None, 3)
    assert old(lambda: dense.output_shape, r"layer\.output\.shape") == (None, 2)
    joined = layers.Concatenate()
    joined(outputs)
    assert old(lambda: joined.input_shape, "input") == [(None, 2), (None, 2)]


def test_calls_by_their_index(shared):
    dense, inputs, outputs = shared
    for index in (0, 1):
        assert old(lambda: dense.get_input_at(index), "called on") is inputs[index]
        assert old(lambda: dense.get_output_at(index), "returned") is outputs[index]
    assert old(lambda: dense.get_input_shape_at(1), "shape") == (None, 3)
    assert old(lambda: dense.get_output_shape_at(1), "shape") == (None, 2)
    with pytest.warns(DeprecationWarning), pytest.raises(ValueError, match=r"'dense.* called 2 times"):
        dense.get_output_at(2)
    assert len(old(lambda: dense.inbound_nodes, "input")) == 2
    assert old(lambda: dense.outbound_nodes, "model") == []


def test_updates_happen_at_once(shared):
    dense, _, _ = shared
    assert old(lambda: dense.updates, "assign") == []

    class Counts(layers.Layer):
        def build(self, input_shape):
            self.count = self.add_weight(shape=(), trainable=False, initializer="zeros")

        def call(self, inputs):
            self.add_update(self.count.assign(self.count + 1))
            return inputs

    layer = Counts()
    for _ in range(2):
        old(lambda: layer(np.ones((1, 1))), "assign")
    assert float(layer.count) == 2


def test_layers_that_were_not_called_have_no_shapes():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not hasattr(layers.Dense(2), "input_shape")


def test_own_attributes_of_these_names():
    class Own(layers.Layer):
        def __init__(self, input_shape):
            super().__init__()
            self.input_shape = input_shape
            self.updates = 3

        def call(self, inputs):
            return inputs

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer = Own((4,))
        layer(np.ones(4))
        assert (tuple(layer.input_shape), layer.updates) == ((4,), 3)
