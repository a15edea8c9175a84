"""``tf.random``."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.compat.tf._namespace import namespace
from rkeras.compat.tf._shapes import known_sizes
from rkeras.compat.tf.dtypes import as_dtype
from rkeras.random.seed_generator import draw_seed
from rkeras.utils.session import set_random_seed


def draw(op: str, shape: Any, dtype: Any, seed: Any, **parameters: Any) -> Any:
    """Numbers from one of the engine's random ops.

    Args:
        op: its name.
        shape: sizes, which may be tensors.
        dtype: of the numbers.
        seed: an int for the same numbers each time, or None.
        parameters: the op's own.

    Example:
        >>> draw("random_uniform", [2], "float32", 1, low=0.0, high=1.0).shape
        (2,)
    """
    return _engine.apply(op, draw_seed(seed), shape=known_sizes(shape), dtype=as_dtype(dtype).name, **parameters)


def set_seed(seed: int) -> None:
    """Makes everything random start from one seed.

    Example:
        >>> set_seed(1)
    """
    set_random_seed(int(seed))


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: str | None = None
) -> Any:
    """Normally distributed numbers.

    Example:
        >>> normal([2, 3]).shape
        (2, 3)
    """
    del name
    return _scaled(draw("random_normal", shape, dtype, seed, mean=0.0, stddev=1.0), mean, stddev)


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: str | None = None
) -> Any:
    """Normally distributed numbers, none further than two standard deviations from the mean.

    Example:
        >>> truncated_normal([2, 3]).shape
        (2, 3)
    """
    del name
    return _scaled(draw("random_truncated_normal", shape, dtype, seed, mean=0.0, stddev=1.0), mean, stddev)


def _scaled(x: Any, mean: Any, stddev: Any) -> Any:
    """Mean and deviation may be tensors, for which the engine's ops have no place."""
    return x * ops.cast(stddev, x.dtype) + ops.cast(mean, x.dtype)


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """Evenly distributed numbers; integers if the dtype is one, for which ``maxval`` must be given.

    Example:
        >>> uniform([2], 0, 5, dtype="int32").dtype
        'int32'
    """
    del name
    kind = as_dtype(dtype)
    if not kind.is_integer:
        x = draw("random_uniform", shape, kind, seed, low=0.0, high=1.0)
        low, high = ops.cast(minval, x.dtype), ops.cast(1 if maxval is None else maxval, x.dtype)
        return x * (high - low) + low
    if maxval is None:
        raise ValueError(f"tf.random.uniform needs a maxval for integers (dtype={kind.name})")
    return draw("random_integers", shape, kind, seed, low=int(minval), high=int(maxval))


def shuffle(value: Any, seed: Any = None, name: str | None = None) -> Any:
    """The slices along the first axis in random order.

    Example:
        >>> sorted(shuffle([3, 1, 2]).tolist())
        [1, 2, 3]
    """
    del name
    value = ops.convert_to_tensor(value)
    return ops.take(value, _engine.apply("random_permutation", draw_seed(seed), n=value.shape[0]), 0)


def categorical(logits: Any, num_samples: Any, dtype: Any = "int64", seed: Any = None, name: str | None = None) -> Any:
    """Classes drawn with the probabilities ``softmax(logits)``.

    Args:
        logits: of shape ``(batch, classes)``.
        num_samples: how many to draw for each row.
        dtype: of the result.
        seed: an int for the same numbers each time, or None.
        name: of no meaning.

    Returns:
        Classes, of shape ``(batch, num_samples)``.

    Example:
        >>> categorical([[0.0, 1000.0]], 3).tolist()
        [[1, 1, 1]]
    """
    del name
    logits = ops.convert_to_tensor(logits)
    shape = (logits.shape[0], int(num_samples), logits.shape[1])
    # The Gumbel-max trick: the largest of the logits with such noise is distributed like softmax.
    noise = draw("random_uniform", shape, "float32", seed, low=1e-7, high=1.0)
    gumbel = -ops.log(-ops.log(noise))
    return ops.cast(ops.argmax(ops.cast(logits, "float32")[:, None, :] + gumbel, axis=-1), as_dtype(dtype).name)


__getattr__, __dir__, _ = namespace(__name__, "tf.random", {})
