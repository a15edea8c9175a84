"""An activation as a layer."""

from __future__ import annotations

from typing import Any

from rkeras.layers._arguments import ArgumentLayer


class Activation(ArgumentLayer):
    """Applies an activation function.

    Args:
        activation: the function or its name, as in ``"relu"``.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Activation("relu")(np.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    activation: Any

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(activation=activation)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The activation of the inputs."""
        return self.activation(inputs)
