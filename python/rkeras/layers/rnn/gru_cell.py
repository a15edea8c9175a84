"""The cell of a gated recurrent unit."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops, tree
from rkeras.layers.rnn.recurrent_cell import RecurrentCell


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit (Cho et al. 2014).

    Args:
        units: size of output and state.
        activation: function of the candidate.
        recurrent_activation: function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer: how ``kernel`` of shape ``(features, 3 * units)`` begins: update gate, reset gate,
            candidate.
        recurrent_initializer: how ``recurrent_kernel`` of shape ``(units, 3 * units)`` begins.
        bias_initializer: how ``bias`` begins: of shape ``(2, 3 * units)``, for kernel and recurrent kernel, or
            ``(3 * units,)`` without ``reset_after``.
        kernel_regularizer: penalty on the kernel.
        recurrent_regularizer: penalty on the recurrent kernel.
        bias_regularizer: penalty on the bias.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: fraction of the inputs to drop in training.
        recurrent_dropout: fraction of the state to drop in training.
        reset_after: whether the reset gate comes after the product with the recurrent kernel, or before it.
        seed: determines what is dropped.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> cell = GRUCell(4)
        >>> output, states = cell(np.ones((2, 3)), [np.zeros((2, 4))])
        >>> output.shape, cell.bias.shape
        ((2, 4), (2, 12))
    """

    _gates = 3
    reset_after: bool

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._take(locals())

    def _bias_shape(self, width: int) -> tuple[int, ...]:
        return (2, width) if self.reset_after else (width,)

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> Any:
        """The output and the next state."""
        h = states[0] if tree.is_nested(states) else states
        x = self._product(inputs, self.kernel, self._masks("dropout", inputs, training))
        if self.bias is not None:
            x = _engine.apply("add", x, self.bias[0] if self.reset_after else self.bias)
        masks = self._masks("recurrent_dropout", h, training)
        x_update, x_reset, x_candidate = ops.split(x, 3, axis=-1)
        if self.reset_after:
            product = self._product(h, self.recurrent_kernel, masks)
            if self.bias is not None:
                product = _engine.apply("add", product, self.bias[1])
            h_update, h_reset, h_candidate = ops.split(product, 3, axis=-1)
            reset = self.recurrent_activation(ops.add(x_reset, h_reset))
            inner = ops.multiply(reset, h_candidate)
        else:
            gates, candidate = (slice(2 * self.units), slice(2 * self.units, None))
            ahead = masks if masks is None else masks[:2]
            product = self._product(h, self.recurrent_kernel[:, gates], ahead)
            h_update, h_reset = ops.split(product, 2, axis=-1)
            reset = self.recurrent_activation(ops.add(x_reset, h_reset))
            kept = h if masks is None else ops.multiply(h, masks[2])
            inner = ops.matmul(ops.multiply(reset, kept), self.recurrent_kernel[:, candidate])
        update = self.recurrent_activation(ops.add(x_update, h_update))
        new = self.activation(ops.add(x_candidate, inner))
        output = ops.add(ops.multiply(update, h), ops.multiply(ops.subtract(1.0, update), new))
        return output, [output] if tree.is_nested(states) else output
