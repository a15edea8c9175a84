"""Products of matrices and tensors, and norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic


@symbolic
def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices over the last two axes; leading axes broadcast, vectors are rows or columns.

    Args:
        x1: tensor (..., m, k) or (k,).
        x2: tensor (..., k, n) or (k,).

    Returns:
        A tensor (..., m, n), without the axis that a vector does not have.

    Raises:
        ValueError: the inner sizes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
        [[11.0]]
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if x1.ndim >= 2 and x2.ndim >= 2:
        return _engine.apply("matmul", x1, x2)
    if x1.ndim == 0 or x2.ndim == 0:
        raise ValueError(f"matmul needs at least one axis on both sides, got shapes {x1.shape} and {x2.shape}")
    row, column = x1.ndim == 1, x2.ndim == 1
    a = _engine.apply("reshape", x1, shape=[1, x1.size]) if row else x1
    b = _engine.apply("reshape", x2, shape=[x2.size, 1]) if column else x2
    y = _engine.apply("matmul", a, b)
    shape = list(y.shape)
    if column:
        del shape[-1]
    if row:
        del shape[-1 if column else -2]
    return _engine.apply("reshape", y, shape=shape)


@symbolic
def dot(x1: Any, x2: Any) -> Any:
    """NumPy's dot: sums over the last axis of ``x1`` and the second to last of ``x2``.

    Args:
        x1: tensor.
        x2: tensor.

    Returns:
        A tensor with the other axes of both.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.dot([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return _engine.apply("multiply", x1, x2)
    return tensordot(x1, x2, ([-1], [-1 if x2.ndim == 1 else -2]))


@symbolic
def vdot(x1: Any, x2: Any) -> Any:
    """The inner product of two tensors as vectors.

    Args:
        x1: tensor.
        x2: tensor of as many elements.

    Returns:
        A scalar.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.vdot([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    return dot(_engine.apply("reshape", x1, shape=[-1]), _engine.apply("reshape", x2, shape=[-1]))


@symbolic
def inner(x1: Any, x2: Any) -> Any:
    """Sums over the last axes of both.

    Args:
        x1: tensor.
        x2: tensor with the same last size.

    Returns:
        A tensor with the other axes of both.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.inner([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return _engine.apply("multiply", x1, x2)
    return tensordot(x1, x2, ([-1], [-1]))


@symbolic
def outer(x1: Any, x2: Any) -> Any:
    """All products of an element of one tensor and an element of another.

    Args:
        x1: tensor, taken as a vector.
        x2: tensor, taken as a vector.

    Returns:
        A matrix.

    Example:
        >>> import rkeras
        >>> rkeras.ops.outer([1, 2], [3, 4]).tolist()
        [[3, 4], [6, 8]]
    """
    return _engine.apply(
        "multiply", _engine.apply("reshape", x1, shape=[-1, 1]), _engine.apply("reshape", x2, shape=[1, -1])
    )


@symbolic
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sums over pairs of axes.

    Args:
        x1: tensor.
        x2: tensor.
        axes: the axes of each, as a pair of lists; or how many last axes of the first and first ones of the second.

    Returns:
        A tensor with the other axes of both.

    Raises:
        ValueError: paired sizes differ.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.tensordot([[1.0, 2.0]], [[3.0, 4.0]], axes=2))
        11.0
    """
    x1, x2 = _engine.convert(x1), _engine.convert(x2)
    if isinstance(axes, int):
        own, other = list(range(x1.ndim - axes, x1.ndim)), list(range(axes))
    else:
        own, other = ([a] if isinstance(a, int) else list(a) for a in axes)
    own, other = [a % x1.ndim for a in own], [a % x2.ndim for a in other]
    if [x1.shape[a] for a in own] != [x2.shape[a] for a in other]:
        raise ValueError(f"tensordot over axes {own} of shape {x1.shape} and {other} of {x2.shape}: sizes differ")
    keep1 = [a for a in range(x1.ndim) if a not in own]
    keep2 = [a for a in range(x2.ndim) if a not in other]
    k = math.prod(x1.shape[a] for a in own)
    rows, columns = [x1.shape[a] for a in keep1], [x2.shape[a] for a in keep2]
    a = _engine.apply("reshape", _engine.apply("transpose", x1, axes=keep1 + own), shape=[math.prod(rows), k])
    b = _engine.apply("reshape", _engine.apply("transpose", x2, axes=other + keep2), shape=[k, math.prod(columns)])
    return _engine.apply("reshape", _engine.apply("matmul", a, b), shape=rows + columns)


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
    from rkeras.ops.structure import diagonal

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


@symbolic
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The length of vectors.

    Args:
        x: tensor; integers become floats.
        ord: the order: 2 (default), 1, 0, any number, ``inf``, ``-inf``, or ``"fro"``.
        axis: along which axes; the whole tensor by default.
        keepdims: keeps the reduced axes with size 1.

    Returns:
        A float tensor.

    Raises:
        ValueError: an order that is not for vectors.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.norm([3.0, 4.0]))
        5.0
    """
    x = _engine.convert(x)
    if not x.dtype.startswith(("float", "bfloat")):
        x = _engine.apply("cast", x, dtype=_engine.floatx())
    options: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    if ord in (None, 2, "fro", "euclidean"):
        return _engine.apply("sqrt", _engine.apply("sum", _engine.apply("square", x), **options))
    size = _engine.apply("absolute", x)
    if ord == math.inf:
        return _engine.apply("max", size, **options)
    if ord == -math.inf:
        return _engine.apply("min", size, **options)
    if ord == 0:
        return _engine.apply("sum", _engine.apply("cast", x != 0, dtype=x.dtype), **options)
    if isinstance(ord, (int, float)):
        return _engine.apply(
            "power", _engine.apply("sum", _engine.apply("power", size, float(ord)), **options), 1.0 / ord
        )
    raise ValueError(f"norm of order {ord!r} is not defined for vectors")


@symbolic
def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """Divides by the length along an axis.

    Args:
        x: tensor.
        axis: the axis.
        order: the order of the norm.
        epsilon: the least length to divide by; 1e-7 by default.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.normalize([[3.0, 4.0]]).shape
        (1, 2)
    """
    from rkeras import config

    least = config.epsilon() if epsilon is None else epsilon
    return _engine.apply("divide", x, _engine.apply("maximum", norm(x, order, axis, keepdims=True), least))
