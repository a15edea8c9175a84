"""Fourier's transform. A complex tensor is a pair of tensors, as in Keras."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import named

__all__ = ["fft", "fft2", "ifft2", "irfft", "rfft"]

# Up to this length a transform is one product with the matrix of roots of unity.
_WHOLE = 64


def _waves(n: int, m: int, sign: int, period: int, dtype: str) -> tuple[Any, Any]:
    """Cosines and sines of ``2 pi i j / period`` for i below n and j below m; the product is reduced exactly."""
    angle = 2 * math.pi * (np.outer(np.arange(n), np.arange(m)) % period) / period
    # Quarters of a turn are exact.
    cosine, sine = (np.where(np.abs(x) < 1e-15, 0.0, x) for x in (np.cos(angle), np.sin(angle)))
    return ops.cast(cosine, dtype), ops.cast(sign * sine, dtype)


def _factor(n: int) -> int:
    """The largest divisor of n up to the limit; n itself if only 1 divides it there."""
    return next((d for d in range(min(_WHOLE, n - 1), 1, -1) if n % d == 0), n)


def _times(real: Any, imag: Any, c: Any, s: Any, multiply: Any) -> tuple[Any, Any]:
    return multiply(real, c) - multiply(imag, s), multiply(real, s) + multiply(imag, c)


def _transform(real: Any, imag: Any, sign: int) -> tuple[Any, Any]:
    """Cooley's and Tukey's transform along the last axis: of columns, turned, of rows."""
    n = real.shape[-1]
    inner = n if n <= _WHOLE else _factor(n)
    if inner == n:
        return _times(real, imag, *_waves(n, n, sign, n, real.dtype), ops.matmul)
    outer = n // inner
    leading = real.shape[:-1]
    # Element i * outer + j is row i, column j.
    real, imag = (ops.swapaxes(ops.reshape(x, (*leading, inner, outer)), -1, -2) for x in (real, imag))
    real, imag = _times(real, imag, *_waves(inner, inner, sign, inner, real.dtype), ops.matmul)
    real, imag = _times(real, imag, *_waves(outer, inner, sign, n, real.dtype), ops.multiply)
    real, imag = _transform(ops.swapaxes(real, -1, -2), ops.swapaxes(imag, -1, -2), sign)
    return tuple(ops.reshape(ops.swapaxes(x, -1, -2), (*leading, n)) for x in (real, imag))


def real_numbers(x: Any) -> Any:
    """A tensor of floats of at least 32 bits.

    Example:
        >>> real_numbers([1, 2]).dtype
        'float32'
    """
    x = _engine.convert(x)
    return x if x.dtype.startswith("float") and x.dtype != "float16" else ops.cast(x, "float32")


def complex_parts(name: str, x: Any, rank: int) -> tuple[Any, Any]:
    """Real and imaginary parts as floats.

    Raises:
        ValueError: no pair, or two shapes.

    Example:
        >>> [part.dtype for part in complex_parts("fft", ([1, 2], [0, 0]), 1)]
        ['float32', 'float32']
    """
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"{name}: expected a pair (real, imaginary), got {type(x).__name__}")
    real, imag = (real_numbers(part) for part in x)
    if real.shape != imag.shape or real.ndim < rank:
        raise ValueError(f"{name}: expected parts of one shape of rank {rank} or more, got {real.shape}, {imag.shape}")
    return real, imag


def _plane(real: Any, imag: Any, sign: int) -> tuple[Any, Any]:
    real, imag = _transform(real, imag, sign)
    real, imag = _transform(ops.swapaxes(real, -1, -2), ops.swapaxes(imag, -1, -2), sign)
    return ops.swapaxes(real, -1, -2), ops.swapaxes(imag, -1, -2)


def _plane_back(real: Any, imag: Any) -> tuple[Any, Any]:
    count = real.shape[-1] * real.shape[-2]
    real, imag = _plane(real, imag, 1)
    return real / count, imag / count


_DOC = """{summary}

Args:
    x: real and imaginary parts, tensors of one shape.

Returns:
    Real and imaginary parts of the same shape.

Raises:
    ValueError: no pair, or two shapes.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}(([[1.0, 1.0]], [[0.0, 0.0]]))[0].tolist()
    {example}
"""


def _declare(name: str, summary: str, rank: int, run: Callable[..., Any], example: Any) -> Callable[..., Any]:
    def fn(x: tuple[Any, Any]) -> tuple[Any, Any]:
        return run(*complex_parts(name, x, rank))  # type: ignore[no-any-return]

    return named(fn, name, _DOC, summary=summary, example=example)  # type: ignore[no-any-return]


fft = _declare(
    "fft", "Fourier's transform along the last axis.", 1, lambda real, imag: _transform(real, imag, -1), [[2.0, 0.0]]
)
fft2 = _declare(
    "fft2", "Fourier's transform along the last two axes.", 2, lambda real, imag: _plane(real, imag, -1), [[2.0, 0.0]]
)
ifft2 = _declare("ifft2", "The inverse of ``fft2``.", 2, _plane_back, [[1.0, 0.0]])


def fitted(x: Any, size: int) -> Any:
    """The last axis cut off, or filled up with zeros.

    Example:
        >>> fitted(ops.array([1, 2]), 3).tolist()
        [1, 2, 0]
    """
    missing = size - x.shape[-1]
    return ops.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing)]) if missing > 0 else x[..., :size]


@symbolic
def rfft(x: Any, fft_length: int | None = None) -> tuple[Any, Any]:
    """Fourier's transform of real numbers along the last axis, the half that determines the other.

    Args:
        x: tensor.
        fft_length: to what length the axis is cut or filled up with zeros; its own by default.

    Returns:
        Real and imaginary parts, each with a last axis of ``fft_length // 2 + 1``.

    Example:
        >>> import rkeras
        >>> rkeras.ops.rfft([1.0, 0.0, 0.0, 0.0])[0].tolist()
        [1.0, 1.0, 1.0]
    """
    x = real_numbers(x)
    n = x.shape[-1] if fft_length is None else int(fft_length)
    x = fitted(x, n)
    real, imag = _transform(x, ops.zeros_like(x), -1)
    return real[..., : n // 2 + 1], imag[..., : n // 2 + 1]


@symbolic
def irfft(x: tuple[Any, Any], fft_length: int | None = None) -> Any:
    """The inverse of ``rfft``.

    Args:
        x: real and imaginary parts, tensors of one shape.
        fft_length: the length of the result; twice the last axis less 2 by default.

    Returns:
        A tensor of real numbers.

    Raises:
        ValueError: no pair, or two shapes.

    Example:
        >>> import rkeras
        >>> rkeras.ops.irfft(([2.0, 2.0], [0.0, 0.0])).tolist()
        [2.0, 0.0]
    """
    real, imag = complex_parts("irfft", x, 1)
    n = 2 * (real.shape[-1] - 1) if fft_length is None else int(fft_length)
    half = n // 2 + 1
    real, imag = fitted(real, half), fitted(imag, half)
    # What is missing is the mirror image; the parts at 0 and in the middle have no partner and are real.
    mirrored = slice(half - 1 - (n % 2 == 0), 0, -1)
    alone = np.zeros(half, bool)
    alone[0], alone[-1] = True, alone[-1] or n % 2 == 0
    imag = ops.where(alone, 0.0, imag)
    real = ops.concatenate([real, real[..., mirrored]], axis=-1)
    imag = ops.concatenate([imag, -imag[..., mirrored]], axis=-1)
    return _transform(real, imag, 1)[0] / n
