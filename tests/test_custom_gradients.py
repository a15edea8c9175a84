"""Functions whose derivative is given with their value."""

from __future__ import annotations

import numpy as np
import pytest

import rkeras
from rkeras import layers, ops


@ops.custom_gradient
def log1pexp(x):
    e = ops.exp(x)

    def grad(*args, upstream=None):
        if upstream is None:
            (upstream,) = args
        return upstream * (1.0 - 1.0 / (1.0 + e))

    return ops.log(1.0 + e), grad


@ops.custom_gradient
def turned(x):
    return x, lambda upstream: -upstream


def _gradients(f, *arrays):
    tensors = [ops.array(a) for a in arrays]
    with rkeras.GradientTape() as tape:
        tape.watch(tensors)
        y = f(*tensors)
    return [None if g is None else g.tolist() for g in tape.gradient(y, tensors)]


def test_the_given_derivative_is_taken_where_the_true_one_overflows():
    assert _gradients(lambda x: log1pexp(x) * 2.0, [0.0, 200.0]) == [[1.0, 2.0]]
    assert np.isnan(_gradients(lambda x: ops.log(1.0 + ops.exp(x)), [0.0, 200.0])[0][1])


def test_second_derivatives_are_those_of_the_given_one():
    x = ops.array(0.5)
    with rkeras.GradientTape() as outer:
        outer.watch(x)
        with rkeras.GradientTape() as inner:
            inner.watch(x)
            y = log1pexp(x * x)
        slope = inner.gradient(y, x)
    curve = float(outer.gradient(slope, x))
    s = 1 / (1 + np.exp(-0.25))
    np.testing.assert_allclose([float(slope), curve], [s, s * (1 - s) + 2 * s], rtol=1e-5)


def test_derivatives_that_are_not_linear():
    clipped = ops.custom_gradient(lambda x: (x, lambda u: ops.clip(u, -1.0, 1.0)))
    assert _gradients(lambda x: clipped(x) * ops.array([5.0, 0.5]), [1.0, 1.0]) == [[1.0, 0.5]]


def test_several_outputs_and_arguments_in_every_form():
    def torch(*args, upstream):
        assert [a.tolist() for a in args] == [[1.0], [2.0]]
        return [upstream[0] * 10.0, upstream[1] * 100.0]

    forms = [lambda up: (up[0] * 10.0, up[1] * 100.0), lambda a, b: (a * 10.0, b * 100.0), torch]
    for grad in forms:
        f = ops.custom_gradient(lambda a, b, grad=grad: ((a + b, a * b), grad))
        assert _gradients(lambda a, b, f=f: ops.add(*f(a, b)), [1.0], [2.0]) == [[10.0], [100.0]]
        # What has no influence counts as zero.
        assert _gradients(lambda a, b, f=f: f(a, b)[1], [1.0], [2.0]) == [[0.0], [100.0]]


def test_calls_in_a_row_beside_others_and_inside_one_another():
    assert _gradients(lambda x: turned(turned(x) * 3.0) + x, [1.0]) == [[4.0]]
    assert _gradients(lambda x: turned(x) + turned(x * x), [5.0]) == [[-11.0]]
    nested = ops.custom_gradient(lambda x: (turned(x) * 2.0, lambda u: u * 7.0))
    assert _gradients(nested, [1.0]) == [[7.0]]
    assert _gradients(lambda x, y: turned(x) + 0.0 * y, [1.0], [1.0]) == [[-1.0], [0.0]]


def test_arguments_without_derivatives():
    scaled = ops.custom_gradient(lambda x, factor: (x * factor, lambda u: (u * factor, None)))
    assert _gradients(lambda x: scaled(x, 3.0), [1.0]) == [[3.0]]


def test_variables_and_persistent_tapes():
    v, x = rkeras.Variable([5.0, 6.0]), ops.array([1.0, 2.0])
    product = ops.custom_gradient(lambda a, b: (a * b, lambda u: (u * b, u * a)))
    with rkeras.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = product(product(x, v), x)
    for _ in range(2):
        dx, dv = tape.gradient(z, [x, v])
        assert dx.tolist() == [10.0, 24.0] and dv.tolist() == [1.0, 4.0]
    assert tape.jacobian(z, x).tolist() == [[10.0, 0.0], [0.0, 24.0]]
    assert rkeras.grad(lambda a: turned(a) * 2.0)(ops.array(1.0)).tolist() == -2.0


def test_without_a_tape_it_is_the_function():
    assert log1pexp(ops.array(0.0)).tolist() == pytest.approx(np.log(2.0)) and log1pexp.__name__ == "log1pexp"


class Turn(layers.Layer):
    def call(self, x):
        return turned(x)


@pytest.mark.parametrize("functional", [True, False])
def test_models_train_with_it(functional):
    first = layers.Dense(2, kernel_initializer="ones", use_bias=False)
    last = layers.Dense(1, kernel_initializer="ones", use_bias=False)
    if functional:
        x = rkeras.Input((3,))
        model = rkeras.Model(x, last(turned(first(x))))
    else:
        model = rkeras.Sequential([rkeras.Input((3,)), first, Turn(), last])
    model.compile(rkeras.optimizers.SGD(0.01), "mse")
    model.fit(np.ones((4, 3)), np.zeros((4, 1)), verbose=0)
    # The error's derivative by the output, 6, is 12; what comes before the turn moves the other way.
    np.testing.assert_allclose(first.kernel, np.full((3, 2), 1.12), rtol=1e-6)
    np.testing.assert_allclose(last.kernel, np.full((2, 1), 0.64), rtol=1e-6)


def test_what_does_not_fit_is_refused():
    with pytest.raises(TypeError, match="must return its value and"):
        ops.custom_gradient(lambda x: x)(ops.array(1.0))
    with pytest.raises(ValueError, match="2 tensors for its 1"):
        _gradients(ops.custom_gradient(lambda x: (x, lambda u: (u, u))), [1.0])
    with pytest.raises(ValueError, match=r"shape \(2,\) has shape \(\)"):
        _gradients(ops.custom_gradient(lambda x: (x, lambda u: ops.sum(u))), [1.0, 2.0])
    with pytest.raises(TypeError, match="let it take `upstream`"):
        _gradients(ops.custom_gradient(lambda x: (x, lambda: 1)), [1.0])


def test_tensorflow_has_it_too():
    from rkeras.compat import tf

    square = tf.custom_gradient(lambda x: (x * x, lambda upstream: upstream * 10.0))
    assert _gradients(square, [3.0]) == [[10.0]]
