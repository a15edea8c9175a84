"""Dtype policies: in which dtype a layer keeps its weights and in which it computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine

_FLOATS = frozenset(("float64", "float32", "float16", "bfloat16"))
_DTYPES = _FLOATS | {
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
}
_ALIASES = {"half": "float16", "float": "float32", "double": "float64", "int": "int32", "long": "int64"}


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype given as name, NumPy dtype or Python type; the default float for ``None``.

    Raises:
        ValueError: if it is no dtype that tensors have.

    Example:
        >>> standardize_dtype(np.float64)
        'float64'
    """
    if dtype is None:
        return _engine.floatx()
    if isinstance(dtype, str):
        if dtype in _DTYPES:
            return dtype
        name = _ALIASES.get(dtype, dtype)
    elif dtype is float:
        return _engine.floatx()
    elif dtype is int:
        return "int32"
    elif dtype is bool:
        return "bool"
    else:
        name = getattr(dtype, "name", None) or _numpy_name(dtype)
    if name == "string" or name not in _DTYPES:
        raise ValueError(f"invalid dtype {dtype!r}; expected one of {', '.join(sorted(_DTYPES))}")
    return str(name)


def _numpy_name(dtype: Any) -> str:
    try:
        return str(np.dtype(dtype).name)
    except TypeError:
        return str(dtype)


def is_float_dtype(dtype: Any) -> bool:
    """Whether numbers of this dtype have a fraction."""
    return (dtype if isinstance(dtype, str) else standardize_dtype(dtype)) in _FLOATS


class DTypePolicy:
    """The dtypes of a layer.

    Args:
        name: a dtype, such as ``"float32"``, or ``"mixed_float16"`` / ``"mixed_bfloat16"`` (16-bit
            computations on float32 weights). The default is the global policy.

    Example:
        >>> policy = DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    quantization_mode: None = None

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = dtype_policy().name
        if not isinstance(name, str):
            raise TypeError(f"a policy's name must be a string, got {name!r} (of type {type(name).__name__})")
        self._name = name
        if name in ("mixed_float16", "mixed_bfloat16"):
            self._compute_dtype, self._variable_dtype = name.removeprefix("mixed_"), "float32"
        else:
            self._compute_dtype = self._variable_dtype = standardize_dtype(name)

    @property
    def name(self) -> str:
        """The name it was made from."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """Inputs and weights are cast to it before computing."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype weights are kept in."""
        return self._variable_dtype

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Makes a policy from ``get_config``."""
        return cls(**config)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)


FloatDTypePolicy = DTypePolicy

_global_policy: DTypePolicy | None = None


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are made without one."""
    if _global_policy is not None:
        return _global_policy
    return DTypePolicy(_engine.floatx())


def set_dtype_policy(policy: Any) -> None:
    """Sets the policy of layers that are made from now on without one.

    Args:
        policy: a policy, its name, or ``None`` for the default float again.
    """
    global _global_policy
    _global_policy = None if policy is None else get(policy)


def get(identifier: Any) -> DTypePolicy:
    """A policy from a policy, a name, a dtype or a config; the global one for ``None``."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The policy as the dict that model files hold."""
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": dtype_policy.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> DTypePolicy:
    """The inverse of ``serialize``; also reads the ``Policy`` dicts of older files."""
    del custom_objects
    name = config.get("config", config).get("name")
    if not isinstance(name, str):
        raise ValueError(f"not a dtype policy: {config!r}")
    return DTypePolicy(name)
