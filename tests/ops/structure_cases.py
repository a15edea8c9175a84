"""Ops that move, choose, order and reduce elements."""

from __future__ import annotations

import numpy as np

from .case import Case, distinct, uniform

REDUCED = [((2, 3), None), ((2, 3), [0]), ((2, 3), [-1]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [1]), ((5,), [0]), ((), None)]


def axes_of(axis):
    return None if axis is None else tuple(axis)


def logsumexp(x, axis):
    return np.log(np.sum(np.exp(x), axis=axis))


def take_along(axis, n):
    def draw(rng):
        return [rng.normal(size=(3, 4)), rng.integers(0, n, (3, 2) if axis == 1 else (2, 4))]

    return draw


def scatter(u, index, axis, size):
    shape = [*u.shape[:axis], size, *u.shape[axis + index.ndim :]]
    out = np.zeros(shape)
    moved = np.moveaxis(out, axis, 0)
    flat = u.reshape(*u.shape[:axis], index.size, *u.shape[axis + index.ndim :])
    np.add.at(moved, index.ravel(), np.moveaxis(flat, axis, 0))
    return out


def scatter_along(u, index, axis, size):
    shape = list(u.shape)
    shape[axis] = size
    out = np.zeros(shape)
    grid = list(np.indices(index.shape))
    grid[axis] = index
    np.add.at(out, tuple(grid), u)
    return out


def one_hot(index, classes):
    return (index[..., None] == np.arange(classes)).astype(np.float64)


def update(x, u, start, steps):
    x = x.copy()
    x[tuple(slice(s, s + n * k, k) for s, n, k in zip(start, u.shape, steps, strict=True))] = u
    return x


def reductions() -> list[Case]:
    found = []
    for shape, axis in REDUCED:
        attrs = {"axis": axis}
        numpy_axis = axes_of(axis)
        for name, reference in (("sum", np.sum), ("prod", np.prod)):
            found.append(
                Case(name, uniform(0.5, 2, shape), lambda x, f=reference, a=numpy_axis: f(x, axis=a), attrs)
            )
        for name, reference in (("max", np.max), ("min", np.min)):
            found.append(
                Case(name, distinct(shape), lambda x, f=reference, a=numpy_axis: f(x, axis=a), attrs, second=False)
            )
        found.append(Case("logsumexp", uniform(-2, 2, shape), lambda x, a=numpy_axis: logsumexp(x, a), attrs))
        for name, reference in (("any", np.any), ("all", np.all)):
            draw = lambda rng, s=shape: [rng.random(s) < 0.6]  # noqa: E731
            found.append(Case(name, draw, lambda x, f=reference, a=numpy_axis: f(x, axis=a), attrs, wrt=()))
    found.append(Case("sum", uniform(0, 1, (0, 3)), lambda x: x.sum(axis=0), {"axis": [0]}))
    found.append(Case("sum", uniform(0, 1, (2, 3)), lambda x: x.sum(axis=0, keepdims=True), {"axis": [0], "keepdims": True}))
    return found


def arrangement() -> list[Case]:
    return [
        Case("reshape", uniform(-1, 1, (2, 6)), lambda x: x.reshape(3, 4), {"shape": [3, -1]}),
        Case("reshape", uniform(-1, 1, (0, 3)), lambda x: x.reshape(3, 0), {"shape": [3, 0]}),
        Case("transpose", uniform(-1, 1, (2, 3, 4)), lambda x: x.transpose(2, 0, 1), {"axes": [2, 0, 1]}),
        Case("transpose", uniform(-1, 1, (5, 3)), np.transpose),
        Case("transpose", uniform(-1, 1, (2, 9, 17, 5)), lambda x: x.transpose(0, 3, 1, 2), {"axes": [0, 3, 1, 2]}),
        Case("broadcast_to", uniform(-1, 1, (3, 1)), lambda x: np.broadcast_to(x, (2, 3, 4)), {"shape": [2, 3, 4]}),
        Case("copy", uniform(-1, 1, (2, 3)), np.copy),
        Case("stop_gradient", uniform(-1, 1, (2, 3)), np.copy, wrt=()),
        Case("concatenate", uniform(-1, 1, (2, 3), (2, 1), (2, 2)), lambda *x: np.concatenate(x, 1), {"axis": 1}, (0, 1, 2)),
        Case("concatenate", uniform(-1, 1, (0, 2), (3, 2)), lambda *x: np.concatenate(x, 0), {"axis": 0}, (0, 1)),
        Case("slice", uniform(-1, 1, (4, 5)), lambda x: x[1:3, 4:0:-2], {"start": [1, 4], "size": [2, 2], "steps": [1, -2]}),
        Case("slice", uniform(-1, 1, (4, 5)), lambda x: x[0:0, 1:4], {"start": [0, 1], "size": [0, 3]}),
        Case(
            "slice_update",
            uniform(-1, 1, (4, 5), (2, 2)),
            lambda x, u: update(x, u, (1, 0), (1, 2)),
            {"start": [1, 0], "steps": [1, 2]},
            (0, 1),
        ),
        Case("cast", uniform(-3, 3, (2, 3)), lambda x: x.astype("int32"), {"dtype": "int32"}, wrt=()),
        Case("full", lambda rng: [], lambda: np.full((2, 3), 1.5), {"shape": [2, 3], "value": 1.5, "dtype": "float64"}, wrt=()),
        Case("arange", lambda rng: [], lambda: 1 + 0.5 * np.arange(4), {"start": 1.0, "step": 0.5, "count": 4, "dtype": "float64"}, wrt=()),
    ]


def indexed() -> list[Case]:
    index = lambda rng: [rng.normal(size=(2, 5, 3)), rng.integers(-5, 5, (2, 2))]  # noqa: E731
    rows = lambda rng: [rng.normal(size=(2, 4, 3)), rng.integers(0, 5, (4,))]  # noqa: E731
    return [
        Case("take", index, lambda x, i: np.take(x, i, axis=1), {"axis": 1}),
        Case("scatter_add", rows, lambda u, i: scatter(u, i, 1, 5), {"axis": 1, "size": 5}),
        Case("take_along_axis", take_along(1, 4), lambda x, i: np.take_along_axis(x, i, 1), {"axis": 1}),
        Case("take_along_axis", take_along(0, 3), lambda x, i: np.take_along_axis(x, i, 0), {"axis": 0}),
        Case(
            "scatter_along_axis",
            lambda rng: [rng.normal(size=(3, 2)), rng.integers(0, 4, (3, 2))],
            lambda u, i: scatter_along(u, i, 1, 4),
            {"axis": 1, "size": 4},
        ),
        Case("one_hot", lambda rng: [rng.integers(-1, 4, (2, 3))], lambda i: one_hot(i, 3), {"num_classes": 3, "dtype": "float64"}, wrt=()),
    ]


def ordered() -> list[Case]:
    found = [
        Case("argmax", distinct((3, 4)), lambda x: x.argmax(1), {"axis": 1}, wrt=()),
        Case("argmin", distinct((3, 4, 2)), lambda x: x.argmin(1), {"axis": 1}, wrt=()),
        Case("sort", distinct((3, 5)), np.sort),
        Case("argsort", distinct((3, 5)), np.argsort, wrt=()),
        Case("top_k", distinct((3, 5)), lambda x: [-np.sort(-x)[:, :2], np.argsort(-x)[:, :2]], {"k": 2}),
    ]
    for axis in (0, 1):
        for reverse in (False, True):
            for name, f in (("cumsum", np.cumsum), ("cumprod", np.cumprod)):

                def reference(x, f=f, axis=axis, reverse=reverse):
                    return np.flip(f(np.flip(x, axis), axis=axis), axis) if reverse else f(x, axis=axis)

                found.append(Case(name, uniform(-2, 2, (3, 4)), reference, {"axis": axis, "reverse": reverse}))
    return found


def cases() -> list[Case]:
    return reductions() + arrangement() + indexed() + ordered()
