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

    Call arguments:
        inputs: of shape ``(batch, time, …)``, or a structure of such tensors for a layer of several inputs.
        training: passed to the layer.
        mask: bools of shape ``(batch, time)``: the steps that count; passed to a layer that takes masks.

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
        super().build(tree.map_shape_structure(_step_shape, input_shape))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The layer's outputs for all steps."""
        batch, steps = tree.flatten(inputs)[0].shape[:2]
        info = call_signature(self.layer)
        options: dict[str, Any] = {}
        if info.has_training:
            options["training"] = training
        if mask is not None:
            for m in tree.flatten(mask):
                if m is not None and tuple(m.shape[:2]) != (batch, steps):
                    raise ValueError(
                        f"TimeDistributed was given a mask of shape {tuple(m.shape)} for inputs of "
                        f"{batch} rows and {steps} steps; its first axes must be ({batch}, {steps})"
                    )
            if info.has_mask:
                options["mask"] = tree.map_structure(lambda m: None if m is None else _joined(m), mask)
        outputs = self.layer(tree.map_structure(_joined, inputs), **options)
        return tree.map_structure(lambda y: ops.reshape(y, (batch, steps, *y.shape[1:])), outputs)


def _step_shape(shape: Any) -> tuple[int | None, ...]:
    """The shape of one step."""
    if len(shape) < 3:
        raise ValueError(
            f"TimeDistributed takes (batch, steps, …features), at least 3 axes, got shape {tuple(shape)}"
        )
    return (shape[0], *shape[2:])


def _joined(x: Any) -> Any:
    """Batch and steps as one axis."""
    batch, steps, *rest = x.shape
    return ops.reshape(x, (batch * steps, *rest))
