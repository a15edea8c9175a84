"""Compiled functions: when they are traced, what they remember, where they fall back."""

import warnings

import numpy as np
import pytest

import rkeras as keras
from rkeras import GradientTape, function, ops
from rkeras.tracing import eager_scope, run_functions_eagerly

ONES = np.ones(3, "float32")


def counted(body):
    """The function compiled, and a list that grows with each run of its Python code."""
    runs = []

    @function
    def wrapper(*args, **kwargs):
        runs.append(1)
        return body(*args, **kwargs)

    return wrapper, runs


def test_python_runs_once_for_each_kind_of_arguments():
    f, runs = counted(lambda x: x * 2.0)
    assert f(ONES).tolist() == [2.0, 2.0, 2.0]
    assert f(ONES * 3).tolist() == [6.0, 6.0, 6.0]
    assert len(runs) == 1
    f(np.ones(4, "float32"))
    f(np.ones(3, "int32"))
    assert len(runs) == 3
    f(ops.convert_to_tensor(ONES))
    assert len(runs) == 3


def test_plain_python_arguments_are_constants():
    f, runs = counted(lambda x, n, flag=False: x * n if flag else x + n)
    assert f(ONES, 2).tolist() == [3.0, 3.0, 3.0]
    assert f(ONES, 3).tolist() == [4.0, 4.0, 4.0]
    assert f(ONES, 3, flag=True).tolist() == [3.0, 3.0, 3.0]
    f(ONES, 3, flag=True)
    assert len(runs) == 3
    # Equal, but not the same constants.
    f(ONES, 3.0)
    assert len(runs) == 4


def test_structures_in_and_out():
    f, _ = counted(lambda d: {"sum": d["a"] + d["b"][0], "n": 7, "pair": (d["a"], None)})
    out = f({"a": ONES, "b": [ONES]})
    assert out["sum"].tolist() == [2.0, 2.0, 2.0]
    assert out["n"] == 7 and out["pair"][1] is None and out["pair"][0].tolist() == [1.0, 1.0, 1.0]


def test_results_that_are_no_tensors():
    f, _ = counted(lambda x: None)
    assert f(ONES) is None and f(ONES) is None


def test_variables_are_state_of_every_run():
    total = keras.Variable(np.zeros(3, "float32"))
    f, runs = counted(lambda x: total.assign_add(x))
    for _ in range(3):
        out = f(ONES)
    assert len(runs) == 1
    assert total.numpy().tolist() == out.tolist() == [3.0, 3.0, 3.0]
    total.assign(ONES * 10)
    assert f(ONES).tolist() == [11.0, 11.0, 11.0]


def test_a_variable_read_before_and_after_its_assignment():
    v = keras.Variable(1.0)

    @function
    def f(x):
        before = v + 0.0
        v.assign(v * x)
        return before, v + 0.0

    assert [float(r) for r in f(np.float32(3.0) * np.ones((), "float32"))] == [1.0, 3.0]
    assert float(v.value) == 3.0


def test_gradients_inside():
    w = keras.Variable([1.0, 2.0])

    @function
    def step(x):
        with GradientTape() as tape:
            loss = ops.sum(w * w * x)
        gradient = tape.gradient(loss, w)
        w.assign_sub(0.5 * gradient)
        return loss

    x = np.ones(2, "float32")
    assert float(step(x)) == 5.0
    assert w.numpy().tolist() == [0.0, 0.0]


def test_gradients_through_a_compiled_function():
    f, _ = counted(lambda x: x * x)
    f(ONES)
    x = ops.convert_to_tensor(ONES)
    with GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert tape.gradient(y, x).tolist() == [2.0, 2.0, 2.0]


def test_functions_in_functions_become_one_plan():
    inner, _ = counted(lambda x: x + 1.0)
    outer, runs = counted(lambda x: inner(x) * 2.0)
    assert outer(ONES).tolist() == [4.0, 4.0, 4.0]
    assert len(inner.plans) == 0 and len(outer.plans) == 1 and len(runs) == 1


def test_random_numbers_differ_from_run_to_run():
    generator = keras.random.SeedGenerator(5)

    @function
    def f(x):
        return generator.next() + 0

    assert f(ONES).tolist() == [5, 0] and f(ONES).tolist() == [5, 1]


def test_needing_numbers_falls_back_with_one_warning_that_names_the_line():
    @function
    def f(x):
        if x[0] > 0:  # the line to blame
            return x
        return -x

    with pytest.warns(UserWarning, match=r"test_function\.py:\d+: if x\[0\] > 0") as caught:
        assert f(-ONES).tolist() == [1.0, 1.0, 1.0]
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert f(ONES).tolist() == [1.0, 1.0, 1.0]


def test_errors_of_the_function_reach_the_caller_and_end_the_trace():
    @function
    def f(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        f(ONES)
    v = keras.Variable(1.0)
    assert not v.read().is_traced


def test_methods_have_plans_of_their_own():
    class Counter:
        def __init__(self, step):
            self.step = step

        @function
        def add(self, x):
            return x + self.step

    one, ten = Counter(1.0), Counter(10.0)
    assert one.add(ONES).tolist() == [2.0, 2.0, 2.0]
    assert ten.add(ONES).tolist() == [11.0, 11.0, 11.0]
    assert len(one.add.plans) == 1


def test_run_functions_eagerly():
    f, runs = counted(lambda x: x + 1.0)
    with run_functions_eagerly():
        f(ONES)
        f(ONES)
    assert len(runs) == 2 and f.plans == {}


def test_eager_scope_computes_at_once_in_a_trace():
    kept = []

    @function
    def f(x):
        with eager_scope():
            kept.append(keras.Variable(ONES) + 1.0)
        return x + kept[-1]

    assert f(ONES).tolist() == [3.0, 3.0, 3.0]
    assert kept[0].tolist() == [2.0, 2.0, 2.0]


def test_debug_shows_graph_and_plan():
    f, _ = counted(lambda x: x * x)
    assert "multiply" in keras.debug.graph(f, ONES)
    assert "argument 0" in keras.debug.plan(f, ONES)
