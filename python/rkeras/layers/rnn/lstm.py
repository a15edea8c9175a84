"""Long short-term memory."""

from __future__ import annotations

from typing import Any

from rkeras.compat.arguments import old_arguments
from rkeras.layers.rnn.cell_layer import CellLayer
from rkeras.layers.rnn.lstm_cell import LSTMCell


class LSTM(CellLayer):
    """Long short-term memory (Hochreiter and Schmidhuber 1997).

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
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: fraction of the inputs to drop in training.
        recurrent_dropout: fraction of the state to drop in training.
        seed: determines what is dropped.
        return_sequences: whether the outputs of all steps are returned, or of the last only.
        return_state: whether the last state and carry are returned as well.
        go_backwards: from the last step to the first; outputs come in that order.
        stateful: whether the states at the end of a batch are those at the beginning of the next.
        unroll: whether each step is laid out by itself, as derivatives of derivatives need.
        use_cudnn: of no meaning.
        kwargs: those of ``Layer``, and ``zero_output_for_mask``.

    Call arguments:
        sequences: of shape ``(batch, time, features)``.
        initial_state: the state and the carry to begin with; zeros by default.
        mask: bools of shape ``(batch, time)``: the steps that count.
        training: whether dropout applies.

    Example:
        >>> import numpy as np
        >>> LSTM(4, return_sequences=True)(np.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    _cell_class = LSTMCell
    _op = "lstm"

    @old_arguments("recurrent")
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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        self._take(locals())
