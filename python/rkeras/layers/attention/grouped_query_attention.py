"""Attention whose heads share keys and values."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import positive
from rkeras.layers.attention.head_attention import HeadAttention, check_sources


class GroupedQueryAttention(HeadAttention):
    """Multi-head attention where groups of query heads share a head of keys and values (Ainslie et al. 2023).

    Public as ``GroupQueryAttention``.

    Args:
        head_dim: size of each head.
        num_query_heads: number of heads of queries.
        num_key_value_heads: number of heads of keys and values, a divisor of the former.
        dropout: fraction of the weights to drop in training.
        use_bias: whether the projections have one.
        sliding_window: if given, a query sees keys less than so far away only.
        flash_attention: True to refuse what needs all scores at once.
        kernel_initializer: how the kernels begin.
        bias_initializer: how the biases begin.
        kernel_regularizer: penalty on the kernels.
        bias_regularizer: penalty on the biases.
        activity_regularizer: penalty on what the projections and the layer return.
        kernel_constraint: applied to the kernels after each update.
        bias_constraint: applied to the biases after each update.
        use_gate: whether a sigmoid of the query multiplies what the heads found.
        seed: determines what is dropped.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument is not as above, or ``flash_attention=True`` comes with dropout.

    Example:
        >>> import numpy as np
        >>> x = np.ones((2, 5, 16), "float32")
        >>> GroupedQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)(x, x).shape
        (2, 5, 16)
    """

    head_dim: int
    num_query_heads: int
    num_key_value_heads: int

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        kind = type(self).__name__
        self._keep_shared(
            activity_regularizer,
            flash_attention,
            head_dim=positive(kind, "head_dim", head_dim),
            num_query_heads=positive(kind, "num_query_heads", num_query_heads),
            num_key_value_heads=positive(kind, "num_key_value_heads", num_key_value_heads),
            use_bias=use_bias,
            use_gate=use_gate,
            sliding_window=sliding_window,
            dropout=dropout,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            seed=seed,
        )
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                f"{kind} needs a number of query heads that its key and value heads divide, got "
                f"num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}"
            )
        self.num_repeats = num_query_heads // num_key_value_heads
        self._head_size = self.head_dim

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Makes the projections."""
        key_shape = value_shape if key_shape is None else key_shape
        check_sources(value_shape, key_shape)
        if len(query_shape) != 3 or len(value_shape) != 3:
            raise ValueError(
                "GroupedQueryAttention takes (batch, time, features), got query of shape "
                f"{tuple(query_shape)} and value of shape {tuple(value_shape)}"
            )

        def projection(name: str, shape: Any, heads: int, activation: Any = None) -> Any:
            dense = self._projection(name, "btm,mhd->bthd", (None, heads, self.head_dim), "hd", activation)
            dense.build(tuple(shape))
            return dense

        self._query_dense = projection("query", query_shape, self.num_query_heads)
        self._key_dense = projection("key", key_shape, self.num_key_value_heads)
        if self.use_gate:
            self._gate_dense = projection("gate", query_shape, self.num_query_heads, "sigmoid")
        self._value_dense = projection("value", value_shape, self.num_key_value_heads)
        self._build_attention(4, (1,))
        self._output_dense = self._projection(
            "attention_output", "bthd,hdm->btm", (None, query_shape[-1]), "m"
        )
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _spread(self, heads: Any) -> Any:
        return ops.repeat(heads, self.num_repeats, axis=2)

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> Any:
        """The query's shape."""
        check_sources(value_shape, value_shape if key_shape is None else key_shape)
        return tuple(query_shape)
