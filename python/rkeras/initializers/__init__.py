"""First values of variables."""

from __future__ import annotations

from typing import Any

from rkeras.initializers.constant import Constant, Identity, Ones, Zeros
from rkeras.initializers.initializer import Initializer
from rkeras.initializers.random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    compute_fans,
)
from rkeras.saving.identifiers import ObjectTable

_CLASSES = [
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform, Ones,
    Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Zeros,
]  # fmt: skip

_OLD_NAMES = {
    "uniform": RandomUniform,
    "normal": RandomNormal,
    "one": Ones,
    "zero": Zeros,
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
}

TABLE = ObjectTable("initializer", _CLASSES, _OLD_NAMES)

constant, identity, ones, zeros, orthogonal = Constant, Identity, Ones, Zeros, Orthogonal
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal
glorot_normal, glorot_uniform, he_normal, he_uniform = GlorotNormal, GlorotUniform, HeNormal, HeUniform
lecun_normal, lecun_uniform, variance_scaling = LecunNormal, LecunUniform, VarianceScaling
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
uniform, normal = RandomUniform, RandomNormal


def get(identifier: Any) -> Any:
    """The initializer that a name, record, class, number array or function stands for.

    Args:
        identifier: any of these, or None.

    Returns:
        An initializer, or None.

    Raises:
        ValueError: it names nothing known.

    Example:
        >>> import rkeras
        >>> rkeras.initializers.get("zeros")
        Zeros()
    """
    return TABLE.get(identifier)


serialize = TABLE.serialize
deserialize = TABLE.deserialize

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer",
    "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer", "RandomNormal",
    "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros", "compute_fans", "constant", "deserialize",
    "get", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal",
    "lecun_uniform", "normal", "ones", "orthogonal", "random_normal", "random_uniform", "serialize",
    "truncated_normal", "uniform", "variance_scaling", "zeros",
]  # fmt: skip
