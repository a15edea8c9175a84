"""The losses as classes, each declared by its function and the function's own arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rkeras.losses import functions as f
from rkeras.losses.loss import Loss, LossFunctionWrapper

_DOC = """{summary}

Args:
    {arguments}reduction: ``sum_over_batch_size`` (the mean over samples), ``sum``,
        ``mean_with_sample_weight`` or ``none``.
    name: made of the class' name by default.
    dtype: dtype of the computation.

Example:
    >>> import rkeras
    >>> rkeras.losses.{name}().reduction
    'sum_over_batch_size'
"""


def _declare(
    name: str, fn: Callable[..., Any], loss_name: str | None = None, only: tuple[str, ...] | None = None
) -> type[LossFunctionWrapper]:
    """A class whose constructor takes the function's arguments (or only some), then reduction, name and dtype."""
    parameters = inspect.signature(fn).parameters
    own = [parameters[p] for p in only or parameters if p not in ("y_true", "y_pred")]
    default = loss_name or getattr(fn, "__name__", name)
    K = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [inspect.Parameter("self", K)]
        + [p.replace(kind=K) for p in own if p.name != "axis"]
        + [p.replace(kind=K) for p in own if p.name == "axis"]
        + [
            inspect.Parameter("reduction", K, default="sum_over_batch_size"),
            inspect.Parameter("name", K, default=default),
            inspect.Parameter("dtype", K, default=None),
        ]
    )
    names = [p.name for p in own]

    def __init__(self: LossFunctionWrapper, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        given.pop("self")
        arguments = {n: given.pop(n) for n in names}
        LossFunctionWrapper.__init__(self, fn, **given, **arguments)
        for n, value in arguments.items():
            setattr(self, n, value)

    def get_config(self: LossFunctionWrapper) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**Loss.get_config(self), **self._arguments}

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    summary = (fn.__doc__ or "").split("\n", 1)[0]
    arguments = "".join(f"{n}: see :func:`{fn.__name__}`.\n    " for n in names)
    body = {
        "__init__": __init__,
        "get_config": get_config,
        "__doc__": _DOC.format(summary=summary, name=name, arguments=arguments),
        "__module__": __name__,
    }
    return type(name, (LossFunctionWrapper,), body)


MeanSquaredError = _declare("MeanSquaredError", f.mean_squared_error)
MeanAbsoluteError = _declare("MeanAbsoluteError", f.mean_absolute_error)
MeanAbsolutePercentageError = _declare("MeanAbsolutePercentageError", f.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _declare("MeanSquaredLogarithmicError", f.mean_squared_logarithmic_error)
Huber = _declare("Huber", f.huber, "huber_loss")
LogCosh = _declare("LogCosh", f.log_cosh)
Hinge = _declare("Hinge", f.hinge)
SquaredHinge = _declare("SquaredHinge", f.squared_hinge)
CategoricalHinge = _declare("CategoricalHinge", f.categorical_hinge)
KLDivergence = _declare("KLDivergence", f.kl_divergence)
Poisson = _declare("Poisson", f.poisson)
CosineSimilarity = _declare("CosineSimilarity", f.negative_cosine_similarity, "cosine_similarity")
BinaryCrossentropy = _declare("BinaryCrossentropy", f.binary_crossentropy)
CategoricalCrossentropy = _declare("CategoricalCrossentropy", f.categorical_crossentropy)
SparseCategoricalCrossentropy = _declare("SparseCategoricalCrossentropy", f.sparse_categorical_crossentropy)
BinaryFocalCrossentropy = _declare("BinaryFocalCrossentropy", f.binary_focal_crossentropy)
CategoricalFocalCrossentropy = _declare("CategoricalFocalCrossentropy", f.categorical_focal_crossentropy)
Dice = _declare("Dice", f.dice)
Tversky = _declare("Tversky", f.tversky)
CTC = _declare("CTC", f.ctc)
Circle = _declare("Circle", f.circle, only=("gamma", "margin", "remove_diagonal"))
CategoricalGeneralizedCrossEntropy = _declare(
    "CategoricalGeneralizedCrossEntropy", f.categorical_generalized_cross_entropy
)

CLASSES = [
    CTC, CategoricalGeneralizedCrossEntropy, Circle, MeanSquaredError, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredLogarithmicError, Huber, LogCosh, Hinge, SquaredHinge, CategoricalHinge,
    KLDivergence, Poisson, CosineSimilarity, BinaryCrossentropy, CategoricalCrossentropy,
    SparseCategoricalCrossentropy, BinaryFocalCrossentropy, CategoricalFocalCrossentropy, Dice, Tversky,
]  # fmt: skip
