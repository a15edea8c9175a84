"""Where the modules of Keras and TensorFlow, of today and of times gone by, are in rkeras."""

from __future__ import annotations

# Trees of modules that scripts import, and the rkeras module that each of them stands for. The longest match
# counts; what follows it stays as it is: `tensorflow.keras.layers` is `rkeras.layers`.
TREES = {
    "keras": "rkeras",
    "keras.api": "rkeras",
    "keras.src": "rkeras",
    "tf_keras": "rkeras",
    "tensorflow": "rkeras.compat.tf",
    "tensorflow.compat.v2": "rkeras.compat.tf",
    "tensorflow.keras": "rkeras",
    "tensorflow.compat.v1.keras": "rkeras",
    "tensorflow.compat.v2.keras": "rkeras",
    "tensorflow.python.keras": "rkeras",
}

ROOTS = frozenset(tree.partition(".")[0] for tree in TREES)

_ENGINE = ("rkeras.layers", "rkeras.models", "rkeras.utils", "rkeras")
_OPTIMIZERS = ("rkeras.optimizers", "rkeras.optimizers.schedules")
_SAVING = ("rkeras.saving", "rkeras.models", "rkeras.utils")

# Modules that there once were, by the place they would have in rkeras, and where their names live now. Those
# on the right are looked through in order. A package comes before its modules.
OLD_MODULES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "rkeras.layers.advanced_activations",
            "rkeras.layers.attention",
            "rkeras.layers.convolutional",
            "rkeras.layers.convolutional_recurrent",
            "rkeras.layers.core",
            "rkeras.layers.cudnn_recurrent",
            "rkeras.layers.embeddings",
            "rkeras.layers.experimental",
            "rkeras.layers.experimental.preprocessing",
            "rkeras.layers.local",
            "rkeras.layers.merge",
            "rkeras.layers.noise",
            "rkeras.layers.normalization",
            "rkeras.layers.pooling",
            "rkeras.layers.preprocessing",
            "rkeras.layers.recurrent",
            "rkeras.layers.wrappers",
        ),
        ("rkeras.layers",),
    ),
    **dict.fromkeys(
        (
            "rkeras.utils.all_utils",
            "rkeras.utils.data_utils",
            "rkeras.utils.generic_utils",
            "rkeras.utils.io_utils",
            "rkeras.utils.layer_utils",
            "rkeras.utils.np_utils",
            "rkeras.utils.visualize_util",
            "rkeras.utils.vis_utils",
        ),
        ("rkeras.utils", "rkeras.saving", "rkeras"),
    ),
    **dict.fromkeys(
        (
            "rkeras.optimizers.experimental",
            "rkeras.optimizers.legacy",
            "rkeras.optimizer_v1",
            "rkeras.optimizer_v2",
            "rkeras.optimizers.learning_rate_schedule",
        ),
        _OPTIMIZERS,
    ),
    **{f"rkeras.optimizer_v2.{name}": _OPTIMIZERS for name in ("adam", "gradient_descent", "rmsprop")},
    **dict.fromkeys(
        (
            "rkeras.engine",
            "rkeras.engine.base_layer",
            "rkeras.engine.functional",
            "rkeras.engine.input_layer",
            "rkeras.engine.input_spec",
            "rkeras.engine.keras_tensor",
            "rkeras.engine.network",
            "rkeras.engine.sequential",
            "rkeras.engine.topology",
            "rkeras.engine.training",
        ),
        _ENGINE,
    ),
    "rkeras.engine.saving": _SAVING,
    "rkeras.saving.save": _SAVING,
    "rkeras.backend.common": ("rkeras.backend",),
    "rkeras.backend.tensorflow_backend": ("rkeras.backend",),
    "rkeras.callbacks.callbacks": ("rkeras.callbacks",),
    "rkeras.initializations": ("rkeras.initializers",),
    "rkeras.objectives": ("rkeras.losses",),
    "rkeras.compat.tf.python": (),
}


def canonical(name: str) -> str | None:
    """The rkeras module that stands for a module of Keras or TensorFlow; None for any other module.

    Example:
        >>> canonical("tensorflow.keras.layers"), canonical("tensorflow.nn"), canonical("numpy")
        ('rkeras.layers', 'rkeras.compat.tf.nn', None)
    """
    tree = name
    while tree:
        if tree in TREES:
            return TREES[tree] + name[len(tree) :]
        tree = tree.rpartition(".")[0]
    return None
