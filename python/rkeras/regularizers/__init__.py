"""Penalties on weights, biases and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rkeras.regularizers.norms import L1, L1L2, L2
from rkeras.regularizers.orthogonal import OrthogonalRegularizer
from rkeras.regularizers.regularizer import Regularizer
from rkeras.saving.identifiers import ObjectTable

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

TABLE = ObjectTable(
    "regularizer", (Regularizer, L1, L2, L1L2, OrthogonalRegularizer), {"l1_l2": L1L2, "l1l2": L1L2}
)


def get(identifier: Any) -> Any:
    """Returns a regularizer from a name, record, class or callable; None for None.

    Example:
        >>> get("l2").l2
        0.01
    """
    return TABLE.get(identifier)


def serialize(regularizer: Any) -> Any:
    """Returns the record of a regularizer."""
    return TABLE.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Returns the regularizer of a record."""
    return TABLE.deserialize(config, custom_objects)
