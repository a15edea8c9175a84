"""Metrics that are the mean of a function, each declared in a line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rkeras import ops
from rkeras.losses import functions as f
from rkeras.metrics import accuracy_functions as a
from rkeras.metrics import regression as r
from rkeras.metrics.reduction import Mean, MeanMetricWrapper

_DOC = """{summary} Averaged over samples.

Args:
    {arguments}name: of the metric.
    dtype: of the state.

Example:
    >>> import rkeras
    >>> rkeras.metrics.{name}().name
    {label!r}
"""


def _declare(
    name: str, fn: Callable[..., Any], label: str | None = None, direction: str = "down", leave_out: str = ""
) -> type[MeanMetricWrapper]:
    """A class whose constructor takes the function's own arguments (but the one left out), name and dtype."""
    own = [p for p in inspect.signature(fn).parameters.values() if p.name not in ("y_true", "y_pred", leave_out)]
    shown = label or fn.__name__
    K = inspect.Parameter.POSITIONAL_OR_KEYWORD
    head = [p for p in own if p.name == "k"]
    tail = [p for p in own if p.name != "k"]
    signature = inspect.Signature(
        [inspect.Parameter("self", K), *(p.replace(kind=K) for p in head)]
        + [inspect.Parameter("name", K, default=shown), inspect.Parameter("dtype", K, default=None)]
        + [p.replace(kind=K) for p in tail]
    )
    names = [p.name for p in own]

    def __init__(self: MeanMetricWrapper, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        given.pop("self")
        arguments = {n: given.pop(n) for n in names}
        MeanMetricWrapper.__init__(self, fn, **given, **arguments)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    summary = (fn.__doc__ or "").split("\n", 1)[0]
    arguments = "".join(f"{n}: see :func:`{fn.__name__}`.\n    " for n in names)
    body = {
        "__init__": __init__,
        "__doc__": _DOC.format(summary=summary, name=name, label=shown, arguments=arguments),
        "__module__": __name__,
        "_direction": direction,
    }
    return type(name, (MeanMetricWrapper,), body)


Accuracy = _declare("Accuracy", a.accuracy, direction="up")
BinaryAccuracy = _declare("BinaryAccuracy", a.binary_accuracy, direction="up")
CategoricalAccuracy = _declare("CategoricalAccuracy", a.categorical_accuracy, direction="up")
SparseCategoricalAccuracy = _declare("SparseCategoricalAccuracy", a.sparse_categorical_accuracy, direction="up")
TopKCategoricalAccuracy = _declare("TopKCategoricalAccuracy", a.top_k_categorical_accuracy, direction="up")
SparseTopKCategoricalAccuracy = _declare(
    "SparseTopKCategoricalAccuracy", a.sparse_top_k_categorical_accuracy, direction="up"
)
MeanSquaredError = _declare("MeanSquaredError", f.mean_squared_error)
MeanAbsoluteError = _declare("MeanAbsoluteError", f.mean_absolute_error)
MeanAbsolutePercentageError = _declare("MeanAbsolutePercentageError", f.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _declare("MeanSquaredLogarithmicError", f.mean_squared_logarithmic_error)
LogCoshError = _declare("LogCoshError", f.log_cosh, "logcosh")
Hinge = _declare("Hinge", f.hinge)
SquaredHinge = _declare("SquaredHinge", f.squared_hinge)
CategoricalHinge = _declare("CategoricalHinge", f.categorical_hinge)
KLDivergence = _declare("KLDivergence", f.kl_divergence)
Poisson = _declare("Poisson", f.poisson)
CosineSimilarity = _declare("CosineSimilarity", f.cosine_similarity, direction="up")
PearsonCorrelation = _declare("PearsonCorrelation", r.pearson_correlation, direction="up")
ConcordanceCorrelation = _declare("ConcordanceCorrelation", r.concordance_correlation, direction="up")
BinaryCrossentropy = _declare("BinaryCrossentropy", f.binary_crossentropy, leave_out="axis")
CategoricalCrossentropy = _declare("CategoricalCrossentropy", f.categorical_crossentropy)
SparseCategoricalCrossentropy = _declare("SparseCategoricalCrossentropy", f.sparse_categorical_crossentropy)


class RootMeanSquaredError(Mean):
    """The square root of the mean squared error.

    Args:
        name: of the metric.
        dtype: of the state.

    Example:
        >>> m = RootMeanSquaredError()
        >>> m.update_state([[0.0]], [[2.0]])
        >>> float(m.result())
        2.0
    """

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Adds a batch."""
        super().update_state(f.mean_squared_error(y_true, y_pred), sample_weight)

    def result(self) -> Any:
        """The root so far."""
        return ops.sqrt(super().result())


CLASSES = [
    Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy, MeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError, LogCoshError, Hinge, SquaredHinge, CategoricalHinge, KLDivergence, Poisson,
    CosineSimilarity, BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy, RootMeanSquaredError,
    PearsonCorrelation, ConcordanceCorrelation,
]  # fmt: skip
