"""A fully connected recurrent layer."""

from __future__ import annotations

from typing import Any

from rkeras.compat.arguments import old_arguments
from rkeras.layers.rnn.cell_layer import CellLayer
from rkeras.layers.rnn.simple_rnn_cell import SimpleRNNCell


class SimpleRNN(CellLayer):
    """A recurrent layer whose output is fed back.

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
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: fraction of the inputs to drop in training.
        recurrent_dropout: fraction of the state to drop in training.
        seed: determines what is dropped.
        return_sequences: whether the outputs of all steps are returned, or of the last only.
        return_state: whether the last state is returned as well.
        go_backwards: from the last step to the first; outputs come in that order.
        stateful: whether the state at the end of a batch is that at the beginning of the next.
        unroll: whether each step is laid out by itself, as derivatives of derivatives need.
        kwargs: those of ``Layer``, and ``zero_output_for_mask``.

    Call arguments:
        sequences: of shape ``(batch, time, features)``.
        initial_state: the state to begin with; zeros by default.
        mask: bools of shape ``(batch, time)``: the steps that count.
        training: whether dropout applies.

    Example:
        >>> import numpy as np
        >>> SimpleRNN(4, return_sequences=True)(np.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    _cell_class = SimpleRNNCell
    _op = "simple_rnn"

    @old_arguments("recurrent")
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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._take(locals())
