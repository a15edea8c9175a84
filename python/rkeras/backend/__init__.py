"""``keras.backend``: settings, and the functions of tensors that Keras 2 called ``K.…``.

New code uses ``rkeras.ops``, ``rkeras.random`` and ``rkeras.config``.
"""

from __future__ import annotations

from rkeras._lazy import lazy

_HERE = "rkeras.backend"
_TF = "rkeras.compat.tf"

# The names in each module.
_BY_MODULE = {
    "rkeras.config": "backend epsilon floatx image_data_format set_epsilon set_floatx set_image_data_format",
    "rkeras.utils.session": "clear_session",
    "rkeras.naming": "get_uid name_scope reset_uids",
    "rkeras.dtype_policies": "is_float_dtype standardize_dtype",
    f"{_HERE}._state": """
        image_dim_ordering in_test_phase in_train_phase is_int_dtype learning_phase learning_phase_scope
        manual_variable_initialization set_image_dim_ordering set_learning_phase
    """,
    "rkeras.keras_tensor": "is_keras_tensor",
    "rkeras.ops": "is_tensor result_type",
    f"{_HERE}._table": """
        abs all any argmax argmin cast conv2d conv3d cos cumprod cumsum depthwise_conv2d dtype equal exp expand_dims
        gather greater greater_equal identity less less_equal log logsumexp max maximum mean min minimum ndim
        not_equal one_hot ones_like permute_dimensions pow prod reshape round separable_conv2d sigmoid sign sin
        softplus softsign square squeeze stack std sum tanh tile transpose var zeros_like
    """,
    f"{_HERE}._elementwise": "clip elu hard_sigmoid l2_normalize relu softmax sqrt switch",
    f"{_HERE}._products": "batch_dot dot",
    f"{_HERE}._structure": """
        arange batch_flatten concatenate flatten repeat repeat_elements resize_images resize_volumes reverse
        spatial_2d_padding spatial_3d_padding temporal_padding
    """,
    f"{_HERE}._networks": """
        batch_normalization bias_add conv1d conv2d_transpose dropout in_top_k normalize_batch_in_training pool2d pool3d
    """,
    f"{_HERE}._losses": """
        binary_crossentropy binary_focal_crossentropy categorical_crossentropy
        categorical_focal_crossentropy sparse_categorical_crossentropy
    """,
    f"{_HERE}._random": """
        random_bernoulli random_normal random_normal_variable random_uniform random_uniform_variable
        truncated_normal
    """,
    f"{_HERE}._values": """
        batch_get_value batch_set_value cast_to_floatx constant count_params eval eye get_value int_shape
        is_placeholder is_sparse is_variable moving_average_update ones placeholder print_tensor set_value
        stop_gradient to_dense update update_add update_sub variable zeros
    """,
    f"{_HERE}._graphs": "function gradients",
    f"{_HERE}._recurrence": "rnn",
    f"{_TF}._control": "foldl foldr map_fn",
    f"{_TF}.compat.v1": "get_session set_session",
    f"{_TF}._shapes": "shape",
}
_NAMES = {
    **{name: module for module, names in _BY_MODULE.items() for name in names.split()},
    "random_binomial": f"{_HERE}._random:random_bernoulli",
    "tf": "rkeras.compat:tf",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
