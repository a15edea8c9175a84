"""The functions that are ops of today, but for their names, parameters and defaults."""

from __future__ import annotations

from rkeras.compat.adapt import adapted

_BINARY = "x:x1 y:x2"
_REDUCE = "x axis keepdims"
_WINDOW = "strides padding data_format dilation_rate"

ROWS = {
    **{
        name: f"{name} x"
        for name in ("abs", "cos", "dtype", "exp", "log", "ndim", "sigmoid", "sign", "sin", "softplus", "softsign",
                     "square", "tanh", "transpose")
    },
    **{
        name: f"{name} {_BINARY}"
        for name in ("equal", "greater", "greater_equal", "less", "less_equal", "maximum", "minimum", "not_equal")
    },
    **{
        name: f"{name} {_REDUCE}"
        for name in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "std", "sum", "var")
    },
    "argmax": "argmax x axis=-1",
    "argmin": "argmin x axis=-1",
    "cast": "cast x dtype",
    "conv2d": f"conv x:inputs kernel {_WINDOW}",
    "conv3d": f"conv x:inputs kernel {_WINDOW}",
    "cumprod": "cumprod x axis=0",
    "cumsum": "cumsum x axis=0",
    "depthwise_conv2d": f"depthwise_conv x:inputs depthwise_kernel:kernel {_WINDOW}",
    "expand_dims": "expand_dims x axis=-1",
    "gather": "take reference:x indices axis=0",
    "identity": "copy x",
    "one_hot": "one_hot indices:x num_classes",
    "ones_like": "ones_like x dtype",
    "permute_dimensions": "transpose x pattern:axes",
    "pow": "power x:x1 a:x2",
    "reshape": "reshape x shape:newshape",
    "round": "round x",
    "separable_conv2d": f"separable_conv x:inputs depthwise_kernel pointwise_kernel {_WINDOW}",
    "squeeze": "squeeze x axis",
    "stack": "stack x axis",
    "tile": "tile x n:repeats",
    "zeros_like": "zeros_like x dtype",
}  # fmt: skip

for _name, _row in ROWS.items():
    globals()[_name] = adapted(f"K.{_name}", _row)
