"""The cell of a fully connected recurrent layer."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, tree
from rkeras.layers.rnn.recurrent_cell import RecurrentCell


class SimpleRNNCell(RecurrentCell):
    """``activation(inputs @ kernel + state @ recurrent_kernel + bias)``, which is output and next state.

    Args:
        units: size of output and state.
        activation: function of the sum.
        use_bias: whether a bias is added.
        kernel_initializer: how ``kernel`` of shape ``(features, units)`` begins.
        recurrent_initializer: how ``recurrent_kernel`` of shape ``(units, units)`` begins.
        bias_initializer: how ``bias`` of shape ``(units,)`` begins.
        kernel_regularizer: penalty on the kernel.
        recurrent_regularizer: penalty on the recurrent kernel.
        bias_regularizer: penalty on the bias.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: fraction of the inputs to drop in training.
        recurrent_dropout: fraction of the state to drop in training.
        seed: determines what is dropped.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> cell = SimpleRNNCell(4)
        >>> output, states = cell(np.ones((2, 3)), [np.zeros((2, 4))])
        >>> output.shape
        (2, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
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
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._take(locals())

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> Any:
        """The output and the next state."""
        h = states[0] if tree.is_nested(states) else states
        x = self._product(inputs, self.kernel, self._masks("dropout", inputs, training))
        if self.bias is not None:
            x = _engine.apply("add", x, self.bias)
        product = self._product(h, self.recurrent_kernel, self._masks("recurrent_dropout", h, training))
        output = self.activation(_engine.apply("add", x, product))
        return output, [output] if tree.is_nested(states) else output
