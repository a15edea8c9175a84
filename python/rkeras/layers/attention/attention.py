"""Attention by products of queries and keys as they come."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.regularization.dropout import checked_rate
from rkeras.operation import Operation
from rkeras.ops.attention import band_mask
from rkeras.random.seed_generator import SeedGenerator


class Attention(ArgumentLayer):
    """Means of values, weighted by how well keys fit queries (Luong et al. 2015).

    It is called on a list ``[query, value]`` or ``[query, value, key]`` of tensors (batch, time, features).

    Args:
        use_scale: whether a scalar that is learned multiplies the scores.
        score_mode: ``"dot"`` for products of queries and keys, ``"concat"`` for the sum of ``tanh(query + key)``.
        dropout: fraction of the weights to drop in training.
        seed: determines what is dropped.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: the score mode is unknown, or the input is not such a list.

    Example:
        >>> import numpy as np
        >>> Attention()([np.ones((2, 3, 4)), np.ones((2, 5, 4))]).shape
        (2, 3, 4)
    """

    use_scale: bool
    score_mode: str
    dropout: float

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        kind = type(self).__name__
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"{kind} needs score_mode='dot' or 'concat', got score_mode={score_mode!r}")
        self._keep(use_scale=use_scale, score_mode=score_mode, dropout=checked_rate(kind, dropout), seed=seed)
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        self.scale: Any = None
        self.concat_score_weight: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the factors."""
        self._check_list(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")

    def _check_list(self, inputs: Any, mask: Any = None) -> None:
        name = type(self).__name__
        if not isinstance(inputs, (list, tuple)) or len(inputs) not in (2, 3):
            what = f"{len(inputs)} inputs" if isinstance(inputs, (list, tuple)) else f"inputs={inputs!r}"
            raise ValueError(f"{name} takes a list [query, value] or [query, value, key], got {what}")
        if mask is not None and (not isinstance(mask, (list, tuple)) or len(mask) not in (2, 3)):
            raise ValueError(f"{name} takes a list [query_mask, value_mask] as mask, got mask={mask!r}")

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The weighted means (batch, time, features); and the weights, if asked for.

        Args:
            inputs: query, value and, unless it is the value, key.
            mask: bool (batch, time) for the query, where the output becomes zero if it is False; and for the value,
                where nothing is found if it is False. Each may be None.
            training: whether weights are dropped.
            return_attention_scores: whether the weights (batch, time, source time) are returned too.
            use_causal_mask: whether a query sees none of the values after it.
        """
        self._check_list(inputs, mask)
        query, value, key = inputs[0], inputs[1], inputs[-1]
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        scores = self._calculate_scores(query, key)
        seen = self._calculate_score_mask(scores, value_mask, use_causal_mask)
        result, weights = self._apply_scores(scores, value, seen, training)
        if query_mask is not None:
            result = ops.where(ops.cast(query_mask, "bool")[..., None], result, 0.0)
        return (result, weights) if return_attention_scores else result

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        """Scores (batch, time, source time)."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else ops.multiply(scores, self.scale)
        joined = ops.expand_dims(query, axis=-2) + ops.expand_dims(key, axis=-3)
        joined = joined if self.scale is None else self.scale * joined
        return self.concat_score_weight * ops.sum(ops.tanh(joined), axis=-1)

    def _calculate_score_mask(self, scores: Any, v_mask: Any, use_causal_mask: bool) -> Any:
        """What is seen, as a mask that broadcasts to the scores; None if all is."""
        seen = None if v_mask is None else ops.cast(v_mask, "bool")[..., None, :]
        band = band_mask(scores.shape[-2], scores.shape[-1], use_causal_mask, 0)
        return band if seen is None else seen if band is None else ops.logical_and(seen, band)

    def _apply_scores(
        self, scores: Any, value: Any, scores_mask: Any = None, training: bool | None = False
    ) -> tuple[Any, Any]:
        """The means with softmaxed scores as weights, and the weights."""
        if scores_mask is not None:
            # The largest float16; or enough to leave no weight.
            least = 65504.0 if scores.dtype == "float16" else 1e9
            scores = ops.where(scores_mask, scores, scores - least)
        weights = ops.softmax(scores)
        if training and self.dropout > 0:
            weights = _engine.apply("dropout", weights, self.seed_generator.next(), rate=self.dropout)
        return ops.matmul(weights, value), weights

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """That of the query."""
        self._check_list(inputs, mask)
        return None if mask is None or mask[0] is None else ops.convert_to_tensor(mask[0])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The query's shape, with the features of the value."""
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors of the output and, if asked for, the weights: by tracing ``call``."""
        return Operation.compute_output_spec(self, *args, **kwargs)
