"""Keras' API on a tensor engine of its own.

Names load when they are first used: importing the package costs little more than importing NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rkeras import _engine
from rkeras._lazy import lazy

__version__ = "0.1.0"

_NAMES = {
    "CustomObjectScope": "rkeras.saving",
    "DTypePolicy": "rkeras.dtype_policies",
    "FloatDTypePolicy": "rkeras.dtype_policies",
    "Function": "rkeras.operation",
    "GradientTape": "rkeras.autodiff",
    "Initializer": "rkeras.initializers",
    "Input": "rkeras.layers.core.input_layer",
    "InputSpec": "rkeras.layers.input_spec",
    "KerasTensor": "rkeras.keras_tensor",
    "Layer": "rkeras.layers.layer",
    "Loss": "rkeras.losses",
    "Metric": "rkeras.metrics",
    "Model": "rkeras.models.model",
    "Operation": "rkeras.operation",
    "Optimizer": "rkeras.optimizers",
    "Regularizer": "rkeras.regularizers",
    "Sequential": "rkeras.models.sequential",
    "Variable": "rkeras.variables",
    "function": "rkeras.tracing",
    "grad": "rkeras.autodiff",
    "install_as_keras": "rkeras.compat.redirect",
    "name_scope": "rkeras.naming",
    "value_and_grad": "rkeras.autodiff",
}
_MODULES = (
    "activations",
    "backend",
    "callbacks",
    "compat",
    "config",
    "constraints",
    "datasets",
    "debug",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "profiler",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
    "visualization",
    "wrappers",
)

Tensor = _engine.Tensor


def version() -> str:
    """The version of the package."""
    return __version__


def _getitem(tensor: Any, key: Any) -> Any:
    from rkeras.ops.indexing import get_item

    return get_item(tensor, key)


_engine.set_getitem(_getitem)

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES, _MODULES)

if TYPE_CHECKING:
    from rkeras.autodiff import GradientTape as GradientTape
    from rkeras.autodiff import grad as grad
    from rkeras.autodiff import value_and_grad as value_and_grad
    from rkeras.compat.redirect import install_as_keras as install_as_keras
    from rkeras.dtype_policies import DTypePolicy as DTypePolicy
    from rkeras.keras_tensor import KerasTensor as KerasTensor
    from rkeras.layers.core.input_layer import Input as Input
    from rkeras.layers.input_spec import InputSpec as InputSpec
    from rkeras.layers.layer import Layer as Layer
    from rkeras.models.model import Model as Model
    from rkeras.models.sequential import Sequential as Sequential
    from rkeras.naming import name_scope as name_scope
    from rkeras.operation import Function as Function
    from rkeras.operation import Operation as Operation
    from rkeras.tracing import function as function
    from rkeras.variables import Variable as Variable
