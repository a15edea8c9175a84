"""Attention: means of values, weighted by how well keys fit queries."""

from __future__ import annotations

import math
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic

__all__ = ["dot_product_attention"]

# Takes part in a softmax without any weight, and without turning a row that has nothing else into NaN.
_NEVER = -0.7 * 3.4028234663852886e38


@symbolic
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """Means of the values with weights ``softmax(scale * query · key + bias)`` (Vaswani et al. 2017).

    Args:
        query: float tensor (batch, time, heads, size).
        key: float tensor (batch, source time, heads, size). It and ``value`` may have fewer heads, each of which
            then serves as many heads of the query.
        value: float tensor (batch, source time, heads, value size).
        bias: is added to the scores; broadcasts to (batch, heads, time, source time).
        mask: bool, False where a query does not see a key; broadcasts likewise. A query that sees no key at all
            gets the plain mean.
        scale: multiplies the scores; 1 / sqrt(size) by default.
        is_causal: whether query ``i`` sees keys up to ``i`` only.
        flash_attention: accepted for compatibility; scores are held as a whole only for a cap, for derivatives of
            derivatives and for the derivative of a bias.
        attn_logits_soft_cap: if given, scores become ``s / (1 + |s| / cap)``.

    Returns:
        A tensor (batch, time, heads, value size).

    Raises:
        ValueError: the shapes do not fit each other.

    Example:
        >>> import rkeras
        >>> x = rkeras.ops.ones((2, 5, 4, 8))
        >>> rkeras.ops.dot_product_attention(x, x, x, is_causal=True).shape
        (2, 5, 4, 8)
    """
    query, key, value = _engine.convert(query), _engine.convert(key), _engine.convert(value)
    _check_shapes(query.shape, key.shape, value.shape)
    scale = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    return attend(query, key, value, bias, mask, scale, is_causal, soft_cap=attn_logits_soft_cap)


def _check_shapes(query: Any, key: Any, value: Any) -> None:
    shapes = f"got query {tuple(query)}, key {tuple(key)} and value {tuple(value)}"
    if not len(query) == len(key) == len(value) == 4:
        raise ValueError(f"dot_product_attention takes tensors (batch, time, heads, size), {shapes}")
    if key[:3] != value[:3] or query[0] != key[0] or query[3] != key[3]:
        raise ValueError(
            "dot_product_attention needs one batch size, queries and keys of one size, and a key for each value, "
            + shapes
        )
    if key[2] == 0 or query[2] % key[2]:
        raise ValueError(f"each head of keys must serve the same number of heads of queries, {shapes}")


def attend(
    query: Any,
    key: Any,
    value: Any,
    bias: Any,
    mask: Any,
    scale: Any,
    is_causal: bool = False,
    window: int = 0,
    soft_cap: float | None = None,
) -> Any:
    """``dot_product_attention`` for layers, without checks.

    Args:
        query: tensor (batch, time, heads, size).
        key: tensor (batch, source time, heads or a divisor of their number, size).
        value: tensor of the shape of ``key`` but for the last size.
        bias: added to the scores, or None.
        mask: bool, or None for all True.
        scale: multiplies the scores.
        is_causal: whether query ``i`` sees keys up to ``i`` only.
        window: if positive, query ``i`` sees keys less than so far away only.
        soft_cap: see above.

    Returns:
        A tensor (batch, time, heads, value size).
    """
    if soft_cap is None:
        extra = [_four_axes(x) for x in (bias, None if mask is None else ops.cast(mask, "bool")) if x is not None]
        return _engine.apply(
            "attention",
            query,
            key,
            value,
            *extra,
            scale=float(scale),
            causal=is_causal,
            window=window,
            biased=bias is not None,
            masked=mask is not None,
        )[0]
    groups = query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = ops.repeat(key, groups, axis=2), ops.repeat(value, groups, axis=2)
    scores = ops.cast(ops.einsum("bqhd,bkhd->bhqk", query, key), _wide(query.dtype)) * scale
    scores = scores / (1.0 + ops.abs(scores) / soft_cap)
    if bias is not None:
        scores = scores + ops.cast(bias, scores.dtype)
    band = band_mask(query.shape[1], key.shape[1], is_causal, window)
    if mask is not None:
        mask = ops.cast(mask, "bool")
        band = mask if band is None else ops.logical_and(mask, band)
    if band is not None:
        scores = ops.where(band, scores, _NEVER)
    return ops.einsum("bhqk,bkhd->bqhd", ops.cast(ops.softmax(scores), value.dtype), value)


def _four_axes(x: Any) -> Any:
    x = _engine.convert(x)
    return x if x.ndim == 4 else ops.reshape(x, (*(1,) * (4 - x.ndim), *x.shape))


def _wide(dtype: str) -> str:
    """The dtype of scores: half precision would overflow."""
    return "float32" if dtype in ("float16", "bfloat16") else dtype


def band_mask(queries: int, keys: int, is_causal: bool, window: int) -> Any:
    """Which keys each query sees, as a bool tensor (1, queries, keys); None for all.

    Args:
        queries: number of queries.
        keys: number of keys.
        is_causal: whether none sees keys after it.
        window: if positive, keys so far away or farther are not seen.

    Example:
        >>> band_mask(2, 2, True, 0).tolist()
        [[[True, False], [True, True]]]
    """
    if not is_causal and not window:
        return None
    ahead = ops.reshape(ops.arange(keys), (1, 1, keys)) - ops.reshape(ops.arange(queries), (1, queries, 1))
    seen = ops.less_equal(ahead, 0) if is_causal else None
    if window:
        near = ops.less(ops.abs(ahead), window)
        seen = near if seen is None else ops.logical_and(seen, near)
    return seen
