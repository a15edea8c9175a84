"""Steps that do not count."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer


class Masking(ArgumentLayer):
    """Masks the steps whose features all have a value, and sets them to zero.

    Args:
        mask_value: the value.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> layer = Masking(9.0)
        >>> layer(np.array([[[9.0], [1.0]]])).tolist()
        [[[0.0], [1.0]]]
    """

    mask_value: float

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        if isinstance(mask_value, dict):
            # Keras writes numbers of NumPy as records.
            from rkeras import saving

            mask_value = saving.deserialize_keras_object(mask_value)
        super().__init__(**kwargs)
        self._keep(mask_value=mask_value)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs with zeros where they are masked."""
        counts = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ops.multiply(inputs, ops.cast(counts, inputs.dtype))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Set for the steps that have another value."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)
