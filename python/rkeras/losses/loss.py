"""The base class of losses, and reduction with weights and masks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rkeras import config, ops, tree
from rkeras.naming import auto_name

_REDUCTIONS = ("sum", "sum_over_batch_size", "mean", "mean_with_sample_weight", "none", None)


def aligned(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Two tensors whose ranks differ by a last axis of size 1, with that axis dropped, or added to a vector."""
    r1, r2 = len(x1.shape), len(x2.shape)
    if r1 == r2 + 1 and x1.shape[-1] == 1:
        return (x1, ops.expand_dims(x2, -1)) if r2 == 1 else (ops.squeeze(x1, -1), x2)
    if r2 == r1 + 1 and x2.shape[-1] == 1:
        return (ops.expand_dims(x1, -1), x2) if r1 == 1 else (x1, ops.squeeze(x2, -1))
    return x1, x2


def masked_weight(sample_weight: Any, mask: Any) -> Any:
    """The weights where the mask is 1, and 0 elsewhere.

    Args:
        sample_weight: weights of samples or of their steps, or None.
        mask: zeros and ones in the dtype of the result.

    Example:
        >>> masked_weight([2.0, 3.0], ops.array([[1.0, 0.0], [1.0, 1.0]])).tolist()
        [[2.0, 0.0], [3.0, 3.0]]
    """
    if sample_weight is None:
        return mask
    weight, mask = aligned(ops.cast(ops.convert_to_tensor(sample_weight), mask.dtype), mask)
    rank = max(len(weight.shape), len(mask.shape))
    return _with_rank(weight, rank) * _with_rank(mask, rank)


def _with_rank(weight: Any, rank: int) -> Any:
    """Weights with axes of size 1 at the end, so that they broadcast from the left."""
    missing = rank - len(weight.shape)
    return ops.reshape(weight, (*weight.shape, *[1] * missing)) if missing > 0 else weight


def reduce_values(
    values: Any, sample_weight: Any = None, mask: Any = None, reduction: str | None = "sum_over_batch_size"
) -> Any:
    """Weights and reduces the losses of samples.

    Args:
        values: a loss for each sample (or more axes).
        sample_weight: weights that broadcast to them, or None.
        mask: bools; where False a sample does not count.
        reduction: ``sum``, ``sum_over_batch_size`` (also ``mean``), ``mean_with_sample_weight`` or ``none``.

    Returns:
        A scalar, or all losses for ``none``.

    Example:
        >>> float(reduce_values(ops.array([1.0, 3.0])))
        2.0
    """
    if mask is not None:
        mask = ops.cast(mask, values.dtype)
        sample_weight = masked_weight(sample_weight, mask)
        if reduction in ("sum_over_batch_size", "mean"):
            # What is masked out is not counted either.
            total = float(math.prod(mask.shape))
            valid = ops.sum(mask)
            sample_weight = sample_weight * (total / (valid + config.epsilon()))
    weight = None
    if sample_weight is not None:
        weight = ops.cast(sample_weight, values.dtype)
        values, weight = aligned(values, weight)
        values = values * _with_rank(weight, len(values.shape))
    if reduction in ("none", None):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(ops.broadcast_to(weight, values.shape)))
    return ops.mean(values) if math.prod(values.shape) else ops.sum(values)


class Loss:
    """Compares what was predicted with what was wanted.

    Subclasses define ``call(y_true, y_pred)`` with one number for each sample.

    Args:
        name: made up if not given.
        reduction: how the samples' losses become one: ``sum_over_batch_size`` (their mean), ``sum``, ``mean``,
            ``mean_with_sample_weight``, ``none``.
        dtype: dtype of the computation; the default float by default.

    Raises:
        ValueError: an unknown reduction.

    Example:
        >>> class Distance(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.mean(ops.absolute(y_true - y_pred), axis=-1)
        >>> float(Distance()([[1.0, 2.0]], [[2.0, 4.0]]))
        1.5
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in _REDUCTIONS:
            raise ValueError(f"reduction must be one of {_REDUCTIONS}, got {reduction!r}")
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self._dtype = getattr(dtype, "compute_dtype", dtype)

    @property
    def dtype(self) -> str:
        """The dtype of the computation."""
        return self._dtype or config.floatx()

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss of structures of targets and predictions."""
        masks = [getattr(p, "_keras_mask", None) for p in tree.flatten(y_pred)]

        def tensor(x: Any) -> Any:
            x = ops.convert_to_tensor(x)
            return ops.cast(x, self.dtype) if x.dtype.startswith(("float", "bfloat")) else x

        def tensors(structure: Any) -> Any:
            # Lists of plain numbers are one tensor, lists of tensors several.
            if any(hasattr(leaf, "shape") for leaf in tree.flatten(structure)):
                return tree.map_structure(tensor, structure)
            return tensor(structure)

        y_pred, y_true = tensors(y_pred), tensors(y_true)
        values = self.call(y_true, y_pred)
        weight = None if sample_weight is None else ops.convert_to_tensor(sample_weight)
        mask = masks[0] if len(masks) == 1 else None
        own = getattr(values, "_keras_mask", None)
        if own is not None:
            mask = own if mask is None else ops.logical_and(mask, own)
        return reduce_values(values, weight, mask, self.reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One number for each sample; defined by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Makes a loss from ``get_config``."""
        return cls(**config)


class LossFunctionWrapper(Loss):
    """A loss around a function of targets and predictions.

    Args:
        fn: gives one number for each sample.
        reduction: how they become one.
        name: the function's by default.
        dtype: dtype of the computation.
        kwargs: further arguments of the function.

    Example:
        >>> loss = LossFunctionWrapper(lambda t, p: ops.mean(ops.square(t - p), axis=-1), name="mine")
        >>> float(loss([[1.0]], [[3.0]]))
        4.0
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None), reduction=reduction, dtype=dtype)
        self.fn = fn
        self._arguments = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The function's numbers."""
        if not isinstance(y_true, (list, tuple, dict)):
            y_true, y_pred = aligned(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._arguments)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        from rkeras.saving.serialization import serialize_keras_object

        return {**super().get_config(), "fn": serialize_keras_object(self.fn), **self._arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Makes a loss from ``get_config``."""
        from rkeras.saving.deserialization import deserialize_keras_object

        if "fn" in config:
            config = {**config, "fn": deserialize_keras_object(config["fn"])}
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.fn}, arguments={self._arguments})>"
