"""Conditions that weights fulfil after each update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rkeras.constraints.constraint import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from rkeras.saving.identifiers import ObjectTable

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

TABLE = ObjectTable(
    "constraint",
    (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm),
    {"maxnorm": MaxNorm, "nonneg": NonNeg, "unitnorm": UnitNorm},
)


def get(identifier: Any) -> Any:
    """Returns a constraint from a name, record, class or callable; None for None.

    Example:
        >>> get("max_norm").max_value
        2
    """
    return TABLE.get(identifier)


def serialize(constraint: Any) -> Any:
    """Returns the record of a constraint."""
    return TABLE.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Returns the constraint of a record."""
    return TABLE.deserialize(config, custom_objects)
