"""Vectors for integers, and scores of integers for vectors."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.keras_tensor import KerasTensor
from rkeras.layers.call_context import set_mask
from rkeras.layers.core.embedding import Embedding


class ReversibleEmbedding(Embedding):
    """Turns integers into vectors and, called with ``reverse=True``, vectors into a score for each integer.

    Args:
        input_dim: how many integers there are: 0 to ``input_dim - 1``.
        output_dim: size of the vectors.
        tie_weights: whether both ways use the same vectors.
        embeddings_initializer: how the vectors begin.
        embeddings_regularizer: penalty on the vectors.
        embeddings_constraint: applied to the vectors after each update.
        mask_zero: whether 0 stands for steps that do not count.
        reverse_dtype: in which scores are computed.
        logit_soft_cap: scores approach it, and never exceed it.
        kwargs: those of ``Embedding``.

    Example:
        >>> import numpy as np
        >>> layer = ReversibleEmbedding(10, 4)
        >>> layer(layer(np.array([[1, 2, 3]])), reverse=True).shape
        (1, 3, 10)
    """

    tie_weights: bool
    reverse_dtype: str | None
    logit_soft_cap: float | None

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        self._keep(tie_weights=tie_weights, reverse_dtype=reverse_dtype, logit_soft_cap=logit_soft_cap)

    def build(self, input_shape: Any = None) -> None:
        """Makes the vectors, and those of the way back if they are others."""
        super().build(input_shape)
        if not self.tie_weights:
            shape = (self.output_dim, self.input_dim)
            self.reverse_embeddings = self._weight("reverse_embeddings", shape, prefix="embeddings")

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        """The vectors of integers, or scores for vectors."""
        if not reverse:
            vectors = super().call(inputs)
            if self.mask_zero:
                set_mask(vectors, super().compute_mask(inputs))
            return vectors
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        dtype = self.reverse_dtype or self.compute_dtype
        scores = ops.matmul(ops.cast(inputs, dtype), ops.cast(kernel, dtype))
        cap = self.logit_soft_cap
        return scores if cap is None else ops.tanh(scores / cap) * cap

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """None: ``call`` sets it, as only one of the two ways has one."""
        return None

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> KerasTensor:
        """A symbolic tensor of vectors or scores."""
        if reverse:
            return KerasTensor((*inputs.shape[:-1], self.input_dim), self.reverse_dtype or self.compute_dtype)
        found = KerasTensor((*inputs.shape, self.output_dim), self.compute_dtype)
        if self.mask_zero:
            set_mask(found, ops.not_equal(inputs, 0))
        return found
