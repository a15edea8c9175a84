"""Plans behind ``model(x)``: the same results as layer by layer, and no plan where Python must be asked each time."""

import functools

import numpy as np
import pytest

import rkeras as keras
from rkeras import layers

ROWS = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


def two_dense():
    return keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)])


def forward(model, x):
    """What a stack of Dense layers should give, with NumPy."""
    for layer in model.layers:
        kernel, bias = layer.get_weights()
        x = x @ kernel + bias
    return x


def functional(layer):
    inputs = keras.Input((3,))
    return keras.Model(inputs, layer(inputs))


def has_plan(model):
    for _ in range(3):
        model(ROWS)
    return any(model._compiled_calls._plans.values())


def test_compiled_calls_give_the_same_bytes_and_follow_changes():
    model = two_dense()
    layer_by_layer = model(ROWS).numpy()
    assert all((model(ROWS).numpy() == layer_by_layer).all() for _ in range(3))
    model.layers[0].kernel.assign(model.layers[0].kernel * 2.0)
    np.testing.assert_allclose(model(ROWS).numpy(), forward(model, ROWS), rtol=1e-5)
    model.layers[1].activation = keras.ops.relu
    np.testing.assert_allclose(model(ROWS).numpy(), np.maximum(forward(model, ROWS), 0), rtol=1e-5)


def test_compiled_calls_draw_new_random_numbers():
    model = keras.Sequential([keras.Input((100,)), layers.Dropout(0.5)])
    x = np.ones((4, 100), "float32")
    draws = {model(x, training=True).numpy().tobytes() for _ in range(5)}
    assert len(draws) == 5
    assert (model(x).numpy() == x).all() and (model(x, training=False).numpy() == x).all()


def test_compiled_calls_leave_gradients_alone():
    model = two_dense()
    for _ in range(3):
        model(ROWS)
    with keras.GradientTape() as tape:
        loss = keras.ops.sum(model(ROWS))
    gradients = tape.gradient(loss, model.trainable_variables)
    np.testing.assert_allclose(gradients[3].numpy(), [5.0, 5.0], rtol=1e-6)


def test_python_in_a_users_layer_runs_on_every_call():
    calls = []

    class Spy(keras.Layer):
        def call(self, x):
            calls.append(1)
            return x

    model = keras.Sequential([keras.Input((3,)), Spy()])
    calls.clear()
    for _ in range(4):
        model(ROWS)
    assert len(calls) == 4


def test_without_being_told_layers_train_as_they_do_by_default():
    pictures = np.random.default_rng(1).uniform(0.2, 0.8, (2, 4, 4, 3)).astype("float32")
    varied = keras.Sequential([keras.Input((4, 4, 3)), layers.RandomBrightness(0.5, value_range=(0, 1))])
    assert len({varied(pictures).numpy().tobytes() for _ in range(5)}) == 5
    model = functional(layers.Dropout(0.5))
    assert has_plan(model)
    with keras.backend.learning_phase_scope(1):
        assert len({model(ROWS).numpy().tobytes() for _ in range(5)}) > 1
    assert (model(ROWS).numpy() == ROWS).all()


class Factor:
    def __init__(self):
        self.factor = 1.0

    def __call__(self, x):
        return x * self.factor

    def set(self, factor):
        self.factor = factor


class ScaleOp(keras.Operation):
    factor = 1.0

    def call(self, x):
        return x * self.factor

    def set(self, factor):
        self.factor = factor


def scaled(state, x):
    return x * state["factor"]


def callable_object():
    act = Factor()
    return functional(layers.Dense(2, activation=act)), act.set


def bound_method():
    act = Factor()
    return functional(layers.Dense(2, activation=act.__call__)), act.set


def partial_function():
    state = {"factor": 1.0}
    return functional(layers.Dense(2, activation=functools.partial(scaled, state))), lambda f: state.update(factor=f)


def users_operation():
    op = ScaleOp()
    return functional(op), op.set


def array_in_the_graph():
    array = np.ones(3, "float32")
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.ops.multiply(inputs, array)), array.fill


def patched_layer():
    state, layer = {"factor": 1.0}, layers.ReLU()
    model = functional(layer)
    assert has_plan(model)
    layer.call = functools.partial(scaled, state)
    return model, lambda f: state.update(factor=f)


def patched_model():
    state, model = {"factor": 1.0}, two_dense()
    assert has_plan(model)
    model.call = lambda inputs: keras.ops.multiply(inputs, state["factor"])
    return model, lambda f: state.update(factor=f)


def operation_of_a_nested_model():
    inner, change = users_operation()
    return functional(inner), change


@pytest.mark.parametrize(
    "make",
    [
        callable_object,
        bound_method,
        partial_function,
        users_operation,
        array_in_the_graph,
        patched_layer,
        patched_model,
        operation_of_a_nested_model,
    ],
    ids=lambda make: make.__name__,
)
def test_what_python_holds_is_asked_on_each_call(make):
    model, change = make()
    for _ in range(3):
        before = model(ROWS).numpy()
    change(2.0)
    np.testing.assert_allclose(model(ROWS).numpy(), before * 2, rtol=1e-6)


def test_what_no_call_runs_does_not_stand_in_the_way():
    class OwnTraining(keras.Model):
        def train_step(self, data):
            return super().train_step(data)

    inputs = keras.Input((3,))
    dense = layers.Dense(2, kernel_initializer=lambda shape, dtype=None: keras.ops.ones(shape))
    model = OwnTraining(inputs, dense(inputs))
    model.compile("adam", lambda y, p: keras.ops.mean(y - p))
    assert has_plan(model)
    assert has_plan(functional(model))
