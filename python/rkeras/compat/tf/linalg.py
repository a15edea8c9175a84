"""``tf.linalg``."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.tf._namespace import namespace


def matrix_transpose(a: Any, name: str | None = None, conjugate: bool = False) -> Any:
    """Swaps the last two axes.

    Example:
        >>> matrix_transpose([[1, 2]]).tolist()
        [[1], [2]]
    """
    del name, conjugate
    return ops.swapaxes(a, -1, -2)


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    **options: Any,
) -> Any:
    """The product of matrices, or of batches of them.

    Args:
        a: of shape ``(…, n, k)``.
        b: of shape ``(…, k, m)``.
        transpose_a: whether ``a`` comes as ``(…, k, n)``.
        transpose_b: whether ``b`` comes as ``(…, m, k)``.
        adjoint_a: likewise; numbers are real.
        adjoint_b: likewise.
        options: those of ``tf.matmul``, of no meaning.

    Returns:
        A tensor of shape ``(…, n, m)``.

    Example:
        >>> matmul([[1.0], [2.0]], [[3.0], [4.0]], transpose_a=True).tolist()
        [[11.0]]
    """
    del options
    for x, which in ((a, "a"), (b, "b")):
        if ops.ndim(x) < 2:
            raise ValueError(
                f"tf.matmul multiplies matrices, but {which} has shape {ops.shape(x)}; use tf.linalg.matvec or "
                "tf.tensordot, or add an axis with tf.expand_dims"
            )
    left = ops.swapaxes(a, -1, -2) if transpose_a or adjoint_a else a
    right = ops.swapaxes(b, -1, -2) if transpose_b or adjoint_b else b
    return ops.matmul(left, right)


def matvec(a: Any, b: Any, transpose_a: bool = False, name: str | None = None) -> Any:
    """The product of matrices and vectors.

    Example:
        >>> matvec([[1.0, 2.0]], [3.0, 4.0]).tolist()
        [11.0]
    """
    del name
    return ops.squeeze(matmul(a, ops.expand_dims(b, -1), transpose_a), -1)


def diag(diagonal: Any, name: str | None = None, k: int = 0) -> Any:
    """A matrix with a given diagonal.

    Example:
        >>> diag([1, 2]).tolist()
        [[1, 0], [0, 2]]
    """
    del name
    return ops.diag(diagonal, k)


def diag_part(input: Any, name: str | None = None, k: int = 0) -> Any:
    """The diagonal of a matrix, or of each of a batch.

    Example:
        >>> diag_part([[1, 2], [3, 4]]).tolist()
        [1, 4]
    """
    del name
    return ops.diagonal(input, k, -2, -1)


def trace(x: Any, name: str | None = None) -> Any:
    """The sum of the diagonal.

    Example:
        >>> int(trace([[1, 2], [3, 4]]))
        5
    """
    return ops.sum(diag_part(x, name), -1)


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """The norm of vectors or matrices; without axes that of all elements as one vector.

    Example:
        >>> float(norm([[3.0], [4.0]]))
        5.0
    """
    del name
    if axis is None and not keepdims:
        tensor = ops.ravel(tensor)
    order = None if ord == "euclidean" else ord
    return ops.norm(tensor, order, tuple(axis) if isinstance(axis, list) else axis, keepdims)


def global_norm(t_list: Any, name: str | None = None) -> Any:
    """The Euclidean norm of several tensors as one vector; None among them does not count.

    Example:
        >>> float(global_norm([[3.0], None, [4.0]]))
        5.0
    """
    del name
    squares = [ops.sum(ops.square(t)) for t in t_list if t is not None]
    return ops.sqrt(ops.sum(ops.stack(squares)))


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """Scales a tensor whose norm is too large.

    Example:
        >>> clip_by_norm([3.0, 4.0], 1.0).tolist() == clip_by_norm([6.0, 8.0], 1.0).tolist()
        True
    """
    del name
    length = ops.sqrt(ops.sum(ops.square(t), axis=axes, keepdims=True))
    return ops.divide(ops.multiply(t, clip_norm), ops.maximum(length, clip_norm))


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Any]:
    """Scales tensors whose norm as one vector is too large.

    Returns:
        The scaled tensors, and the norm there was.

    Example:
        >>> clipped, length = clip_by_global_norm([[3.0], [4.0]], 1.0)
        >>> float(length), [round(t.tolist()[0], 4) for t in clipped]
        (5.0, [0.6, 0.8])
    """
    del name
    length = global_norm(t_list) if use_norm is None else use_norm
    factor = ops.divide(clip_norm, ops.maximum(length, clip_norm))
    return [None if t is None else ops.multiply(t, ops.cast(factor, ops.dtype(t))) for t in t_list], length


def einsum(equation: str, *inputs: Any, **options: Any) -> Any:
    """Sums of products in Einstein's notation.

    Example:
        >>> einsum("ij,j->i", [[1, 2]], [3, 4]).tolist()
        [11]
    """
    del options
    return ops.einsum(equation, *inputs)


__getattr__, __dir__, _ = namespace(
    __name__,
    "tf.linalg",
    {"l2_normalize": "rkeras.compat.tf.nn", "eye": "rkeras.compat.tf._creation", "tensordot": "rkeras.compat.tf"},
)
