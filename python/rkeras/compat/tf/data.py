"""``tf.data``."""

from __future__ import annotations

from rkeras.compat.tf import _dataset
from rkeras.compat.tf._namespace import namespace

AUTOTUNE = -1
INFINITE_CARDINALITY = _dataset.INFINITE
UNKNOWN_CARDINALITY = _dataset.UNKNOWN

Dataset = _dataset.Dataset


class _Experimental:
    AUTOTUNE = AUTOTUNE
    INFINITE_CARDINALITY = INFINITE_CARDINALITY
    UNKNOWN_CARDINALITY = UNKNOWN_CARDINALITY

    def cardinality(self, dataset: _dataset.Dataset) -> int:
        """The number of elements; negative if it is unknown or there is no end."""
        return dataset.cardinality()


experimental = _Experimental()

__getattr__, __dir__, _ = namespace(__name__, "tf.data", {})
