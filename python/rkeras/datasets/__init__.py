"""Small data sets that many examples begin with, downloaded once and kept in ``~/.keras/datasets``."""

from __future__ import annotations

from rkeras._lazy import lazy

_MODULES = (
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
)

__getattr__, __dir__, __all__ = lazy(__name__, {}, _MODULES)
