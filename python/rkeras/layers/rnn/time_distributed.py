"""The same layer for each step."""

from __future__ import annotations

from typing import Any

from rkeras import ops, tree
from rkeras.layers._signature import call_signature
from rkeras.layers.core.wrapper import Wrapper


class TimeDistributed(Wrapper):
    """Applies a layer to each step of a sequence: axis 1 of the input.

    Args:
        layer: the layer; all steps share its weights.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> from rkeras.layers import Flatten
        >>> TimeDistributed(Flatten())(np.ones((2, 5, 3, 4))).shape
        (2, 5, 12)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer for one step."""
        if len(input_shape) < 3:
            raise ValueError(
                f"TimeDistributed takes (batch, steps, …features), at least 3 axes, "
                f"got shape {tuple(input_shape)}"
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The layer's outputs for all steps."""
        batch, steps = inputs.shape[:2]
        info = call_signature(self.layer)
        options: dict[str, Any] = {}
        if info.has_training:
            options["training"] = training
        if info.has_mask and mask is not None:
            options["mask"] = _joined(mask)
        outputs = self.layer(_joined(inputs), **options)
        return tree.map_structure(lambda y: ops.reshape(y, (batch, steps, *y.shape[1:])), outputs)


def _joined(x: Any) -> Any:
    """Batch and steps as one axis."""
    batch, steps, *rest = x.shape
    return ops.reshape(x, (batch * steps, *rest))
