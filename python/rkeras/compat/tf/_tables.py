"""The functions that TensorFlow and ``rkeras.ops`` share, but for the names of their parameters."""

from __future__ import annotations

_UNARY = "x"
_BINARY = "x|a:x1 y|b:x2"
_REDUCE = "input_tensor:x axis|reduction_indices keepdims|keep_dims"

# In `tf` and in `tf.math`: the op and its parameters, see `adapted`.
SHARED = {
    **{
        name: f"{name} {_UNARY}"
        for name in (
            "abs", "cos", "cosh", "exp", "floor", "round", "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "tan",
            "tanh", "negative", "logical_not",
        )
    },
    **{
        f"a{name[3:]}": f"{name} {_UNARY}"
        for name in ("arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh")
    },
    **{
        name: f"{name} {_BINARY}"
        for name in (
            "add", "divide", "equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or",
            "maximum", "minimum", "multiply", "not_equal", "subtract",
        )
    },
    "atan2": "arctan2 y:x1 x:x2",
    "pow": f"power {_BINARY}",
    "truediv": f"divide {_BINARY}",
    "reduce_all": f"all {_REDUCE}",
    "reduce_any": f"any {_REDUCE}",
    "reduce_logsumexp": f"logsumexp {_REDUCE}",
    "reduce_max": f"max {_REDUCE}",
    "reduce_mean": f"mean {_REDUCE}",
    "reduce_min": f"min {_REDUCE}",
    "reduce_prod": f"prod {_REDUCE}",
    "reduce_sum": f"sum {_REDUCE}",
}  # fmt: skip

MATH = {
    **{
        name: f"{name} {_UNARY}"
        for name in ("ceil", "erf", "erfinv", "expm1", "log1p", "reciprocal", "rsqrt", "softplus")
    },
    "divide_no_nan": f"divide_no_nan {_BINARY}",
    "floordiv": f"floor_divide {_BINARY}",
    "floormod": f"mod {_BINARY}",
    "is_finite": "isfinite x",
    "is_inf": "isinf x",
    "is_nan": "isnan x",
    "log": "log x",
    "log_sigmoid": "log_sigmoid x",
    "logical_xor": f"logical_xor {_BINARY}",
    "mod": f"mod {_BINARY}",
    "reduce_std": f"std {_REDUCE}",
    "reduce_variance": f"var {_REDUCE}",
    "softsign": "softsign features|x:x",
    "top_k": "top_k input:x k sorted",
}

# In `tf` alone. `log` and the two after it are from before TensorFlow 2.
ROOT = {
    "broadcast_to": "broadcast_to input:x shape",
    "cast": "cast x dtype",
    "ceil": "ceil x",
    "expand_dims": "expand_dims input:x axis|dim:axis",
    "floordiv": f"floor_divide {_BINARY}",
    "identity": "copy input:x",
    "linspace": "linspace start stop num",
    "log": "log x",
    "math_mod": f"mod {_BINARY}",
    "mod": f"mod {_BINARY}",
    "repeat": "repeat input|x:x repeats axis",
    "saturate_cast": "saturate_cast value:x dtype",
    "squeeze": "squeeze input:x axis|squeeze_dims",
    "stack": "stack values:x axis",
    "stop_gradient": "stop_gradient input:variable",
    "tensordot": "tensordot a:x1 b:x2 axes",
    "tile": "tile input:x multiples:repeats",
    "transpose": "transpose a:x perm:axes",
    "unstack": "unstack value:x num axis",
    "zeros_like": "zeros_like input:x dtype",
    "ones_like": "ones_like input:x dtype",
}

NN = {
    **{name: f"{name} features|x:x" for name in ("relu", "relu6", "selu", "softplus", "softsign", "elu")},
    "silu": "silu features|x:x",
    "swish": "silu features|x:x",
    "sigmoid": "sigmoid x",
    "tanh": "tanh x",
    "leaky_relu": "leaky_relu features|x:x alpha:negative_slope",
    "softmax": "softmax logits:x axis|dim:axis",
    "log_softmax": "log_softmax logits:x axis|dim:axis",
    "in_top_k": "in_top_k targets predictions k",
    "top_k": "top_k input:x k sorted",
}
