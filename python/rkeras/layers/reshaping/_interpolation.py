"""Interpolation along one axis as a matrix."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.build_budget import charge

Floats = npt.NDArray[np.float64]


def _triangle(x: Floats) -> Floats:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(x: Floats) -> Floats:
    # Keys 1981 with a = -1/2.
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x**2 + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def _lanczos(radius: float) -> Callable[[Floats], Floats]:
    return lambda x: np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


KERNELS: dict[str, Callable[[Floats], Floats]] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}


@functools.lru_cache(maxsize=64)
def upsampling_matrix(size: int, factor: int, kind: str) -> npt.NDArray[np.float32]:
    """The matrix (size * factor, size) that interpolates a vector, with samples in the middle of their cells.

    Args:
        size: elements of the vector.
        factor: how many times as many come out.
        kind: key of ``KERNELS``.

    Example:
        >>> upsampling_matrix(2, 2, "bilinear").tolist()
        [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    """
    charge(8 * size * size * factor, f"a matrix to resize {size} by {factor}", kept=False)
    places = (np.arange(size * factor) + 0.5) / factor - 0.5
    weights: Any = KERNELS[kind](places[:, None] - np.arange(size)[None, :])
    # Where the kernel reaches over the border, what is inside counts for all.
    return (weights / weights.sum(axis=1, keepdims=True)).astype("float32")  # type: ignore[no-any-return]
