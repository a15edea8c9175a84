"""What travels with the call of a layer: mode, masks, losses, dtypes."""

from __future__ import annotations

import numpy as np
import pytest

import rkeras as keras
from layer_samples import Block, Linear, Masking, Mode, TakesMask
from rkeras.layers.call_context import context, get_mask, set_mask


def test_mode_reaches_layers_inside_ones_that_do_not_know_of_it():
    seen = []
    block = Block(Block(Mode(seen.append)), Mode(seen.append))
    x = np.ones((1, 2))
    block(x)
    block(x, training=True)
    block(x, training=False)
    assert seen == [None, None, True, True, False, False]
    assert context.training is None and context.entry is None


def test_an_explicit_mode_holds_inside_only():
    seen = []

    class Frozen(keras.Layer):
        def __init__(self):
            super().__init__()
            self.inner, self.after = Block(Mode(seen.append)), Mode(seen.append)

        def call(self, x, training=False):
            return self.after(self.inner(x, training=False))

    Frozen()(np.ones((1, 1)), training=True)
    assert seen == [False, True]


def test_context_is_restored_after_an_error():
    class Broken(keras.Layer):
        def call(self, x):
            raise ValueError("no")

    with pytest.raises(ValueError):
        Block(Broken())(np.ones((1, 1)), training=True)
    assert context.training is None and context.entry is None


def test_masks_travel_and_are_passed_as_arguments():
    last = TakesMask()
    x = np.array([[[1.0], [-1.0]]])
    y = Block(Masking(), TakesMask(), last)(x)
    assert last.got[0].tolist() == [[True, False]]
    assert y.shape == (1, 2, 1)


def test_a_layer_that_drops_masks_says_so():
    x = Masking()(np.ones((1, 2, 1)))
    with pytest.warns(UserWarning, match="does not support masking"):
        y = Linear(1, name="deaf")(x)
    assert get_mask(y) is None


def test_a_mask_given_by_hand_wins():
    layer = TakesMask()
    x = Linear(1)(np.ones((1, 1)))
    set_mask(x, np.array([False]))
    layer(x, mask=np.array([True]))
    assert layer.got[0].tolist() == [True]


def test_losses_belong_to_the_last_call():
    class Penalty(keras.Layer):
        def call(self, x):
            self.add_loss((x * x)[0][0])
            return x

    inner = Penalty()
    block = Block(inner, inner)
    block(np.full((1, 1), 2.0))
    assert [float(loss) for loss in block.losses] == [4.0, 4.0]
    block(np.full((1, 1), 3.0))
    assert [float(loss) for loss in block.losses] == [9.0, 9.0]
    with pytest.raises(ValueError, match="add_loss"):
        inner.add_loss("text")


def test_penalties_on_weights_join_the_losses():
    class Regular(keras.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(2,), initializer="ones", regularizer=lambda w: (w * w)[0])

        def call(self, x):
            return x

    layer = Regular()
    layer(np.ones((1, 1)))
    assert [float(loss) for loss in layer.losses] == [1.0]
    layer.trainable = False
    assert layer.losses == []


def test_activity_regularizer_is_divided_by_the_batch():
    layer = Linear(1, activity_regularizer=lambda y: (y * y)[0][0])
    layer(np.ones((4, 3)))
    assert float(layer.losses[0]) == pytest.approx(9.0 / 4)


def test_mixed_precision_computes_in_half_and_keeps_full_weights():
    layer = Linear(2, dtype="mixed_bfloat16")
    y = layer(np.ones((1, 3), "float32"))
    assert y.dtype == "bfloat16"
    assert layer.kernel.dtype == "float32" and layer.kernel.read().dtype == "float32"


def test_gradients_in_mixed_precision_reach_the_full_weights():
    layer = Linear(2, dtype="mixed_float16")
    x = np.ones((1, 3), "float32")
    layer(x)
    with keras.GradientTape() as tape:
        y = keras.ops.sum(layer(x))
    gradient = tape.gradient(y, layer.kernel)
    assert gradient.dtype == "float32" and gradient.tolist() == [[1.0, 1.0]] * 3


def test_integers_are_not_cast():
    class Kind(keras.Layer):
        def call(self, x):
            self.kind = x.dtype
            return x

    layer = Kind()
    layer(np.array([1, 2], "int64"))
    assert layer.kind == "int64"
    layer(np.array([1, 2], "float64"))
    assert layer.kind == "float32"


def test_stateless_call_changes_nothing():
    class Counting(Linear):
        def build(self, input_shape):
            super().build(input_shape)
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

        def call(self, inputs):
            self.count.assign_add(1.0)
            return super().call(inputs)

    layer = Counting(1)
    x = np.ones((1, 2))
    layer(x)
    outputs, updated = layer.stateless_call([np.full((2, 1), 3.0), np.ones(1)], [10.0], x)
    assert outputs.tolist() == [[7.0]] and [float(v) for v in updated] == [11.0]
    assert layer(x).tolist() == [[2.0]] and float(layer.count.value) == 2.0
    with pytest.raises(ValueError, match="2 trainable_variables"):
        layer.stateless_call([], [0.0], x)


def test_surplus_arguments_are_no_mode():
    class Sum(keras.Layer):
        def call(self, *tensors):
            return sum(tensors), context.training

    x = np.ones((1, 2), "float32")
    total, training = Sum()(x, x, x)
    assert total.numpy().tolist() == [[3.0, 3.0]] and training is None


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_whole_numbers_keep_their_value_under_half_precision(policy):
    numbers = np.array([[257, 259, 2049, 4095]])
    found = np.zeros((5000, 1), "float32")
    found[numbers[0]] = 1
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        for data in (numbers, numbers.astype("float32")):
            net = keras.Sequential([keras.layers.Embedding(5000, 1)])
            net.build(data.shape)
            net.set_weights([found])
            assert keras.ops.all(net(data) == 1)
            assert (net.predict(data, verbose=0) == 1).all()
            encoding = keras.layers.CategoryEncoding(5000, "multi_hot")
            for rows in (encoding(keras.ops.convert_to_tensor(data)), keras.Sequential([encoding])(data)):
                np.testing.assert_array_equal(np.nonzero(keras.ops.cast(rows, "float32").numpy())[-1], numbers[0])
        measured = np.array([[0.9999, 1.0001, 99.9, 100.1]], "float32")
        ranges = keras.layers.Discretization([1.0, 100.0])
        for found_in in (ranges(keras.ops.convert_to_tensor(measured)), keras.Sequential([ranges])(measured)):
            np.testing.assert_array_equal(found_in, [[0, 1, 1, 2]])
    finally:
        keras.config.set_dtype_policy(before)
