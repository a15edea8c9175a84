"""``import tensorflow as tf``: the names that Keras scripts use, over ``rkeras.ops``.

Tensors are rkeras' own, and so are variables, models and layers. A name that is missing says so.
"""

from __future__ import annotations

from rkeras.compat.tf import dtypes as _dtypes
from rkeras.compat.adapt import adapted
from rkeras.compat.tf._namespace import namespace
from rkeras.compat.tf._tables import ROOT, SHARED

# Scripts compare it: this TensorFlow has Keras 3, as rkeras is like.
__version__ = "2.16.0"

newaxis = None

_HERE = "rkeras.compat.tf"
_INITIALIZERS = {
    "constant": "Constant",
    "ones": "Ones",
    "random_normal": "RandomNormal",
    "random_uniform": "RandomUniform",
    "zeros": "Zeros",
}

_NAMES = {
    **{
        name: f"{_HERE}._creation"
        for name in ("constant", "convert_to_tensor", "eye", "fill", "one_hot", "ones", "range", "zeros")
    },
    **{
        name: f"{_HERE}._structure"
        for name in (
            "argmax", "argmin", "argsort", "boolean_mask", "clip_by_value", "concat", "cumsum", "gather", "gather_nd",
            "meshgrid", "pad", "reshape", "reverse", "scatter_nd", "slice", "sort", "split",
            "tensor_scatter_nd_update", "where",
        )
    },
    **{
        name: f"{_HERE}._control"
        for name in (
            "cond", "control_dependencies", "device", "executing_eagerly", "foldl", "foldr", "function", "get_logger",
            "group", "init_scope", "map_fn", "no_op", "numpy_function", "print", "py_function", "scan",
            "vectorized_map", "while_loop",
        )
    },
    **{name: f"{_HERE}.linalg" for name in ("clip_by_global_norm", "clip_by_norm", "einsum", "matmul", "norm")},
    **{name: f"{_HERE}.math" for name in ("add_n",)},
    **{name: f"{_HERE}._shapes" for name in ("TensorShape", "TensorSpec", "rank", "shape", "size")},
    **{name: f"{_HERE}._variables" for name in ("Module", "Variable")},
    **{f"{name}_initializer": f"rkeras.initializers:{cls}" for name, cls in _INITIALIZERS.items()},
    "GradientTape": "rkeras.autodiff",
    "RaggedTensor": f"{_HERE}._misc",
    "SparseTensor": f"{_HERE}._misc",
    "Tensor": "rkeras._engine",
    "UnconnectedGradients": f"{_HERE}._misc",
    "initializers": "rkeras:initializers",
    "is_tensor": "rkeras.ops",
    "keras": f"{_HERE}._misc",
    "name_scope": "rkeras.naming",
    "nest": "rkeras:tree",
    "version": f"{_HERE}._misc",
}  # fmt: skip
_MODULES = ("compat", "config", "data", "debugging", "dtypes", "linalg", "math", "nn", "random")

for _name in (*_dtypes.NAMES, "half", "double", "DType", "as_dtype"):
    globals()[_name] = getattr(_dtypes, _name)
for _name, _row in {**SHARED, **ROOT}.items():
    globals()[_name] = adapted(f"tf.{_name}", _row)

__getattr__, __dir__, __all__ = namespace(__name__, "tf", _NAMES, _MODULES)
