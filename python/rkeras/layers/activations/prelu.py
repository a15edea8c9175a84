"""Rectified linear units with a learned slope."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.input_spec import InputSpec


class PReLU(ArgumentLayer):
    """``x`` where it is positive, ``alpha * x`` with a learned ``alpha`` elsewhere (He et al. 2015).

    Args:
        alpha_initializer: how ``alpha``, of one sample's shape, begins.
        alpha_regularizer: penalty on ``alpha``.
        alpha_constraint: applied to ``alpha`` after each update.
        shared_axes: axes (from 1) along which elements share their slope.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> PReLU(alpha_initializer="ones")(np.array([[-1.0, 2.0]])).tolist()
        [[-1.0, 2.0]]
    """

    shared_axes: list[int] | None

    @old_arguments("prelu")
    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if shared_axes is not None:
            shared_axes = list(shared_axes) if isinstance(shared_axes, (list, tuple)) else [shared_axes]
        self._keep(
            alpha_initializer=alpha_initializer,
            alpha_regularizer=alpha_regularizer,
            alpha_constraint=alpha_constraint,
            shared_axes=shared_axes,
        )
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Makes the slopes."""
        shared = self.shared_axes or ()
        shape = tuple(1 if axis in shared else n for axis, n in enumerate(input_shape[1:], 1))
        if None in shape:
            raise ValueError(
                f"PReLU has a slope for each element and needs their number; got shape {input_shape}. "
                "Axes of unknown size must be among shared_axes."
            )
        self.alpha = self._weight("alpha", shape)
        sizes = {axis: n for axis, n in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=sizes if shared else {})

    def call(self, inputs: Any) -> Any:
        """The rectified inputs."""
        return ops.relu(inputs) - ops.multiply(self.alpha, ops.relu(-inputs))
