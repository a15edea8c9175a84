"""``import tensorflow as tf``: the names that Keras scripts use, over ``rkeras.ops``.

Tensors are rkeras' own, and so are variables, models and layers. A name that is missing says so.
"""

from __future__ import annotations

from rkeras.compat.adapt import adapted
from rkeras.compat.tf import dtypes as _dtypes
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

# The names in each module.
_BY_MODULE = {
    f"{_HERE}._creation": "constant convert_to_tensor eye fill one_hot ones range zeros",
    f"{_HERE}._structure": """
        argmax argmin argsort boolean_mask clip_by_value concat cumsum gather gather_nd meshgrid pad reshape
        reverse scatter_nd slice sort split tensor_scatter_nd_update where
    """,
    f"{_HERE}._control": """
        cond control_dependencies device executing_eagerly foldl foldr function get_logger group init_scope
        map_fn no_op numpy_function print py_function scan vectorized_map while_loop
    """,
    f"{_HERE}.linalg": "clip_by_global_norm clip_by_norm einsum matmul norm",
    f"{_HERE}.math": "add_n squared_difference",
    f"{_HERE}._shapes": "TensorShape TensorSpec rank shape size",
    f"{_HERE}._variables": "Module Variable",
    "rkeras.autodiff": "GradientTape",
    f"{_HERE}._misc": "RaggedTensor SparseTensor UnconnectedGradients keras test version",
    "rkeras._engine": "Tensor",
    "rkeras.ops": "custom_gradient is_tensor",
    "rkeras.naming": "name_scope",
}
_NAMES = {
    **{name: module for module, names in _BY_MODULE.items() for name in names.split()},
    **{f"{name}_initializer": f"rkeras.initializers:{cls}" for name, cls in _INITIALIZERS.items()},
    **{name: f"rkeras:{name}" for name in ("initializers", "losses", "metrics", "optimizers")},
    "nest": "rkeras:tree",
}
_MODULES = ("compat", "config", "data", "debugging", "dtypes", "linalg", "math", "nn", "random")

for _name in (*_dtypes.NAMES, "half", "double", "DType", "as_dtype"):
    globals()[_name] = getattr(_dtypes, _name)
for _name, _row in {**SHARED, **ROOT}.items():
    globals()[_name] = adapted(f"tf.{_name}", _row)

__getattr__, __dir__, __all__ = namespace(__name__, "tf", _NAMES, _MODULES)
