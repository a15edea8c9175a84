"""The spectra of overlapping windows of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic
from rkeras.ops.fourier import complex_parts, fitted, irfft, real_numbers, rfft

__all__ = ["extract_sequences", "istft", "stft"]


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
    x = real_numbers(x)
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
    real, imag = complex_parts("istft", x, 2)
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
    found = fitted(found[:, first:last], last - first)
    return ops.reshape(found, (*pieces.shape[:-2], last - first))
