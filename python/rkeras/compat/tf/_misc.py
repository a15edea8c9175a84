"""Names of TensorFlow that are neither functions nor tensors."""

from __future__ import annotations

from types import SimpleNamespace

from rkeras.compat.keras_root import KERAS as keras
from rkeras.compat.tf import __version__


class UnconnectedGradients:
    """What ``GradientTape.gradient`` gives for a source without influence."""

    NONE = "none"
    ZERO = "zero"


class SparseTensor:
    """A class without instances, for ``isinstance``: tensors are dense."""

    def __init__(self, indices: object = None, values: object = None, dense_shape: object = None) -> None:
        raise NotImplementedError("sparse tensors are not in rkeras; use dense ones")


class RaggedTensor:
    """A class without instances, for ``isinstance``: tensors are rectangular."""

    def __init__(self, values: object = None, row_partition: object = None) -> None:
        raise NotImplementedError("ragged tensors are not in rkeras; pad the rows to one length")


version = SimpleNamespace(VERSION=__version__)
test = SimpleNamespace(
    gpu_device_name=lambda: "", is_built_with_cuda=lambda: False, is_gpu_available=lambda *args, **kwargs: False
)

__all__ = ["RaggedTensor", "SparseTensor", "UnconnectedGradients", "keras", "test", "version"]
