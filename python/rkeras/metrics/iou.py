"""Overlap of predicted with true regions: intersection over union, from a confusion matrix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from rkeras import config, ops
from rkeras.build_budget import charge
from rkeras.metrics.metric import Metric


class IoU(Metric):
    """The mean over some classes of tp / (tp + fp + fn).

    Args:
        num_classes: how many classes there are; other numbers do not count.
        target_class_ids: the classes whose mean is taken.
        name: of the metric.
        dtype: of the confusion matrix; int32 by default.
        ignore_class: labels of this class do not count.
        sparse_y_true: whether labels are class numbers, not scores of classes.
        sparse_y_pred: whether predictions are class numbers, not scores of classes.
        axis: the axis of the scores.

    Raises:
        ValueError: a target is not below ``num_classes``.

    Example:
        >>> m = IoU(num_classes=2, target_class_ids=[0])
        >>> m.update_state([0, 0, 1, 1], [0, 1, 0, 1])
        >>> round(float(m.result()), 4)
        0.3333
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype="int32" if dtype in (None, "int") else dtype)
        charge(64 * len(target_class_ids), f"{len(target_class_ids):,} classes")
        wrong = [i for i in target_class_ids if not 0 <= i < num_classes]
        if wrong:
            raise ValueError(f"{type(self).__name__}: targets {wrong} are no classes of {num_classes}")
        self.num_classes, self.target_class_ids = num_classes, list(target_class_ids)
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_variable((num_classes, num_classes), "zeros", name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: class numbers or scores, see ``sparse_y_true``.
            y_pred: class numbers or scores, see ``sparse_y_pred``.
            sample_weight: weights of the labels' shape, or a scalar.
        """
        true = self._classes(y_true, self.sparse_y_true)
        predicted = self._classes(y_pred, self.sparse_y_pred)
        weight = self._weight(sample_weight, true.shape)
        n = self.num_classes
        counts = ops.logical_and(self._in_range(true), self._in_range(predicted))
        if self.ignore_class is not None:
            counts = ops.logical_and(counts, ops.not_equal(true, self.ignore_class))
        cell = ops.where(counts, true * n + predicted, 0)
        weight = ops.where(counts, weight, ops.zeros_like(weight))
        found = ops.reshape(ops.scatter(ops.expand_dims(cell, -1), weight, (n * n,)), (n, n))
        self.total_cm.assign(self.total_cm + found)

    def _classes(self, values: Any, sparse: bool) -> Any:
        values = ops.convert_to_tensor(values)
        if not sparse:
            values = ops.argmax(values, axis=self.axis)
        return ops.reshape(ops.cast(values, "int64"), (-1,))

    def _in_range(self, classes: Any) -> Any:
        return ops.logical_and(classes >= 0, classes < self.num_classes)

    def _weight(self, sample_weight: Any, shape: Any) -> Any:
        if sample_weight is None:
            return ops.ones(shape, self.dtype)
        weight = ops.convert_to_tensor(sample_weight)
        if "float" in weight.dtype and "int" in self.dtype:
            warnings.warn(
                f"{type(self).__name__} has dtype {self.dtype}, to which the float sample weights are cut. "
                "Give it dtype='float32'.",
                stacklevel=3,
            )
        weight = ops.cast(weight, self.dtype)
        return ops.broadcast_to(ops.reshape(weight, (-1,)) if len(weight.shape) > 1 else weight, shape)

    def result(self) -> Any:
        """The mean over the target classes that were met so far."""
        matrix = ops.cast(self.total_cm.value, config.floatx())
        hits = ops.diagonal(matrix)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - hits
        hits, either = (ops.take(x, self.target_class_ids, axis=0) for x in (hits, either))
        met = ops.cast(either > 1e-9, matrix.dtype)
        share = met * hits / (either + config.epsilon())
        return ops.sum(share) / (ops.sum(met) + config.epsilon())

    _ARGUMENTS: tuple[str, ...] = (
        "num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis",
    )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), **{name: getattr(self, name) for name in self._ARGUMENTS}}


class BinaryIoU(IoU):
    """Intersection over union of two classes, told apart by a threshold.

    Args:
        target_class_ids: 0, 1, or both.
        threshold: predictions from here on are class 1.
        name: of the metric.
        dtype: of the confusion matrix.

    Example:
        >>> m = BinaryIoU(threshold=0.3)
        >>> m.update_state([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
        >>> round(float(m.result()), 4)
        0.3333
    """

    _ARGUMENTS: tuple[str, ...] = ("target_class_ids", "threshold")

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch of labels 0 and 1 and of predictions."""
        super().update_state(y_true, ops.convert_to_tensor(y_pred) >= self.threshold, sample_weight)


class MeanIoU(IoU):
    """The mean over all classes of intersection over union.

    Args:
        num_classes: how many classes there are.
        name: of the metric.
        dtype: of the confusion matrix.
        ignore_class: labels of this class do not count.
        sparse_y_true: whether labels are class numbers.
        sparse_y_pred: whether predictions are class numbers.
        axis: the axis of scores.

    Example:
        >>> m = MeanIoU(num_classes=2)
        >>> m.update_state([0, 0, 1, 1], [0, 1, 0, 1])
        >>> round(float(m.result()), 4)
        0.3333
    """

    _ARGUMENTS: tuple[str, ...] = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        targets = range(num_classes)
        super().__init__(num_classes, targets, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """Intersection over union with one-hot labels.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes whose mean is taken.
        name: of the metric.
        dtype: of the confusion matrix.
        ignore_class: labels of this class do not count.
        sparse_y_pred: whether predictions are class numbers.
        axis: the axis of classes.

    Example:
        >>> m = OneHotIoU(num_classes=2, target_class_ids=[1])
        >>> m.update_state([[0, 1], [1, 0]], [[0.2, 0.8], [0.9, 0.1]])
        >>> round(float(m.result()), 4)
        1.0
    """

    _ARGUMENTS: tuple[str, ...] = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """The mean over all classes of intersection over union, with one-hot labels.

    Args:
        num_classes: how many classes there are.
        name: of the metric.
        dtype: of the confusion matrix.
        ignore_class: labels of this class do not count.
        sparse_y_pred: whether predictions are class numbers.
        axis: the axis of classes.

    Example:
        >>> m = OneHotMeanIoU(num_classes=2)
        >>> m.update_state([[0, 1], [1, 0]], [[0.2, 0.8], [0.9, 0.1]])
        >>> round(float(m.result()), 4)
        1.0
    """

    _ARGUMENTS: tuple[str, ...] = ("num_classes", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)


CLASSES = [IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU]
