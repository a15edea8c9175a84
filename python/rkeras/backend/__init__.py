"""``keras.backend``: settings, and the functions of tensors that Keras 2 called ``K.…``.

New code uses ``rkeras.ops``, ``rkeras.random`` and ``rkeras.config``.
"""

from __future__ import annotations

from rkeras._lazy import lazy

_HERE = "rkeras.backend"
_TF = "rkeras.compat.tf"

_NAMES = {
    # Today's names.
    **{
        name: "rkeras.config"
        for name in (
            "backend", "epsilon", "floatx", "image_data_format", "set_epsilon", "set_floatx", "set_image_data_format",
        )
    },
    "clear_session": "rkeras.utils.session",
    "get_uid": "rkeras.naming",
    "is_float_dtype": "rkeras.dtype_policies",
    "is_int_dtype": f"{_HERE}._state",
    "is_keras_tensor": "rkeras.keras_tensor",
    "name_scope": "rkeras.naming",
    "reset_uids": "rkeras.naming",
    "result_type": "rkeras.ops",
    "standardize_dtype": "rkeras.dtype_policies",
    # Ops under other names or with other defaults.
    **{
        name: f"{_HERE}._table"
        for name in (
            "abs", "all", "any", "argmax", "argmin", "cast", "cos", "cumprod", "cumsum", "dtype", "equal", "exp",
            "expand_dims", "gather", "greater", "greater_equal", "identity", "less", "less_equal", "log", "logsumexp",
            "max", "maximum", "mean", "min", "minimum", "ndim", "not_equal", "one_hot", "ones_like",
            "permute_dimensions", "pow", "prod", "reshape", "round", "sigmoid", "sign", "sin", "softplus", "softsign",
            "square", "squeeze", "stack", "std", "sum", "tanh", "tile", "transpose", "var", "zeros_like",
        )
    },
    **{
        name: f"{_HERE}._elementwise"
        for name in ("clip", "elu", "hard_sigmoid", "l2_normalize", "relu", "softmax", "sqrt", "switch")
    },
    **{
        name: f"{_HERE}._products"
        for name in ("batch_dot", "dot")
    },
    **{
        name: f"{_HERE}._structure"
        for name in (
            "arange", "batch_flatten", "concatenate", "flatten", "repeat", "repeat_elements", "resize_images",
            "resize_volumes", "reverse", "spatial_2d_padding", "spatial_3d_padding", "temporal_padding",
        )
    },
    **{
        name: f"{_HERE}._networks"
        for name in (
            "batch_normalization", "bias_add", "conv1d", "conv2d", "conv2d_transpose", "conv3d", "depthwise_conv2d",
            "dropout", "in_top_k", "normalize_batch_in_training", "pool2d", "pool3d", "separable_conv2d",
        )
    },
    **{
        name: f"{_HERE}._losses"
        for name in (
            "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
            "categorical_focal_crossentropy", "sparse_categorical_crossentropy",
        )
    },
    **{
        name: f"{_HERE}._random"
        for name in (
            "random_bernoulli", "random_normal", "random_normal_variable", "random_uniform", "random_uniform_variable",
            "truncated_normal",
        )
    },
    "random_binomial": f"{_HERE}._random:random_bernoulli",
    **{
        name: f"{_HERE}._values"
        for name in (
            "batch_get_value", "batch_set_value", "cast_to_floatx", "constant", "count_params", "eval", "eye",
            "get_value", "int_shape", "is_placeholder", "is_sparse", "is_variable", "moving_average_update", "ones",
            "placeholder", "print_tensor", "set_value", "stop_gradient", "to_dense", "update", "update_add",
            "update_sub", "variable", "zeros",
        )
    },
    **{
        name: f"{_HERE}._state"
        for name in (
            "image_dim_ordering", "in_test_phase", "in_train_phase", "learning_phase", "learning_phase_scope",
            "manual_variable_initialization", "set_image_dim_ordering", "set_learning_phase",
        )
    },
    "function": f"{_HERE}._graphs",
    "gradients": f"{_HERE}._graphs",
    "rnn": f"{_HERE}._recurrence",
    "foldl": f"{_TF}._control",
    "foldr": f"{_TF}._control",
    "is_tensor": "rkeras.ops",
    "map_fn": f"{_TF}._control",
    "shape": f"{_TF}._shapes",
    "tf": "rkeras.compat:tf",
}  # fmt: skip

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
