"""Fourier's transform and the spectra of sequences. A complex tensor is a pair of tensors, as in Keras."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic

__all__ = ["extract_sequences", "fft", "fft2", "ifft2", "irfft", "istft", "rfft", "stft"]

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


def _floats(x: Any) -> Any:
    x = _engine.convert(x)
    return x if x.dtype.startswith("float") and x.dtype != "float16" else ops.cast(x, "float32")


def _pair(name: str, x: Any, rank: int) -> tuple[Any, Any]:
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"{name}: expected a pair (real, imaginary), got {type(x).__name__}")
    real, imag = (_floats(part) for part in x)
    if real.shape != imag.shape or real.ndim < rank:
        raise ValueError(f"{name}: expected parts of one shape of rank {rank} or more, got {real.shape}, {imag.shape}")
    return real, imag


@symbolic
def fft(x: tuple[Any, Any]) -> tuple[Any, Any]:
    """Fourier's transform along the last axis.

    Args:
        x: real and imaginary parts, tensors of one shape.

    Returns:
        Real and imaginary parts of the same shape.

    Raises:
        ValueError: no pair, or two shapes.

    Example:
        >>> import rkeras
        >>> real, _ = rkeras.ops.fft(([1.0, 1.0], [0.0, 0.0]))
        >>> real.tolist()
        [2.0, 0.0]
    """
    real, imag = _pair("fft", x, 1)
    return _transform(real, imag, -1)


def _plane(x: Any, sign: int) -> tuple[Any, Any]:
    real, imag = _transform(x[0], x[1], sign)
    real, imag = _transform(ops.swapaxes(real, -1, -2), ops.swapaxes(imag, -1, -2), sign)
    return ops.swapaxes(real, -1, -2), ops.swapaxes(imag, -1, -2)


@symbolic
def fft2(x: tuple[Any, Any]) -> tuple[Any, Any]:
    """Fourier's transform along the last two axes.

    Args:
        x: real and imaginary parts, tensors of one shape.

    Returns:
        Real and imaginary parts of the same shape.

    Raises:
        ValueError: no pair, or two shapes.

    Example:
        >>> import rkeras
        >>> rkeras.ops.fft2((rkeras.ops.ones((2, 2)), rkeras.ops.zeros((2, 2))))[0].tolist()
        [[4.0, 0.0], [0.0, 0.0]]
    """
    return _plane(_pair("fft2", x, 2), -1)


@symbolic
def ifft2(x: tuple[Any, Any]) -> tuple[Any, Any]:
    """The inverse of ``fft2``.

    Args:
        x: real and imaginary parts, tensors of one shape.

    Returns:
        Real and imaginary parts of the same shape.

    Raises:
        ValueError: no pair, or two shapes.

    Example:
        >>> import rkeras
        >>> rkeras.ops.ifft2(([[4.0, 0.0], [0.0, 0.0]], rkeras.ops.zeros((2, 2))))[0].tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    real, imag = _pair("ifft2", x, 2)
    count = real.shape[-1] * real.shape[-2]
    return tuple(part / count for part in _plane((real, imag), 1))


def _fitted(x: Any, size: int) -> Any:
    """The last axis cut off, or filled up with zeros."""
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
    x = _floats(x)
    n = x.shape[-1] if fft_length is None else int(fft_length)
    x = _fitted(x, n)
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
    real, imag = _pair("irfft", x, 1)
    n = 2 * (real.shape[-1] - 1) if fft_length is None else int(fft_length)
    half = n // 2 + 1
    real, imag = _fitted(real, half), _fitted(imag, half)
    # What is missing is the mirror image; the parts at 0 and in the middle have no partner and are real.
    mirrored = slice(half - 1 - (n % 2 == 0), 0, -1)
    alone = np.zeros(half, bool)
    alone[0], alone[-1] = True, alone[-1] or n % 2 == 0
    imag = ops.where(alone, 0.0, imag)
    real = ops.concatenate([real, real[..., mirrored]], axis=-1)
    imag = ops.concatenate([imag, -imag[..., mirrored]], axis=-1)
    return _transform(real, imag, 1)[0] / n


@symbolic
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """The windows of sequences.

    Args:
        x: tensor whose last axis is time.
        sequence_length: of a window.
        sequence_stride: how far it moves.

    Returns:
        A tensor with an axis of windows in front of that of time; what is left at the end is left out.

    Example:
        >>> import rkeras
        >>> rkeras.ops.extract_sequences([1, 2, 3, 4, 5], 3, 2).tolist()
        [[1, 2, 3], [3, 4, 5]]
    """
    x = _engine.convert(x)
    count = max((x.shape[-1] - sequence_length) // sequence_stride + 1, 0)
    index = np.arange(count)[:, None] * sequence_stride + np.arange(sequence_length)
    return ops.take(x, index.astype("int32"), axis=-1)


def _window(name: str, window: Any, length: int, size: int, dtype: str) -> Any:
    """The weights of a window in the middle of ``size`` points."""
    # Periodic windows: the point behind the last would be the first again.
    known = {"hann": np.hanning, "hamming": np.hamming}
    if window is None:
        return ops.ones(size, dtype)
    if isinstance(window, str):
        if window not in known:
            raise ValueError(f"{name}: window must be one of {tuple(known)}, a tensor or None, got {window!r}")
        weights = ops.cast(known[window](length + 1)[:-1], dtype)
    else:
        weights = ops.cast(window, dtype)
        if weights.shape != (length,):
            raise ValueError(f"{name}: expected a window of shape ({length},), got {weights.shape}")
    before = (size - length) // 2
    return ops.pad(weights, ((before, size - length - before),))


@symbolic
def stft(
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> tuple[Any, Any]:
    """The spectra of overlapping windows of sequences.

    Args:
        x: tensor whose last axis is time.
        sequence_length: of a window.
        sequence_stride: how far it moves.
        fft_length: to what length windows are filled up with zeros.
        window: their weights: ``hann``, ``hamming``, a vector, or None for equal ones.
        center: begins with a window around the first point, mirroring what lies beyond both ends.

    Returns:
        Real and imaginary parts (..., windows, fft_length // 2 + 1).

    Raises:
        ValueError: ``fft_length`` is below ``sequence_length``, or an unknown window.

    Example:
        >>> import rkeras
        >>> rkeras.ops.stft(rkeras.ops.ones(16), 4, 2, 4)[0].shape
        (9, 3)
    """
    if fft_length < sequence_length:
        raise ValueError(f"stft: fft_length {fft_length} is below sequence_length {sequence_length}")
    x = _floats(x)
    weights = _window("stft", window, sequence_length, fft_length, x.dtype)
    if center:
        around = [(0, 0)] * (x.ndim - 1) + [(fft_length // 2, fft_length // 2)]
        x = ops.pad(x, around, mode="reflect")
    return rfft(extract_sequences(x, fft_length, sequence_stride) * weights, fft_length)


@symbolic
def istft(
    x: tuple[Any, Any],
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """The inverse of ``stft``: windows are added up where they overlap.

    Args:
        x: real and imaginary parts (..., windows, fft_length // 2 + 1).
        sequence_length: of a window.
        sequence_stride: how far it moved.
        fft_length: to what length windows were filled up.
        length: of the result; as long as the windows reach by default.
        window: their weights, as in ``stft``.
        center: the first window was around the first point.

    Returns:
        A tensor whose last axis is time.

    Raises:
        ValueError: no pair, two shapes, or an unknown window.

    Example:
        >>> import rkeras
        >>> spectra = rkeras.ops.stft(rkeras.ops.ones(16), 4, 2, 4)
        >>> [round(v, 3) for v in rkeras.ops.istft(spectra, 4, 2, 4).tolist()[:3]]
        [1.0, 1.0, 1.0]
    """
    real, imag = _pair("istft", x, 2)
    weights = _window("istft", window, sequence_length, fft_length, real.dtype)
    pieces = irfft((real, imag), fft_length) * weights
    count = pieces.shape[-2]
    total = fft_length + (count - 1) * sequence_stride
    place = (np.arange(count)[:, None] * sequence_stride + np.arange(fft_length)).ravel().astype("int32")

    def added(parts: Any) -> Any:
        flat = ops.reshape(parts, (-1, place.size))
        return _engine.apply("scatter_add", flat, place, axis=1, size=total)

    sums = added(pieces)
    # How much each point was weighted in all windows; where nothing was, nothing is known.
    known = added(ops.broadcast_to(ops.square(weights), (count, fft_length)))
    heard = known > 1e-11
    found = ops.where(heard, sums / ops.where(heard, known, 1.0), sums)
    first = fft_length // 2 if center else 0
    last = total - first if length is None else first + length
    found = _fitted(found[:, first:last], last - first)
    return ops.reshape(found, (*pieces.shape[:-2], last - first))
