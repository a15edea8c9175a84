"""Metrics of right and wrong decisions: counts, precision, recall, and one rate at a given value of another."""

from __future__ import annotations

import inspect
from typing import Any

from rkeras import ops
from rkeras.metrics.confusion import NEVER_REACHED, checked_thresholds, count_outcomes, even_thresholds
from rkeras.metrics.metric import Metric

_NAMES = {"tp": "true_positives", "fp": "false_positives", "tn": "true_negatives", "fn": "false_negatives"}


class Outcomes(Metric):
    """Keeps some of the four counts at thresholds.

    A subclass says which in ``_kept``; only these become state.
    """

    _kept: tuple[str, ...] = ("tp", "fp", "tn", "fn")
    thresholds: list[float]
    class_id: int | None = None
    top_k: int | None = None

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        for kind in self._kept:
            setattr(self, _NAMES[kind], self.add_variable(shape, "zeros", name=_NAMES[kind]))

    def _add_outcomes(self, y_true: Any, y_pred: Any, **options: Any) -> None:
        found = count_outcomes(y_true, y_pred, self.thresholds, self.dtype, **options)
        for kind in self._kept:
            variable = getattr(self, _NAMES[kind])
            variable.assign(variable + found[kind])

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: labels, true where not 0.
            y_pred: predictions of the same shape.
            sample_weight: weights of samples or of single predictions.

        Raises:
            ValueError: the shapes do not fit together.
        """
        options = {"top_k": self.top_k, "class_id": self.class_id}
        self._add_outcomes(y_true, y_pred, sample_weight=sample_weight, **options)

    def _share(self, part: str, rest: str) -> Any:
        """part / (part + rest), 0 where there is neither."""
        counted, others = getattr(self, _NAMES[part]).value, getattr(self, _NAMES[rest]).value
        return ops.divide_no_nan(counted, counted + others)


class _AtThresholds(Outcomes):
    """Outcomes at thresholds that the user gives; one threshold gives a scalar."""

    def __init__(self, thresholds: Any, name: str | None, dtype: Any, default: float = 0.5) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = checked_thresholds(thresholds, default)
        self._add_counts((len(self.thresholds),))

    def _per_threshold(self, values: Any) -> Any:
        return values[0] if len(self.thresholds) == 1 else values

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


_COUNT_DOC = """The (weighted) number of {what}.

Args:
    thresholds: a number or several in [0, 1]; predictions above count as positive. 0.5 by default.
    name: of the metric.
    dtype: of the state.

Raises:
    ValueError: a threshold is not in [0, 1].

Example:
    >>> import rkeras
    >>> m = rkeras.metrics.{name}()
    >>> m.update_state([0, 1, 1, 0], [0.9, 0.8, 0.3, 0.2])
    >>> float(m.result())
    1.0
"""


def _declare_count(name: str, kind: str) -> type[_AtThresholds]:
    variable = _NAMES[kind]

    def __init__(self: _AtThresholds, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        _AtThresholds.__init__(self, thresholds, name, dtype)

    def result(self: _AtThresholds) -> Any:
        """The count so far: a scalar, or one for each threshold."""
        return self._per_threshold(getattr(self, variable).value)

    body = {
        "__init__": __init__,
        "result": result,
        "__doc__": _COUNT_DOC.format(what=variable.replace("_", " "), name=name),
        "__module__": __name__,
        "_kept": (kind,),
    }
    return type(name, (_AtThresholds,), body)


TruePositives = _declare_count("TruePositives", "tp")
FalsePositives = _declare_count("FalsePositives", "fp")
TrueNegatives = _declare_count("TrueNegatives", "tn")
FalseNegatives = _declare_count("FalseNegatives", "fn")

_RATE_DOC = """{summary}

Args:
    thresholds: a number or several in [0, 1]; predictions above count as positive. 0.5 by default.
    top_k: only the k largest predictions of each sample may be positive; then without a threshold by default.
    class_id: only this class counts.
    name: of the metric.
    dtype: of the state.

Raises:
    ValueError: a threshold is not in [0, 1].

Example:
    >>> import rkeras
    >>> m = rkeras.metrics.{name}()
    >>> m.update_state([0, 1, 1, 0], [0.9, 0.8, 0.3, 0.2])
    >>> float(m.result())
    0.5
"""


def _declare_rate(name: str, rest: str, summary: str) -> type[_AtThresholds]:
    def __init__(
        self: _AtThresholds,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        _AtThresholds.__init__(self, thresholds, name, dtype, 0.5 if top_k is None else NEVER_REACHED)
        self.top_k, self.class_id = top_k, class_id

    def result(self: _AtThresholds) -> Any:
        """The share so far: a scalar, or one for each threshold."""
        return self._per_threshold(self._share("tp", rest))

    def get_config(self: _AtThresholds) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**_AtThresholds.get_config(self), "top_k": self.top_k, "class_id": self.class_id}

    body = {
        "__init__": __init__,
        "result": result,
        "get_config": get_config,
        "__doc__": _RATE_DOC.format(summary=summary, name=name),
        "__module__": __name__,
        "_direction": "up",
        "_kept": ("tp", rest),
    }
    return type(name, (_AtThresholds,), body)


Precision = _declare_rate("Precision", "fp", "The share of positive predictions whose label is true.")
Recall = _declare_rate("Recall", "fn", "The share of true labels that are predicted as positive.")

# What each rate is, as (counted, rest): the share is counted / (counted + rest).
_RATES = {"sensitivity": ("tp", "fn"), "specificity": ("tn", "fp"), "precision": ("tp", "fp"), "recall": ("tp", "fn")}

_AT_DOC = """The best {best} at a threshold where the {given} is at least the given one.

Args:
    {given}: the least {given}, in [0, 1].
    num_thresholds: how many thresholds between 0 and 1 are tried.
    class_id: only this class counts.
    name: of the metric.
    dtype: of the state.

Raises:
    ValueError: ``{given}`` is not in [0, 1], or there is no threshold.

Example:
    >>> import rkeras
    >>> m = rkeras.metrics.{name}(0.5)
    >>> m.update_state([0, 1], [0.2, 0.9])
    >>> float(m.result())
    1.0
"""


def _declare_at(name: str, best: str, given: str) -> type[Outcomes]:
    K = inspect.Parameter.POSITIONAL_OR_KEYWORD
    defaults = {"num_thresholds": 200, "class_id": None, "name": None, "dtype": None}
    signature = inspect.Signature(
        [inspect.Parameter("self", K), inspect.Parameter(given, K)]
        + [inspect.Parameter(n, K, default=value) for n, value in defaults.items()]
    )

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        least, count = bound.arguments[given], bound.arguments["num_thresholds"]
        if not 0 <= least <= 1:
            raise ValueError(f"{name}: {given} must be in [0, 1], got {least}")
        if count <= 0:
            raise ValueError(f"{name}: num_thresholds must be at least 1, got {count}")
        Outcomes.__init__(self, name=bound.arguments["name"], dtype=bound.arguments["dtype"])
        setattr(self, given, least)
        self.num_thresholds, self.class_id = count, bound.arguments["class_id"]
        self.thresholds = even_thresholds(count)
        self._add_counts((count,))

    def result(self: Any) -> Any:
        """The best value so far; 0 if no threshold reaches what is asked for."""
        reached = self._share(*_RATES[given]) >= getattr(self, given)
        return ops.max(ops.where(reached, self._share(*_RATES[best]), 0.0))

    def get_config(self: Any) -> dict[str, Any]:
        """The arguments to make it again."""
        own = {"num_thresholds": self.num_thresholds, "class_id": self.class_id, given: getattr(self, given)}
        return {**Outcomes.get_config(self), **own}

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    body = {
        "__init__": __init__,
        "result": result,
        "get_config": get_config,
        "__doc__": _AT_DOC.format(best=best, given=given, name=name),
        "__module__": __name__,
        "_direction": "up",
    }
    return type(name, (Outcomes,), body)


SensitivityAtSpecificity = _declare_at("SensitivityAtSpecificity", "sensitivity", "specificity")
SpecificityAtSensitivity = _declare_at("SpecificityAtSensitivity", "specificity", "sensitivity")
PrecisionAtRecall = _declare_at("PrecisionAtRecall", "precision", "recall")
RecallAtPrecision = _declare_at("RecallAtPrecision", "recall", "precision")

CLASSES = [
    TruePositives, FalsePositives, TrueNegatives, FalseNegatives, Precision, Recall, SensitivityAtSpecificity,
    SpecificityAtSensitivity, PrecisionAtRecall, RecallAtPrecision,
]  # fmt: skip
