"""Attention by sums of queries and keys."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.attention.attention import Attention


class AdditiveAttention(Attention):
    """Means of values, weighted by softmaxed sums of ``tanh(query + key)`` (Bahdanau et al. 2014).

    It is called on a list ``[query, value]`` or ``[query, value, key]`` of tensors (batch, time, features).

    Args:
        use_scale: whether factors that are learned, one for each feature, multiply the terms of the sum.
        dropout: fraction of the weights to drop in training.
        kwargs: those of ``Layer``, and ``seed``, which determines what is dropped.

    Example:
        >>> import numpy as np
        >>> AdditiveAttention()([np.ones((2, 3, 4)), np.ones((2, 5, 4))]).shape
        (2, 3, 4)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Makes the factors."""
        self._check_list(input_shape)
        if self.use_scale:
            shape = (input_shape[0][-1],)
            self.scale = self.add_weight(name="scale", shape=shape, initializer="glorot_uniform")

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        """Scores (batch, time, source time)."""
        terms = ops.tanh(ops.expand_dims(query, axis=-2) + ops.expand_dims(key, axis=-3))
        return ops.sum(terms if self.scale is None else self.scale * terms, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        del config["score_mode"]
        return config
