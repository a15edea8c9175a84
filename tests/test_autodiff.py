"""Tapes, gradient functions, gradients of gradients."""

import numpy as np
import pytest

import rkeras as keras
from rkeras import GradientTape, grad, ops, value_and_grad
from rkeras.tracing import mode


def tensor(x, dtype="float32"):
    return ops.convert_to_tensor(np.asarray(x), dtype=dtype)


def test_gradient_of_a_watched_tensor():
    x = tensor([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(x * x * x)
    assert tape.gradient(y, x).tolist() == [3.0, 12.0]
    assert mode.tapes == 0


def test_variables_watch_themselves_unless_frozen():
    v, frozen = keras.Variable(2.0), keras.Variable(3.0, trainable=False)
    with GradientTape() as tape:
        y = v * frozen
    dv, df = tape.gradient(y, [v, frozen])
    assert float(dv) == 3.0 and df is None


def test_structures_come_back_in_their_form():
    a, b = keras.Variable(1.0), keras.Variable(2.0)
    with GradientTape() as tape:
        y = a * 3 + b * b
    gradients = tape.gradient(y, {"b": [b], "a": a})
    assert float(gradients["a"]) == 3.0 and float(gradients["b"][0]) == 4.0


def test_a_variable_as_target():
    v, w = keras.Variable([2.0, 3.0]), keras.Variable([5.0, 7.0])
    with GradientTape() as tape:
        square = v * v
    gradients = tape.gradient([square, v], [v, w])
    np.testing.assert_array_equal(gradients[0], [5, 7])
    assert gradients[1] is None
    with GradientTape() as tape:
        same = v
    np.testing.assert_array_equal(tape.gradient(same, v, output_gradients=np.array([3.0, 4.0], "float32")), [3, 4])


def test_unconnected_sources():
    a, b = keras.Variable([1.0, 2.0]), keras.Variable([5.0])
    with GradientTape(persistent=True) as tape:
        y = ops.sum(a)
    assert tape.gradient(y, [a, b])[1] is None
    assert tape.gradient(y, [a, b], unconnected_gradients="zero")[1].tolist() == [0.0]
    with pytest.raises(ValueError, match="unconnected_gradients"):
        tape.gradient(y, a, unconnected_gradients="nothing")


def test_a_plain_tape_answers_once():
    v = keras.Variable(1.0)
    with GradientTape() as tape:
        y = v * v
    tape.gradient(y, v)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, v)


def test_a_persistent_tape_answers_again():
    v = keras.Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = v * v
        z = y * v
    assert float(tape.gradient(y, v)) == 6.0
    assert float(tape.gradient(z, v)) == 27.0


def test_gradient_of_a_gradient():
    x = tensor(2.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        dy = inner.gradient(y, x)
    assert float(dy) == 12.0
    assert float(outer.gradient(dy, x)) == 12.0


def test_output_gradients_weigh_the_targets():
    v = keras.Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = v * v
    assert tape.gradient(y, v, output_gradients=tensor([1.0, 10.0])).tolist() == [2.0, 40.0]


def test_watch_accessed_variables_false():
    a, b = keras.Variable(2.0), keras.Variable(3.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(a)
        y = a * b
    da, db = tape.gradient(y, [a, b])
    assert float(da) == 3.0 and db is None
    assert [v is a for v in tape.watched_variables()] == [True]


def test_stop_recording_and_reset():
    v = keras.Variable(2.0)
    with GradientTape(persistent=True) as tape:
        y = v * v
        with tape.stop_recording():
            z = v * 100.0
    dy, dz = (tape.gradient(target, v) for target in (y, z))
    assert float(dy) == 4.0 and dz is None
    with GradientTape(persistent=True) as tape:
        y = v * v
        tape.reset()
        z = v * 5.0
    assert tape.gradient(y, v) is None
    assert float(tape.gradient(z, v)) == 5.0


def test_stop_gradient():
    v = keras.Variable(3.0)
    with GradientTape() as tape:
        y = ops.stop_gradient(v) * v
    assert float(tape.gradient(y, v)) == 3.0


def test_watching_an_array_is_refused():
    with GradientTape() as tape, pytest.raises(TypeError, match="convert_to_tensor"):
        tape.watch(np.ones(2))


def test_errors_leave_no_tape_behind():
    with pytest.raises(ZeroDivisionError), GradientTape():
        raise ZeroDivisionError
    assert mode.tapes == 0


def test_jacobian_against_numpy():
    a = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")
    x = tensor([1.0, -1.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.matmul(tensor(a), x) * 2.0
    jacobian = tape.jacobian(y, x)
    assert jacobian.shape == (3, 2)
    np.testing.assert_allclose(jacobian.numpy(), 2 * a)


def test_batch_jacobian():
    x = tensor([[1.0, 2.0], [3.0, 4.0]])
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    expected = [np.diag([2.0, 4.0]), np.diag([6.0, 8.0])]
    np.testing.assert_allclose(tape.batch_jacobian(y, x).numpy(), expected)


def test_gradient_functions():
    value, gradient = value_and_grad(lambda x, y: x * x * y)(3.0, 2.0)
    assert float(value) == 18.0 and float(gradient) == 12.0
    both = grad(lambda x, y: x * x * y, argnums=(0, 1))(3.0, 2.0)
    assert [float(g) for g in both] == [12.0, 9.0]
    gradient, aux = grad(lambda x: (x * x, "extra"), has_aux=True)(5.0)
    assert float(gradient) == 10.0 and aux == "extra"


def test_third_derivative():
    assert float(grad(grad(grad(lambda x: x * x * x * x)))(2.0)) == 48.0


def test_a_training_loop_by_hand():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    y = x @ np.array([[1.0], [-2.0], [0.5]], "float32")
    w = keras.Variable(np.zeros((3, 1), "float32"))
    for _ in range(100):
        with GradientTape() as tape:
            error = ops.matmul(x, w) - y
            loss = ops.sum(error * error) / 64.0
        w.assign_sub(0.1 * tape.gradient(loss, w))
    np.testing.assert_allclose(w.numpy()[:, 0], [1.0, -2.0, 0.5], atol=1e-3)
