"""Ops composed of others: figures from Keras (fixtures/make_ops.py), compiled and symbolic calls, derivatives."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import ops, tree
from tests.fixtures.op_cases import CASES, Case, S

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "ops.json").read_text())
NUMBERED = [
    pytest.param(case, figure, id=f"{family}-{i}-{case.op}")
    for family, cases in CASES.items()
    for i, (case, (_, figure)) in enumerate(zip(cases, FIGURES[family], strict=True))
]
COMPILED = [case for case in NUMBERED if case.values[0].compiled]
DIFFERENTIABLE = [case for case in NUMBERED if case.values[0].wrt]
EPSILON = 1e-6


def _op(case: Case):
    return functools.reduce(getattr, case.op.split("."), ops)


def _is_figure(x):
    return isinstance(x, dict)


def _check(found, figure, rtol):
    if not _is_figure(figure):
        assert len(found) == len(figure)
        for part, expected in zip(found, figure, strict=True):
            _check(part, expected, rtol)
        return
    found, expected = np.asarray(found), np.asarray(figure["value"])
    assert found.dtype == figure["dtype"] and found.shape == expected.shape
    size = np.abs(expected[np.isfinite(expected)]).max(initial=1.0) if expected.dtype.kind == "f" else 1.0
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * size)


def test_there_is_a_figure_for_each_case():
    assert list(CASES) == list(FIGURES)
    for family, cases in CASES.items():
        assert [case.op for case in cases] == [name for name, _ in FIGURES[family]]


@pytest.mark.parametrize(("case", "figure"), NUMBERED)
def test_results_are_those_of_keras(case, figure):
    _check(case.seen(_op(case)(*case.plain_args, **case.kwargs)), figure, case.rtol)


@pytest.mark.parametrize(("case", "figure"), COMPILED)
def test_compiled_runs_agree(case, figure):
    def call(*tensors):
        given = iter(tensors)
        return _op(case)(*[a.value if isinstance(a, S) else next(given) for a in case.args], **case.kwargs)

    tensors = [tree.map_structure(ops.convert_to_tensor, a) for a in case.args if not isinstance(a, S)]
    _check(case.seen(rkeras.function(call)(*tensors)), figure, case.rtol)


def _weighted(results, weights):
    floating = [r for r in tree.flatten(results) if r.dtype.startswith("float")]
    return sum(ops.sum(ops.where(ops.isfinite(r), r, 0.0) * w) for r, w in zip(floating, weights, strict=True))


def _doubles(x):
    def double(leaf):
        leaf = np.asarray(leaf)
        return ops.convert_to_tensor(leaf.astype("float64") if leaf.dtype.kind == "f" else leaf)

    return tree.map_structure(double, x)


@pytest.mark.parametrize(("case", "figure"), DIFFERENTIABLE)
def test_derivatives_are_those_of_differences(case, figure):
    del figure
    random = np.random.default_rng(5)
    args = [a.value if isinstance(a, S) else _doubles(a) for a in case.args]
    results = [r for r in tree.flatten(_op(case)(*args, **case.kwargs)) if r.dtype.startswith("float")]
    assert all(r.dtype == "float64" for r in results), "a double does not stay one"
    weights = [random.normal(size=r.shape) for r in results]
    directions = {i: random.normal(size=args[i].shape) for i in case.wrt}

    def at(step):
        moved = [a + step * directions[i] if i in directions else a for i, a in enumerate(args)]
        return float(_weighted(_op(case)(*moved, **case.kwargs), weights))

    sources = [args[i] for i in case.wrt]
    with rkeras.GradientTape() as tape:
        for source in sources:
            tape.watch(source)
        total = _weighted(_op(case)(*args, **case.kwargs), weights)
    gradients = tape.gradient(total, sources)
    slope = sum(float(np.sum(g.numpy() * directions[i])) for g, i in zip(gradients, case.wrt, strict=True))
    np.testing.assert_allclose(slope, (at(EPSILON) - at(-EPSILON)) / (2 * EPSILON), rtol=1e-4, atol=1e-5)
