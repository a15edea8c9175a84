"""The closed table of what a record in a file may name: our own public classes and functions.

A file names a class by its public module and its name. The module must be a key below (never anything that
is imported because a file says so), the class must be defined in this library and descend from the base class
of its family. Everything else is refused, so that no other function of the library can be reached from a
file.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


class _Family(NamedTuple):
    package: str
    """Where the classes are found."""
    base: str
    """Name of the class in that package that they all descend from."""


_FAMILIES = {
    "keras.layers": _Family("rkeras.layers", "Layer"),
    "keras.models": _Family("rkeras.models", "Model"),
    "keras.initializers": _Family("rkeras.initializers", "Initializer"),
    "keras.regularizers": _Family("rkeras.regularizers", "Regularizer"),
    "keras.constraints": _Family("rkeras.constraints", "Constraint"),
    "keras.losses": _Family("rkeras.losses", "Loss"),
    "keras.metrics": _Family("rkeras.metrics", "Metric"),
    "keras.optimizers.schedules": _Family("rkeras.optimizers.schedules", "LearningRateSchedule"),
    "keras.optimizers": _Family("rkeras.optimizers", "Optimizer"),
    "keras.dtype_policies": _Family("rkeras.dtype_policies", "DTypePolicy"),
    "keras.random": _Family("rkeras.random", "SeedGenerator"),
}

# Names that Keras writes with a module other than their family's; the first of a class is the one we write.
_SINGLES = {
    ("keras", "Sequential"): ("keras.models", "Sequential"),
    ("keras", "Model"): ("keras.models", "Model"),
    ("keras.src.models.functional", "Functional"): ("keras.models", "Functional"),
    ("keras.models", "Functional"): ("keras.models", "Functional"),
    # The last versions of Keras 2.
    ("keras.engine.functional", "Functional"): ("keras.models", "Functional"),
    ("keras.src.engine.functional", "Functional"): ("keras.models", "Functional"),
    ("tf_keras.src.engine.functional", "Functional"): ("keras.models", "Functional"),
    ("keras", "DTypePolicy"): ("keras.dtype_policies", "DTypePolicy"),
    ("keras", "FloatDTypePolicy"): ("keras.dtype_policies", "DTypePolicy"),
}

_PREFERRED = {
    "Sequential": ("keras", "Sequential"),
    "Model": ("keras", "Model"),
    "Functional": ("keras.src.models.functional", "Functional"),
    "DTypePolicy": ("keras", "DTypePolicy"),
    "GroupedQueryAttention": ("keras.layers", "GroupQueryAttention"),
}

# A function is written by its bare name; these families are searched for it.
_FUNCTION_PACKAGES = ("rkeras.activations", "rkeras.losses", "rkeras.metrics")


def _family_of(module: str) -> str | None:
    """The public module that ``module`` (public, an alias, or a private path of Keras) stands for."""
    for public in _FAMILIES:
        rest = public.removeprefix("keras.")
        for prefix in (f"keras.{rest}", f"keras.src.{rest}", f"rkeras.{rest}"):
            if module == prefix or module.startswith(prefix + "."):
                return public
    return None


def find_class(module: str | None, name: str) -> type | None:
    """Returns our class of that public name, or None if the table has none.

    Args:
        module: public module as files have it, such as ``keras.layers``.
        name: name of the class.
    """
    place = family_and_name(module, name)
    if place is None:
        return None
    public, name = place
    family = _FAMILIES[public]
    package = import_module(family.package)
    found = getattr(package, name, None)
    if (
        isinstance(found, type)
        and found.__module__.startswith("rkeras.")
        and issubclass(found, getattr(package, family.base))
    ):
        return found
    return None


def family_and_name(module: Any, name: Any) -> tuple[str, str] | None:
    """The family's public module and the class's name for what a record says; None for other modules.

    Example:
        >>> family_and_name("keras", "Sequential"), family_and_name("keras.src.layers.core.dense", "Dense")
        (('keras.models', 'Sequential'), ('keras.layers', 'Dense'))
    """
    if not isinstance(name, str) or not isinstance(module, str) or name.startswith("_"):
        return None
    module, name = _SINGLES.get((module, name), (module, name))
    public = _family_of(module)
    return None if public is None else (public, name)


def public_name(cls: type) -> tuple[str, str] | None:
    """Returns module and name that files give to our class ``cls``; None for anybody else's."""
    if not cls.__module__.startswith("rkeras."):
        return None
    public = _family_of(cls.__module__)
    if public is None or find_class(public, cls.__name__) is not cls:
        return None
    return _PREFERRED.get(cls.__name__, (public, cls.__name__))


def find_function(name: str) -> Any:
    """Returns our activation, loss or metric function of that name, or None."""
    for package in _FUNCTION_PACKAGES:
        found = import_module(package).TABLE.function(name)
        if found is not None:
            return found
    return None
