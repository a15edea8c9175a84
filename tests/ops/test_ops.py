"""Every registered op: against NumPy, against central differences, and eager equal to compiled.

An op without a case fails the run: ``test_every_op_has_a_case`` walks the registry.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rkeras import _engine

from . import attention_cases, elementwise_cases, nn_cases, recurrent_cases, structure_cases
from .case import Case

CASES: list[Case] = [
    case
    for family in (elementwise_cases, structure_cases, nn_cases, recurrent_cases, attention_cases)
    for case in family.cases()
]
DIFFERENTIABLE = [c for c in CASES if c.wrt]
SECOND = [c for c in DIFFERENTIABLE if c.second]

EPSILON = 1e-6
TOLERANCE = {"rtol": 1e-3, "atol": 1e-5}


def run(case: Case, operands):
    if case.call is not None:
        result = case.call(*operands, **case.attrs)
    else:
        result = _engine.apply(case.op, *operands, **case.attrs)
    return result if isinstance(result, list) else [result]


def drawn(case: Case, rng):
    # A NumPy scalar would count as a Python number, which has no dtype of its own.
    return [np.asarray(x) for x in case.operands(rng)]


def as_list(result):
    return result if isinstance(result, list) else [result]


def test_every_op_has_a_case():
    missing = sorted(set(_engine.op_names()) - {c.op for c in CASES})
    assert not missing, f"ops without a test case: {missing}"


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.label)
def test_numpy_reference(case):
    operands = drawn(case, np.random.default_rng(1))
    results = [t.numpy() for t in run(case, operands)]
    if case.reference is None:
        assert all(np.isfinite(r).all() for r in results)
        return
    expected = as_list(case.reference(*operands))
    assert len(results) == len(expected)
    for got, wanted in zip(results, expected, strict=True):
        assert got.shape == np.shape(wanted)
        np.testing.assert_allclose(got, wanted, rtol=case.rtol, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.label)
def test_compiled_equals_eager(case):
    operands = drawn(case, np.random.default_rng(2))
    eager = [t.numpy() for t in run(case, operands)]
    trace = _engine.Trace()
    arguments = [trace.argument(x.shape, str(x.dtype)) for x in operands]
    plan = trace.finish(run(case, arguments))
    for _ in range(2):  # the second run reuses the arena
        for got, wanted in zip(plan.run(operands), eager, strict=True):
            np.testing.assert_array_equal(got.numpy(), wanted)


def gradients(case, operands, weights, record=None):
    """Cotangents of the differentiable operands for weighted results."""
    tape = _engine.Tape(watch_variables=False)
    values = [_engine.convert(x) for x in operands]
    for i in case.wrt:
        tape.watch(values[i])
        if record is not None:
            record.watch(values[i])
    tape.push()
    try:
        results = run(case, values)
    finally:
        tape.pop()
    picked = [results[i] for i in case.outputs]
    found = tape.gradient(picked, [values[i] for i in case.wrt], [weights[i] for i in case.outputs])
    return values, found


def weights_of(case, operands, rng):
    return [np.asarray(rng.normal(size=t.shape)) for t in run(case, operands)]


def directions(case, operands, rng):
    return [np.asarray(rng.normal(size=operands[i].shape)) for i in case.wrt]


def shifted(case, operands, direction, step):
    moved = list(operands)
    for i, d in zip(case.wrt, direction, strict=True):
        moved[i] = np.asarray(operands[i] + step * d)
    return moved


def total(case, operands, weights):
    return sum(float((r.numpy() * weights[i]).sum()) for i, r in enumerate(run(case, operands)) if i in case.outputs)


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=lambda c: c.label)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_gradient_equals_central_difference(case, seed):
    rng = np.random.default_rng(seed)
    operands = drawn(case, rng)
    weights, direction = weights_of(case, operands, rng), directions(case, operands, rng)
    _, found = gradients(case, operands, weights)
    slope = sum(0.0 if g is None else float((g.numpy() * d).sum()) for g, d in zip(found, direction, strict=True))
    high = total(case, shifted(case, operands, direction, EPSILON), weights)
    low = total(case, shifted(case, operands, direction, -EPSILON), weights)
    np.testing.assert_allclose(slope, (high - low) / (2 * EPSILON), **TOLERANCE)


def directional_slope(case, operands, weights, direction):
    _, found = gradients(case, operands, weights)
    return sum(0.0 if g is None else float((g.numpy() * d).sum()) for g, d in zip(found, direction, strict=True))


@pytest.mark.parametrize("case", SECOND, ids=lambda c: c.label)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_second_derivative_equals_central_difference(case, seed):
    rng = np.random.default_rng(seed)
    operands = drawn(case, rng)
    weights = weights_of(case, operands, rng)
    direction, along = directions(case, operands, rng), directions(case, operands, rng)
    outer = _engine.Tape(watch_variables=False)
    outer.push()
    try:
        values, found = gradients(case, operands, weights, record=outer)
        slopes = [
            _engine.apply("sum", _engine.apply("multiply", g, d))
            for g, d in zip(found, direction, strict=True)
            if g is not None
        ]
    finally:
        outer.pop()
    second = outer.gradient(slopes, [values[i] for i in case.wrt]) if slopes else []
    got = sum(0.0 if g is None else float((g.numpy() * a).sum()) for g, a in zip(second, along, strict=False))
    high = directional_slope(case, shifted(case, operands, along, EPSILON), weights, direction)
    low = directional_slope(case, shifted(case, operands, along, -EPSILON), weights, direction)
    np.testing.assert_allclose(got, (high - low) / (2 * EPSILON), rtol=1e-3, atol=1e-4)
