"""``tf.data``."""

from __future__ import annotations

from types import SimpleNamespace

from rkeras.compat.tf._datasets.core import INFINITE, UNKNOWN
from rkeras.compat.tf._datasets.dataset import Dataset
from rkeras.compat.tf._namespace import namespace

AUTOTUNE = -1
INFINITE_CARDINALITY = INFINITE
UNKNOWN_CARDINALITY = UNKNOWN


class Options(SimpleNamespace):
    """Settings of TensorFlow's pipelines, which can be set and have no meaning."""

    def __init__(self) -> None:
        groups = ("autotune", "experimental_distribute", "experimental_optimization", "threading")
        super().__init__(**{name: SimpleNamespace() for name in groups})


class _Experimental:
    AUTOTUNE = AUTOTUNE
    INFINITE_CARDINALITY = INFINITE_CARDINALITY
    UNKNOWN_CARDINALITY = UNKNOWN_CARDINALITY
    AutoShardPolicy = SimpleNamespace(AUTO=0, DATA=2, FILE=1, HINT=3, OFF=-1)

    def cardinality(self, dataset: Dataset) -> int:
        """The number of elements; negative if it is unknown or there is no end."""
        return dataset.cardinality()


experimental = _Experimental()

__getattr__, __dir__, _ = namespace(__name__, "tf.data", {})

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "Options", "experimental"]
