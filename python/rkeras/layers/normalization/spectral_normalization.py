"""Kernels that stretch nothing by more than one."""

from __future__ import annotations

from typing import Any

from rkeras import initializers, ops
from rkeras.layers._arguments import positive
from rkeras.layers.core.wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """Divides the kernel of a layer by its largest singular value in each step of training (Miyato et al. 2018).

    Args:
        layer: a layer with ``kernel`` or ``embeddings``.
        power_iterations: how often the estimate of the singular value is improved in a step.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: the layer has neither.

    Example:
        >>> import numpy as np
        >>> from rkeras.layers import Dense
        >>> SpectralNormalization(Dense(3))(np.ones((2, 4)), training=True).shape
        (2, 3)
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive("SpectralNormalization", "power_iterations", power_iterations)

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer, and the vector that approaches a singular one."""
        super().build(input_shape)
        if not hasattr(self.layer, "kernel") and not hasattr(self.layer, "embeddings"):
            raise ValueError(
                f"SpectralNormalization goes around a layer with kernel or embeddings, {self.layer.name!r} "
                f"({type(self.layer).__name__}) has neither"
            )
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, self._kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
        )

    @property
    def _kernel(self) -> Any:
        return getattr(self.layer, "kernel" if hasattr(self.layer, "kernel") else "embeddings")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The layer's output; in training after its kernel was divided."""
        if training:
            vector, kernel = self.normalized_weights()
            self.vector_u.assign(vector)
            self._kernel.assign(kernel)
        return self.layer(inputs)

    def normalized_weights(self) -> tuple[Any, Any]:
        """The next vector, and the kernel divided by its singular value; a kernel of zeros stays."""
        kernel = ops.convert_to_tensor(self._kernel)
        rows = ops.reshape(kernel, (-1, kernel.shape[-1]))
        u = ops.convert_to_tensor(self.vector_u)
        for _ in range(self.power_iterations):
            v = _unit(ops.matmul(u, ops.transpose(rows)))
            u = _unit(ops.matmul(v, rows))
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        sigma = ops.sum(ops.matmul(v, rows) * u)
        zero = ops.all(ops.equal(kernel, 0.0))
        divided = kernel / ops.where(zero, 1.0, sigma)
        return ops.where(zero, ops.convert_to_tensor(self.vector_u), u), divided

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the layer inside."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _unit(x: Any) -> Any:
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x)), 1e-12))
