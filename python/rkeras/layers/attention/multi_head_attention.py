"""Multi-head attention."""

from __future__ import annotations

import string
from typing import Any

from rkeras.layers._arguments import positive
from rkeras.layers.attention.head_attention import HeadAttention, check_sources


class MultiHeadAttention(HeadAttention):
    """Attention in several heads, each with projections of its own (Vaswani et al. 2017).

    Where neither the attention scores nor dropout are wanted, the memory it takes grows with the length of the
    sequence, not with its square.

    Args:
        num_heads: number of heads.
        key_dim: size of queries and keys in each head.
        value_dim: size of values in each head; ``key_dim`` by default.
        dropout: fraction of the weights to drop in training.
        use_bias: whether the projections have one.
        output_shape: size or sizes of the last axes of the output; those of the query by default.
        attention_axes: the axes to attend over; all but the batch and the features by default.
        sliding_window: if given, a query sees keys less than so far away only.
        flash_attention: True to refuse what needs all scores at once.
        kernel_initializer: how the kernels begin.
        bias_initializer: how the biases begin.
        kernel_regularizer: penalty on the kernels.
        bias_regularizer: penalty on the biases.
        activity_regularizer: penalty on what the projections return.
        kernel_constraint: applied to the kernels after each update.
        bias_constraint: applied to the biases after each update.
        use_gate: whether a sigmoid of the query multiplies what the heads found (Qiu et al. 2025).
        seed: determines what is dropped.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument is not as above, or ``flash_attention=True`` comes with dropout.

    Example:
        >>> import numpy as np
        >>> x = np.ones((2, 5, 16), "float32")
        >>> MultiHeadAttention(num_heads=2, key_dim=4)(x, x, use_causal_mask=True).shape
        (2, 5, 16)
    """

    num_heads: int
    key_dim: int
    value_dim: int
    attention_axes: Any

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
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
        super().__init__(**kwargs)
        kind = type(self).__name__
        if not (output_shape is None or isinstance(output_shape, (int, list, tuple))):
            raise ValueError(f"{kind} needs a size or sizes as output_shape, got {output_shape!r}")
        if not (attention_axes is None or isinstance(attention_axes, (int, list, tuple))):
            raise ValueError(f"{kind} needs an axis or axes as attention_axes, got {attention_axes!r}")
        self._keep_shared(
            activity_regularizer,
            flash_attention,
            num_heads=positive(kind, "num_heads", num_heads),
            key_dim=positive(kind, "key_dim", key_dim),
            value_dim=positive(kind, "value_dim", key_dim if value_dim is None else value_dim),
            dropout=dropout,
            use_bias=use_bias,
            use_gate=use_gate,
            attention_axes=(attention_axes,) if isinstance(attention_axes, int) else attention_axes,
            sliding_window=sliding_window,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            seed=seed,
        )
        # Not under the name of the argument, which a model uses for something else.
        sizes = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape or ())
        self._output_sizes = sizes or None
        self._head_size = self.key_dim

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Makes the projections."""
        key_shape = value_shape if key_shape is None else key_shape
        check_sources(value_shape, key_shape)
        outputs = self._output_sizes or (query_shape[-1],)

        def projection(name: str, shape: Any, taken: int, sizes: tuple[int, ...], activation: Any = None) -> Any:
            """From the last ``taken`` axes of a tensor of that shape to axes of those sizes."""
            letters = string.ascii_lowercase
            kept, rank = len(shape) - taken, len(shape)
            made = letters[rank : rank + len(sizes)]
            equation = f"{letters[:rank]},{letters[kept:rank]}{made}->{letters[:kept]}{made}"
            dense = self._projection(name, equation, [None] * (kept - 1) + list(sizes), made, activation)
            dense.build(tuple(shape))
            return dense

        of_keys, of_values = (self.num_heads, self.key_dim), (self.num_heads, self.value_dim)
        self._query_dense = projection("query", query_shape, 1, of_keys)
        self._key_dense = projection("key", key_shape, 1, of_keys)
        if self.use_gate:
            self._gate_dense = projection("gate", query_shape, 1, of_values, "sigmoid")
        self._value_dense = projection("value", value_shape, 1, of_values)
        rank = len(value_shape) + 1
        if self.attention_axes is None:
            self.attention_axes = tuple(range(1, rank - 2))
        else:
            self.attention_axes = tuple(axis if axis >= 0 else axis + rank - 1 for axis in self.attention_axes)
        if not self.attention_axes or not all(0 < axis < rank - 2 for axis in self.attention_axes):
            raise ValueError(
                f"attention_axes must lie between the batch and the features, got {self.attention_axes} for values of "
                f"shape {tuple(value_shape)}"
            )
        self._build_attention(rank, self.attention_axes)
        self._output_dense = projection("attention_output", (*query_shape[:-1], *of_values), 2, outputs)

    @property
    def query_dense(self) -> Any:
        """The projection of queries."""
        return self._query_dense

    @property
    def key_dense(self) -> Any:
        """The projection of keys."""
        return self._key_dense

    @property
    def value_dense(self) -> Any:
        """The projection of values."""
        return self._value_dense

    @property
    def output_dense(self) -> Any:
        """The projection of what the heads found."""
        return self._output_dense

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> Any:
        """The query's shape, with ``output_shape`` in place of the features if it was given."""
        check_sources(value_shape, value_shape if key_shape is None else key_shape)
        return (*query_shape[:-1], *(self._output_sizes or query_shape[-1:]))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        return {**super().get_config(), "output_shape": self._output_sizes}
