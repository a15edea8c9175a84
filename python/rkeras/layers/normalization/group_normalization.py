"""Group normalization."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.input_spec import InputSpec
from rkeras.layers.normalization.base_normalization import ScaledNormalization, size_of


class GroupNormalization(ScaledNormalization):
    """Normalizes each sample's groups of channels to mean 0 and variance 1 (Wu and He 2018).

    Args:
        groups: how many; -1 for one a channel.
        axis: the axis of channels.
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
        >>> GroupNormalization(groups=2, epsilon=0.0)(np.array([[1.0, 3.0, 10.0, 20.0]])).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """

    groups: int

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        super().__init__(**kwargs)
        self._keep_scaling(
            axis,
            epsilon,
            center,
            scale,
            groups=groups,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Makes scale and shift of shape (channels,)."""
        channels = size_of("GroupNormalization", input_shape, self.axis)
        self._make_scaling((channels,))
        if self.groups == -1:
            self.groups = channels
        if self.groups <= 0 or channels % self.groups:
            raise ValueError(f"the {channels} channels of the input cannot be parted in groups={self.groups}")
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any) -> Any:
        """The normalized inputs."""
        rank, shape = inputs.ndim, list(inputs.shape)
        axis, wide = self.axis % rank, ops.result_type(inputs.dtype, "float32")
        x = inputs if inputs.dtype == wide else ops.cast(inputs, wide)
        parted = [self.groups, shape[axis] // self.groups]
        x = ops.reshape(x, shape[:axis] + parted + shape[axis + 1 :])
        mean, variance = ops.moments(x, [a for a in range(1, rank + 1) if a != axis], keepdims=True)
        flat = [1] * axis + parted + [1] * (rank - axis - 1)
        factor = ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * ops.reshape(self.gamma, flat)
        shift = -mean * factor
        if self.beta is not None:
            shift = shift + ops.reshape(self.beta, flat)
        y = ops.reshape(x * factor + shift, shape)
        return y if y.dtype == self.compute_dtype else ops.cast(y, self.compute_dtype)
