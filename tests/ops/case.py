"""What a test of one op consists of: operands, attributes, a NumPy reference, what is differentiated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Operands = Callable[[np.random.Generator], list[np.ndarray]]


@dataclass
class Case:
    """One op with one set of attributes.

    ``operands`` draws arrays (float64 where differentiable), away from kinks and ties. ``reference`` maps them to
    the result or the list of results. ``wrt`` names the operands with a derivative, ``outputs`` the results it is
    taken of. ``call`` replaces the plain application where operands depend on one another.
    """

    op: str
    operands: Operands
    reference: Callable[..., Any] | None
    attrs: dict[str, Any] = field(default_factory=dict)
    wrt: Sequence[int] = (0,)
    outputs: Sequence[int] = (0,)
    second: bool = True
    rtol: float = 1e-10
    call: Callable[..., Any] | None = None

    @property
    def label(self) -> str:
        shown = ",".join(f"{k}={v}" for k, v in self.attrs.items())
        return f"{self.op}({shown})"


# Sizes that matter: empty, one, odd, broadcast, several axes.
SHAPES: list[tuple[int, ...]] = [(), (1,), (7,), (0, 3), (2, 3), (3, 1, 5), (2, 2, 2, 3)]


def uniform(low: float, high: float, *shapes: tuple[int, ...]) -> Operands:
    """Arrays drawn from an interval."""
    return lambda rng: [rng.uniform(low, high, shape) for shape in shapes]


def distinct(*shapes: tuple[int, ...]) -> Operands:
    """Arrays whose elements all differ by much more than a difference step, in random order."""

    def draw(rng: np.random.Generator) -> list[np.ndarray]:
        return [
            (rng.permutation(int(np.prod(s))) * 0.37 - 1.1 + rng.uniform(0, 0.1, int(np.prod(s)))).reshape(s)
            for s in shapes
        ]

    return draw


def off_kinks(values: Sequence[float], low: float, high: float, *shapes: tuple[int, ...]) -> Operands:
    """Arrays from an interval, kept 0.05 away from the places where the slope jumps."""

    def draw(rng: np.random.Generator) -> list[np.ndarray]:
        arrays = []
        for shape in shapes:
            x = rng.uniform(low, high, shape)
            for kink in values:
                near = np.abs(x - kink) < 0.05
                x = np.where(near, kink + 0.05 + (x - kink) * 0.5 + 0.05, x)
            arrays.append(np.asarray(x))
        return arrays

    return draw
