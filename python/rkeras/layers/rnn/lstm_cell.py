"""The cell of a long short-term memory."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.layers.rnn.recurrent_cell import RecurrentCell, forget_bias


class LSTMCell(RecurrentCell):
    """One step of a long short-term memory (Hochreiter and Schmidhuber 1997).

    Args:
        units: size of output, state and carry.
        activation: function of the candidate and of the carry in the output.
        recurrent_activation: function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer: how ``kernel`` of shape ``(features, 4 * units)`` begins: input gate, forget gate,
            candidate, output gate.
        recurrent_initializer: how ``recurrent_kernel`` of shape ``(units, 4 * units)`` begins.
        bias_initializer: how ``bias`` of shape ``(4 * units,)`` begins.
        unit_forget_bias: whether the bias of the forget gate begins at one.
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
        >>> cell = LSTMCell(4)
        >>> output, (state, carry) = cell(np.ones((2, 3)), [np.zeros((2, 4)), np.zeros((2, 4))])
        >>> output.shape, carry.shape
        ((2, 4), (2, 4))
    """

    _gates = 4
    unit_forget_bias: bool

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
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

    @property
    def state_size(self) -> list[int]:
        """The sizes of state and carry."""
        return [self.units, self.units]

    def _bias(self, shape: tuple[int, ...]) -> Any:
        return forget_bias(self, self.units, shape) if self.unit_forget_bias else super()._bias(shape)

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> Any:
        """The output, which is the next state too, and a list of next state and carry."""
        h, c = states
        x = self._product(inputs, self.kernel, self._masks("dropout", inputs, training))
        product = self._product(h, self.recurrent_kernel, self._masks("recurrent_dropout", h, training))
        z = _engine.apply("add", x, product)
        if self.bias is not None:
            z = _engine.apply("add", z, self.bias)
        i, f, candidate, o = ops.split(z, 4, axis=-1)
        gate, activation = self.recurrent_activation, self.activation
        c = ops.add(ops.multiply(gate(f), c), ops.multiply(gate(i), activation(candidate)))
        h = ops.multiply(gate(o), activation(c))
        return h, [h, c]
