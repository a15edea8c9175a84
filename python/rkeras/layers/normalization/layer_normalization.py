"""Layer normalization."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.normalization.base_normalization import ScaledNormalization, size_of


class LayerNormalization(ScaledNormalization):
    """Normalizes each sample over axes to mean 0 and variance 1 (Ba et al. 2016), then scales and shifts it.

    Args:
        axis: the axis or axes.
        epsilon: added to the variance.
        center: whether ``beta`` is added.
        scale: whether ``gamma`` multiplies.
        beta_initializer: how ``beta`` begins.
        gamma_initializer: how ``gamma`` begins.
        beta_regularizer: penalty on ``beta``.
        gamma_regularizer: penalty on ``gamma``.
        beta_constraint: applied to ``beta`` after each update.
        gamma_constraint: applied to ``gamma`` after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]])).tolist()
        [[-1.0, 1.0]]
    """

    rms_scaling: bool

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        # Files of Keras before 3.12 know a variant that divides by the root of the mean square only.
        rms_scaling = kwargs.pop("rms_scaling", False)
        super().__init__(**kwargs)
        if not isinstance(axis, int) and not isinstance(axis, (list, tuple)):
            raise TypeError(f"axis must be an integer or several, got axis={axis!r}")
        self._keep_scaling(
            axis if isinstance(axis, int) else list(axis),
            epsilon,
            center,
            scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            rms_scaling=rms_scaling,
        )
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Makes scale and shift of the shape of the normalized axes."""
        name = type(self).__name__
        self.axis = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        self._make_scaling(tuple(size_of(name, input_shape, axis) for axis in self.axis))

    def call(self, inputs: Any) -> Any:
        """The normalized inputs."""
        wide = ops.result_type(inputs.dtype, "float32")
        x = inputs if inputs.dtype == wide else ops.cast(inputs, wide)
        if self.rms_scaling:
            variance = ops.var(x, axis=self.axis, keepdims=True)
            y = x * ops.rsqrt(variance + self.epsilon)
            y = y if self.gamma is None else y * self._spread(self.gamma, x.ndim)
        else:
            y = ops.layer_normalization(x, self.gamma, self.beta, self.axis, self.epsilon)
        return y if y.dtype == self.compute_dtype else ops.cast(y, self.compute_dtype)

    def _spread(self, weight: Any, rank: int) -> Any:
        sizes = dict(zip((axis % rank for axis in self.axis), weight.shape, strict=True))
        return ops.reshape(weight, [sizes.get(axis, 1) for axis in range(rank)])
