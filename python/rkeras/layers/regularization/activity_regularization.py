"""A penalty on activity."""

from __future__ import annotations

from typing import Any

from rkeras.layers._arguments import ArgumentLayer


class ActivityRegularization(ArgumentLayer):
    """Passes its input on and adds a penalty on it to the losses.

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> layer = ActivityRegularization(l1=2.0)
        >>> layer(np.array([[1.0, -1.0]])).tolist(), [float(loss) for loss in layer.losses]
        ([[1.0, -1.0]], [4.0])
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        from rkeras import regularizers

        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self._keep(l1=l1, l2=l2)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        del config["activity_regularizer"]
        return config
