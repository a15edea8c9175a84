"""Attention in tiles: sizes within a tile and beyond, shared heads, bands, masks and biases that broadcast."""

from __future__ import annotations

import numpy as np

from rkeras import _engine

from .case import Case

NEVER = -0.7 * float(np.finfo("float32").max)


def scores_of(q, k, extra, scale, causal=False, window=0, biased=False, masked=False):
    """Scores, what is seen, and keys' heads repeated."""
    scores = np.einsum("bqhd,bkhd->bhqk", q, np.repeat(k, q.shape[2] // k.shape[2], axis=2)) * scale
    if biased:
        scores = scores + extra[0]
    ahead = np.arange(k.shape[1])[None, :] - np.arange(q.shape[1])[:, None]
    seen = np.ones(scores.shape, bool)
    seen &= (ahead <= 0) if causal else True
    seen &= (np.abs(ahead) < window) if window else True
    if masked:
        seen &= extra[-1]
    return np.where(seen, scores, NEVER), seen


def attention(q, k, v, *extra, **attrs):
    scores, _ = scores_of(q, k, extra, **attrs)
    top = scores.max(axis=-1)
    weights = np.exp(scores - top[..., None])
    share = 1 / weights.sum(axis=-1)
    values = np.repeat(v, q.shape[2] // k.shape[2], axis=2)
    return [np.einsum("bhqk,bkhd->bqhd", weights * share[..., None], values), np.stack([top, share])]


def attention_gradient(q, k, v, g, *extra, **attrs):
    groups = q.shape[2] // k.shape[2]
    scores, seen = scores_of(q, k, extra, **attrs)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    on_weights = np.einsum("bqhd,bkhd->bhqk", g, np.repeat(v, groups, axis=2))
    slopes = weights * (on_weights - (weights * on_weights).sum(axis=-1, keepdims=True)) * seen * attrs["scale"]
    dq = np.einsum("bhqk,bkhd->bqhd", slopes, np.repeat(k, groups, axis=2))
    dk, dv = np.einsum("bhqk,bqhd->bkhd", slopes, q), np.einsum("bhqk,bqhd->bkhd", weights, g)
    return [dq, *(x.reshape(*x.shape[:2], -1, groups, x.shape[3]).sum(axis=3) for x in (dk, dv))]


def gradient_call(q, k, v, g, *extra, **attrs):
    out, statistics = _engine.apply("attention", q, k, v, *extra, **attrs)
    return _engine.apply("attention_gradient", q, k, v, out, statistics, g, *extra, **attrs)


# Batch, queries, keys, heads, heads of keys, size, size of values; shapes of bias and mask; attributes.
SIZES = [
    ((2, 3, 4, 2, 2, 3, 3), None, None, {}),
    ((1, 37, 150, 1, 1, 3, 5), None, None, {}),
    ((2, 5, 6, 4, 2, 2, 3), (1, 4, 5, 6), None, {}),
    ((2, 5, 6, 3, 1, 2, 17), (2, 1, 1, 6), (2, 1, 5, 6), {"causal": True}),
    ((1, 40, 70, 2, 1, 3, 2), None, (1, 1, 1, 70), {"causal": True}),
    ((1, 20, 9, 2, 2, 70, 2), None, (1, 2, 20, 1), {"window": 3}),
    ((2, 5, 5, 1, 1, 2, 2), None, (2, 1, 1, 5), {"causal": True, "window": 2}),
]


def cases() -> list[Case]:
    found = []
    for (batch, queries, keys, heads, key_heads, size, value_size), bias, mask, more in SIZES:
        attrs = {"scale": 0.7, **more, "biased": bias is not None, "masked": mask is not None}

        def draw(rng, shapes=((batch, queries, heads, size), (batch, keys, key_heads, size), (batch, keys, key_heads, value_size)), bias=bias, mask=mask):
            extra = [] if bias is None else [rng.normal(size=bias)]
            if mask is not None:
                extra.append(rng.random(mask) < 0.6)
            return [rng.normal(size=shape) for shape in shapes] + extra

        def with_cotangent(rng, draw=draw, shape=(batch, queries, heads, value_size)):
            q, k, v, *extra = draw(rng)
            return [q, k, v, rng.normal(size=shape), *extra]

        on_bias = () if bias is None else (3,)
        found += [
            Case("attention", draw, lambda *x, k=attrs: attention(*x, **k), attrs, (0, 1, 2, *on_bias)),
            Case(
                "attention_gradient",
                with_cotangent,
                lambda *x, k=attrs: attention_gradient(*x, **k),
                attrs,
                (0, 1, 2, 3, *(i + 1 for i in on_bias)),
                (0, 1, 2),
                second=False,
                rtol=1e-8,
                call=gradient_call,
            ),
        ]
    return found
