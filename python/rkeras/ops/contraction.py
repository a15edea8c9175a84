"""Sums of products by index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic

__all__ = ["einsum"]


def _expand_ellipsis(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """Operand labels and result labels, with capital letters of their own for what an ellipsis covers."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(f"einsum {subscripts!r} names {len(terms)} operands, got {len(ranks)}")
    free = [c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in text]
    longest = max((r - len(t.replace("...", "")) for t, r in zip(terms, ranks, strict=True) if "..." in t), default=0)
    dots = "".join(free[:longest])
    full = []
    for term, rank in zip(terms, ranks, strict=True):
        if "..." in term:
            count = rank - len(term.replace("...", ""))
            term = term.replace("...", dots[longest - count :] if count else "")
        if len(term) != rank:
            raise ValueError(f"einsum {subscripts!r}: the term {term!r} does not fit an operand of rank {rank}")
        full.append(term)
    if arrow:
        return full, right.replace("...", dots)
    joined = "".join(full)
    return full, dots + "".join(sorted(c for c in set(joined) if joined.count(c) == 1 and c not in dots))


def _pair(x: Any, a: str, y: Any, b: str, keep: str) -> tuple[Any, str]:
    """Contracts two operands by one batched matrix product; labels not in ``keep`` are summed."""
    x, a = _sum_out(x, a, set(b) | set(keep))
    y, b = _sum_out(y, b, set(a) | set(keep))
    shared = [c for c in a if c in b]
    batch = [c for c in shared if c in keep]
    summed = [c for c in shared if c not in keep]
    left, right = [c for c in a if c not in b], [c for c in b if c not in a]
    sizes: dict[str, int] = {}
    for labels, tensor in ((a, x), (b, y)):
        for c, n in zip(labels, tensor.shape, strict=True):
            if sizes.setdefault(c, n) != n and 1 not in (n, sizes[c]):
                raise ValueError(f"einsum: sizes of axis {c!r} differ: {sizes[c]} and {n}")
            sizes[c] = max(sizes[c], n)

    def arranged(tensor: Any, labels: str, order: list[str], groups: list[list[str]]) -> Any:
        tensor = _engine.apply("broadcast_to", tensor, shape=[sizes[c] for c in labels])
        tensor = _engine.apply("transpose", tensor, axes=[labels.index(c) for c in order])
        return _engine.apply("reshape", tensor, shape=[math.prod(sizes[c] for c in g) for g in groups])

    p = arranged(x, a, batch + left + summed, [batch, left, summed])
    q = arranged(y, b, batch + summed + right, [batch, summed, right])
    kept = batch + left + right
    product = _engine.apply("matmul", p, q)
    return _engine.apply("reshape", product, shape=[sizes[c] for c in kept]), "".join(kept)


def _sum_out(x: Any, labels: str, keep: set[str]) -> tuple[Any, str]:
    """Takes diagonals of repeated labels and sums those that nothing else needs."""
    from rkeras.ops.diagonals import diagonal

    for c in dict.fromkeys(labels):
        while labels.count(c) > 1:
            first = labels.index(c)
            second = labels.index(c, first + 1)
            x = diagonal(x, axis1=first, axis2=second)
            labels = labels[:first] + labels[first + 1 : second] + labels[second + 1 :] + c
    gone = [i for i, c in enumerate(labels) if c not in keep]
    if gone:
        x = _engine.apply("sum", x, axis=gone)
        labels = "".join(c for i, c in enumerate(labels) if i not in gone)
    return x, labels


@symbolic
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Sums of products over named axes (Einstein's notation), by matrix products.

    Args:
        subscripts: such as ``"bij,bjk->bik"``; ``...`` stands for any further axes.
        operands: the tensors.
        kwargs: accepted for compatibility.

    Returns:
        A tensor with the axes after the arrow.

    Raises:
        ValueError: the notation does not fit the operands.

    Example:
        >>> import rkeras
        >>> rkeras.ops.einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).tolist()
        [3.0, 7.0]
    """
    tensors = [_engine.convert(x) for x in operands]
    terms, result = _expand_ellipsis(subscripts, [x.ndim for x in tensors])
    if any(c not in "".join(terms) for c in result):
        raise ValueError(f"einsum {subscripts!r}: the result names an axis that no operand has")
    x, labels = tensors[0], terms[0]
    for i in range(1, len(tensors)):
        keep = set(result).union(*terms[i + 1 :])
        x, labels = _pair(x, labels, tensors[i], terms[i], "".join(keep))
    x, labels = _sum_out(x, labels, set(result))
    return _engine.apply("transpose", x, axes=[labels.index(c) for c in result])
