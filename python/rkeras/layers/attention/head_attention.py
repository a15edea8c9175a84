"""What attention layers with heads share."""

from __future__ import annotations

import math
import string
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rkeras import config, ops, regularizers
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.activations.softmax import Softmax
from rkeras.layers.call_context import get_mask, set_mask
from rkeras.layers.core.einsum_dense import EinsumDense
from rkeras.layers.regularization.dropout import Dropout, checked_rate
from rkeras.operation import Operation
from rkeras.ops.attention import attend, band_mask


@contextmanager
def _without_masks(*tensors: Any) -> Iterator[None]:
    """A context where tensors have no mask, as the projections would pass it to heads."""
    masked = [(x, get_mask(x)) for x in tensors if get_mask(x) is not None]
    try:
        for x, _ in masked:
            set_mask(x, None)
        yield
    finally:
        for x, mask in masked:
            set_mask(x, mask)


class HeadAttention(ArgumentLayer):
    """Projects queries, keys and values to heads, attends in each, and projects what they found.

    A subclass makes the projections ``_query_dense``, ``_key_dense``, ``_value_dense``, ``_output_dense`` and,
    with ``use_gate``, ``_gate_dense`` in ``build``.
    """

    dropout: float
    use_bias: bool
    use_gate: bool
    sliding_window: int | None
    seed: int | None
    _head_size: int
    _attention_axes: tuple[int, ...]
    _query_dense: Any
    _key_dense: Any
    _value_dense: Any
    _gate_dense: Any
    _output_dense: Any

    def _keep_shared(self, activity_regularizer: Any, flash_attention: bool | None, **arguments: Any) -> None:
        kind = type(self).__name__
        window = arguments["sliding_window"]
        if window is not None and (isinstance(window, bool) or not isinstance(window, int) or window <= 0):
            raise ValueError(f"{kind} needs a positive integer or None as sliding_window, got {window!r}")
        arguments["dropout"] = checked_rate(kind, arguments["dropout"])
        self._keep(**arguments)
        self._heads_regularizer = regularizers.get(activity_regularizer)
        self._flash_attention = flash_attention or config.is_flash_attention_enabled()
        if self._flash_attention and self.dropout > 0:
            raise ValueError(
                f"{kind} drops attention scores, which flash attention does not hold: give either "
                f"flash_attention=True or dropout={self.dropout}, not both"
            )
        self.supports_masking = True

    def _projection(self, name: str, equation: str, shape: Any, bias_axes: str, activation: Any = None) -> Any:
        """A projection that has its own copies of the initializers, so that no two draw the same numbers."""
        options = {
            kind: type(given).from_config(given.get_config()) if hasattr(given, "get_config") else given
            for kind in ("kernel_initializer", "bias_initializer")
            for given in (getattr(self, kind),)
        }
        for kind in ("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint"):
            options[kind] = getattr(self, kind)
        return EinsumDense(
            equation,
            output_shape=shape,
            activation=activation,
            bias_axes=bias_axes if self.use_bias else None,
            activity_regularizer=self._heads_regularizer,
            name=name,
            dtype=self.dtype_policy,
            **options,
        )

    def _build_attention(self, rank: int, axes: tuple[int, ...]) -> None:
        """Prepares attention over axes of projected tensors of that rank: (batch …, heads, size)."""
        self._attention_axes = axes
        letters = iter(string.ascii_lowercase)
        queries = [next(letters) for _ in range(rank)]
        keys = [next(letters) if axis in axes else queries[axis] for axis in range(rank)]
        batch = [queries[axis] for axis in range(rank - 1) if axis not in axes]
        scores = "".join([*batch, *(queries[a] for a in axes), *(keys[a] for a in axes)])
        target, source = "".join(queries), "".join(keys)
        self._dot_product_equation = f"{target},{source}->{scores}"
        self._combine_equation = f"{scores},{source}->{target}"
        over = tuple(range(len(scores) - len(axes), len(scores)))
        self._softmax = Softmax(axis=over if len(over) > 1 else over[0], dtype=self.dtype_policy)
        self._dropout_layer = Dropout(rate=self.dropout, dtype=self.dtype_policy, seed=self.seed)

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """What the heads found, projected; and their weights, if asked for.

        Args:
            query: tensor (batch, time, features).
            value: tensor (batch, source time, features).
            key: likewise; the values by default.
            query_mask: bool (batch, time), the mask of ``query`` by default. It passes on to the output.
            value_mask: bool (batch, source time), False where nothing is to be found; the mask of ``value``.
            key_mask: likewise, the mask of ``key``.
            attention_mask: bool (batch, time, source time), or with an axis for heads after the batch; False where
                a query does not see a key.
            return_attention_scores: whether the weights (batch, heads, time, source time) are returned too.
            training: whether weights are dropped.
            use_causal_mask: whether a query sees none of the keys after it.
        """
        key = value if key is None else key
        with _without_masks(query, value, key):
            gate = self._gate_dense(query) if self.use_gate else None
            heads, keys, values = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        whole = self._holds_scores(training, return_attention_scores, heads)
        masked = not all(m is None for m in (query_mask, value_mask, key_mask, attention_mask))
        scores = None
        if whole or (masked and self.dropout > 0) or self._is_customised():
            mask = self._compute_attention_mask(
                query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask
            )
            options = {"return_attention_scores": True} if return_attention_scores else {}
            keys, values = self._spread(keys), self._spread(values)
            found, scores = self._compute_attention(heads, keys, values, mask, training, **options)
        else:
            seen = None if attention_mask is None else self._with_heads(ops.cast(attention_mask, "bool"), 4)
            for mask in (value_mask, key_mask):
                if mask is not None:
                    seen = _both(seen, ops.cast(mask, "bool")[:, None, None, :])
            window = self.sliding_window or 0
            found = attend(heads, keys, values, None, seen, self._scale, use_causal_mask, window)
            if query_mask is not None:
                # As if no key were seen, without a mask of time by source time.
                blind = self._spread(ops.mean(values, axis=1, keepdims=True))
                found = ops.where(ops.cast(query_mask, "bool")[:, :, None, None], found, blind)
        result = self._output_dense(found if gate is None else ops.multiply(found, gate))
        if query_mask is not None:
            set_mask(result, query_mask)
        return (result, scores) if return_attention_scores else result

    @property
    def _scale(self) -> float:
        return 1.0 / math.sqrt(self._head_size)

    def _is_customised(self) -> bool:
        """Whether a subclass attends in its own way, with a mask for all that is not seen."""
        return type(self)._compute_attention is not HeadAttention._compute_attention

    def _holds_scores(self, training: bool | None, return_attention_scores: bool, heads: Any) -> bool:
        dropped = self.dropout > 0 and bool(training)
        return dropped or return_attention_scores or heads.ndim != 4 or self._attention_axes != (1,)

    def _spread(self, heads: Any) -> Any:
        """Heads of keys or values, one for each head of queries."""
        return heads

    def _with_heads(self, mask: Any, rank: int) -> Any:
        """A mask with axes for what scores have and it has not."""
        for _ in range(rank - mask.ndim):
            mask = ops.expand_dims(mask, axis=-2 * len(self._attention_axes) - 1)
        return mask

    def _masked_softmax(self, attention_scores: Any, attention_mask: Any = None) -> Any:
        if attention_mask is not None:
            attention_mask = self._with_heads(attention_mask, attention_scores.ndim)
        return self._softmax(attention_scores, mask=attention_mask)

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Any, Any]:
        """Attention of projected tensors, and its weights or None; subclasses may have another.

        Args:
            query: tensor (batch, time, heads, size).
            key: tensor (batch, source time, heads, size).
            value: tensor (batch, source time, heads, value size).
            attention_mask: bool, False where a query does not see a key.
            training: whether weights are dropped.
            return_attention_scores: whether the weights are wanted.
            use_causal_mask: whether a query sees none of the keys after it, besides the mask.
        """
        if self._flash_attention and return_attention_scores:
            raise ValueError(
                f"{type(self).__name__} cannot return attention scores, which flash attention does not hold: make it "
                "without flash_attention=True"
            )
        if not self._holds_scores(training, return_attention_scores, query) and self.dropout == 0:
            mask = None if attention_mask is None else self._with_heads(attention_mask, 4)
            return attend(query, key, value, None, mask, self._scale, use_causal_mask), None
        if use_causal_mask:
            attention_mask = _both(attention_mask, band_mask(query.shape[1], key.shape[1], True, 0))
        query = ops.multiply(query, ops.cast(self._scale, query.dtype))
        scores = self._masked_softmax(ops.einsum(self._dot_product_equation, query, key), attention_mask)
        kept = self._dropout_layer(scores, training=training) if self.dropout > 0 else scores
        return ops.einsum(self._combine_equation, kept, value), scores

    def _compute_attention_mask(
        self,
        query: Any,
        value: Any,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """All masks as one, (batch, time, source time); None if there is none."""
        mask = None if query_mask is None else ops.cast(query_mask, "bool")[..., None]
        for of_keys in (value_mask, key_mask):
            if of_keys is not None:
                mask = _both(mask, ops.cast(of_keys, "bool")[..., None, :])
        band = band_mask(query.shape[1], value.shape[1], use_causal_mask, self.sliding_window or 0)
        mask = mask if band is None else _both(mask, band)
        return mask if attention_mask is None else _both(mask, ops.cast(attention_mask, "bool"))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors of the output and, if asked for, the weights: by tracing ``call``."""
        return Operation.compute_output_spec(self, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        return {**super().get_config(), "activity_regularizer": regularizers.serialize(self._heads_regularizer)}


def _both(mask: Any, other: Any) -> Any:
    return other if mask is None else ops.logical_and(mask, other)


def check_sources(value_shape: Any, key_shape: Any) -> None:
    """ValueError unless there is a key for each value.

    Args:
        value_shape: (batch, source time …, features).
        key_shape: likewise; only the features may differ.

    Example:
        >>> check_sources((None, 3, 5), (None, 3, 4))
    """
    if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
        raise ValueError(
            f"values and keys may differ in their last axis only, got value of shape {tuple(value_shape)} and key of "
            f"shape {tuple(key_shape)}"
        )
