"""Tensors of random numbers. Each draw is a function of its seed: an int gives the same numbers each time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rkeras import _engine, config, ops
from rkeras.ops._dispatch import symbolic
from rkeras.random.seed_generator import SeedGenerator, draw_seed

# With acceptance of 95 % and more, none is left after so many tries in 10^15.
_GAMMA_TRIES = 12
# Below so many trials they are made one by one.
_FEW_TRIALS = 16


def _drawn(op: str, shape: Any, dtype: Any, seed: Any, **attributes: float) -> Any:
    sizes = [int(n) for n in (shape if isinstance(shape, (list, tuple)) else [shape])]
    wanted = config.floatx() if dtype is None else dtype
    exact = wanted if wanted in ("float64", "float16", "bfloat16") else "float32"
    found = _engine.apply(op, draw_seed(seed), shape=sizes, dtype=exact, **attributes)
    return found if exact == wanted else ops.cast(found, wanted)


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Draws from a normal distribution.

    Args:
        shape: of the result.
        mean: of the distribution.
        stddev: its standard deviation.
        dtype: a float dtype; the default one by default.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> normal((2, 3), seed=1).shape
        (2, 3)
    """
    return _drawn("random_normal", shape, dtype, seed, mean=float(mean), stddev=float(stddev))


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Draws from a normal distribution, anew if further than two standard deviations from the mean.

    Args:
        shape: of the result.
        mean: of the distribution.
        stddev: its standard deviation before it is cut.
        dtype: a float dtype; the default one by default.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> bool((abs(truncated_normal((100,), seed=1).numpy()) <= 2).all())
        True
    """
    return _drawn("random_truncated_normal", shape, dtype, seed, mean=float(mean), stddev=float(stddev))


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Draws numbers of a range that are all as likely.

    Args:
        shape: of the result.
        minval: the least.
        maxval: what they stay below.
        dtype: a float dtype, the default one by default; or of integers.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> uniform((2, 3), seed=1).shape
        (2, 3)
    """
    if dtype is not None and str(dtype).startswith(("int", "uint")):
        return randint(shape, minval, maxval, dtype, seed)
    return _drawn("random_uniform", shape, dtype, seed, low=float(minval), high=float(maxval))


def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draws integers of a range that are all as likely.

    Args:
        shape: of the result.
        minval: the least.
        maxval: what they stay below.
        dtype: of the result.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> bool((randint((9,), 3, 5, seed=1).numpy() // 2).tolist() != [])
        True
    """
    sizes = [int(n) for n in shape]
    exact = "int64" if dtype == "int64" else "int32"
    found = _engine.apply(
        "random_integers", draw_seed(seed), shape=sizes, low=int(minval), high=int(maxval), dtype=exact
    )
    return found if exact == dtype else ops.cast(found, dtype)


@symbolic
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draws categories whose probabilities are the softmax of logits.

    Args:
        logits: (batch, categories).
        num_samples: how many are drawn for each row.
        dtype: of the result.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        Integers (batch, num_samples).

    Example:
        >>> categorical(np.array([[0.0, 100.0]]), 3, seed=1).tolist()
        [[1, 1, 1]]
    """
    logits = ops.cast(logits, "float32")
    if len(logits.shape) != 2:
        raise ValueError(f"categorical takes logits (batch, categories), got shape {tuple(logits.shape)}")
    batch, categories = logits.shape
    noise = uniform((batch, num_samples, categories), 1e-20, 1.0, "float32", seed)
    # The largest of logits with Gumbel noise has the distribution (Gumbel 1954).
    return ops.cast(ops.argmax(ops.expand_dims(logits, 1) - ops.log(-ops.log(noise)), axis=-1), dtype)


@symbolic
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Sets elements to zero at random and scales the rest up, to keep the mean.

    Args:
        inputs: a float tensor.
        rate: the fraction that becomes zero.
        noise_shape: shape of the mask, with 1 for axes along which elements share their fate and None for axes of the
            input's size.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> sorted(set(dropout(np.ones(50), 0.5, seed=1).tolist()))
        [0.0, 2.0]
    """
    inputs = ops.convert_to_tensor(inputs)
    if noise_shape is None:
        return _engine.apply("dropout", inputs, draw_seed(seed), rate=float(rate))
    shape = [n if m is None else m for m, n in zip(noise_shape, inputs.shape, strict=True)]
    return inputs * _engine.apply("dropout", ops.ones(shape, inputs.dtype), draw_seed(seed), rate=float(rate))


@symbolic
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """The slices of a tensor in random order.

    Args:
        x: a tensor.
        axis: the axis whose order changes.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> sorted(shuffle(np.arange(4), seed=1).tolist())
        [0, 1, 2, 3]
    """
    x = ops.convert_to_tensor(x)
    order = _engine.apply("random_permutation", draw_seed(seed), n=[x.shape[axis]])
    return ops.take(x, order, axis=axis)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draws from a gamma distribution with scale 1.

    Args:
        shape: of the result.
        alpha: the shape of the distribution: a number, or a tensor that broadcasts to ``shape``.
        dtype: a float dtype; the default one by default.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> gamma((2, 3), 0.5, seed=1).shape
        (2, 3)
    """
    seeds = _sequence(seed)
    alpha = ops.broadcast_to(ops.cast(alpha, "float32"), tuple(shape))
    small = alpha < 1.0
    d = ops.where(small, alpha + 1.0, alpha) - 1.0 / 3.0
    c = 1.0 / ops.sqrt(9.0 * d)
    found = d
    waiting = ops.ones(tuple(shape), "bool")
    # Marsaglia and Tsang (2000).
    for _ in range(_GAMMA_TRIES):
        x, u = normal(shape, dtype="float32", seed=seeds), uniform(shape, 1e-30, 1.0, "float32", seeds)
        root = 1.0 + c * x
        v = ops.maximum(root, 1e-30) ** 3
        fits = ops.logical_and(root > 0.0, ops.log(u) < 0.5 * x * x + d - d * v + d * ops.log(v))
        found = ops.where(ops.logical_and(waiting, fits), d * v, found)
        waiting = ops.logical_and(waiting, ops.logical_not(fits))
    power = 1.0 / ops.where(small, alpha, 1.0)
    lowered = found * uniform(shape, 1e-30, 1.0, "float32", seeds) ** power
    return ops.cast(ops.where(small, lowered, found), dtype or config.floatx())


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draws from a beta distribution.

    Args:
        shape: of the result.
        alpha: the first parameter: a number, or a tensor that broadcasts to ``shape``.
        beta: the second one.
        dtype: a float dtype; the default one by default.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> beta((2, 3), 0.5, 2.0, seed=1).shape
        (2, 3)
    """
    seeds = _sequence(seed)
    one, other = gamma(shape, alpha, "float32", seeds), gamma(shape, beta, "float32", seeds)
    return ops.cast(one / ops.maximum(one + other, 1e-30), dtype or config.floatx())


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draws how many of so many trials succeed.

    Args:
        shape: of the result.
        counts: numbers of trials, which broadcast to ``shape``.
        probabilities: of success, likewise.
        dtype: of the result; the default float by default.
        seed: an int, a ``SeedGenerator``, or None for the global one.

    Returns:
        A tensor.

    Example:
        >>> binomial((3,), [1.0, 5.0, 1000.0], [0.0, 1.0, 1.0], seed=1).tolist()
        [0.0, 5.0, 1000.0]
    """
    seeds = _sequence(seed)
    left = ops.broadcast_to(ops.cast(counts, "float32"), tuple(shape))
    p = ops.broadcast_to(ops.cast(probabilities, "float32"), tuple(shape))
    found = ops.zeros(tuple(shape), "float32")
    # Where the middle one of sorted uniform numbers lies halves the problem (Devroye 1986, chapter X.4.3).
    most = max(float(ops.max(left)), 1.0)
    for _ in range(max(0, math.ceil(math.log2(most / _FEW_TRIALS)))):
        middle = 1.0 + ops.floor(left / 2.0)
        at = beta(shape, middle, ops.maximum(left + 1.0 - middle, 0.5), "float32", seeds)
        below, many = at <= p, left > _FEW_TRIALS
        found = ops.where(ops.logical_and(many, below), found + middle, found)
        rest = ops.where(below, left - middle, middle - 1.0)
        share = ops.where(below, (p - at) / ops.maximum(1.0 - at, 1e-30), p / ops.maximum(at, 1e-30))
        left, p = ops.where(many, rest, left), ops.where(many, ops.clip(share, 0.0, 1.0), p)
    trials = ops.reshape(ops.arange(_FEW_TRIALS, dtype="float32"), (_FEW_TRIALS, *(1 for _ in shape)))
    wins = uniform((_FEW_TRIALS, *shape), 0.0, 1.0, "float32", seeds) < p
    found = found + ops.sum(ops.cast(ops.logical_and(wins, trials < left), "float32"), axis=0)
    return ops.cast(found, dtype or config.floatx())


def _sequence(seed: Any) -> SeedGenerator | None:
    """What gives out the seeds of several draws, of which an int gives always the same ones."""
    return SeedGenerator(int(seed)) if isinstance(seed, (int, np.integer)) else seed
