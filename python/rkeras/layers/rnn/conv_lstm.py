"""Convolutional long short-term memories over one, two and three spatial axes."""

from __future__ import annotations

from typing import Any

from rkeras.compat.arguments import old_arguments
from rkeras.layers.rnn.cell_layer import CellLayer
from rkeras.layers.rnn.conv_lstm_cell import ConvLSTMCell


class ConvLSTM(CellLayer):
    """A long short-term memory whose products are convolutions over ``_rank`` spatial axes (Shi et al. 2015).

    Args:
        filters: channels of output, state and carry.
        kernel_size: window of both convolutions: an int or one for each axis.
        strides: steps of the window over the input.
        padding: ``"valid"`` or ``"same"``, of the convolution of the input.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: distance between points of the window over the input.
        activation: function of the candidate and of the carry in the output.
        recurrent_activation: function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer: how ``kernel`` begins.
        recurrent_initializer: how ``recurrent_kernel`` begins.
        bias_initializer: how ``bias`` begins.
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
        kwargs: those of ``RNN``.

    Raises:
        ValueError: a size below one, an unknown padding, or inputs of another rank.
    """

    _cell_class = ConvLSTMCell
    _rank = 0

    @old_arguments("conv_lstm")
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        **kwargs: Any,
    ) -> None:
        self._take({**locals(), "rank": self._rank}, self._rank + 3)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """The shape of the output, followed by those of the states if they are returned."""
        if not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
            self.cell.built = True
        state = self.cell.state_shape(sequences_shape[0])
        shape = (state[0], sequences_shape[1], *state[1:]) if self.return_sequences else state
        return (shape, state, state) if self.return_state else shape

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        del config["rank"]
        return config


class ConvLSTM1D(ConvLSTM):
    """A long short-term memory over signals; the arguments are those of ``ConvLSTM``.

    Inputs have the shape (batch, steps, length, channels); the output has (batch, length, filters)
    of the last step or, with ``return_sequences``, of each. Channels may come before sizes.

    Example:
        >>> import numpy as np
        >>> ConvLSTM1D(4, 3, padding="same", data_format="channels_last")(np.ones((1, 2, 6, 3))).shape
        (1, 6, 4)
    """

    _rank = 1


class ConvLSTM2D(ConvLSTM):
    """A long short-term memory over images; the arguments are those of ``ConvLSTM``.

    Inputs have the shape (batch, steps, rows, columns, channels); the output has (batch, rows, columns, filters)
    of the last step or, with ``return_sequences``, of each. Channels may come before sizes.

    Example:
        >>> import numpy as np
        >>> ConvLSTM2D(4, 3, padding="same", data_format="channels_last")(np.ones((1, 2, 6, 5, 3))).shape
        (1, 6, 5, 4)
    """

    _rank = 2


class ConvLSTM3D(ConvLSTM):
    """A long short-term memory over volumes; the arguments are those of ``ConvLSTM``.

    Inputs have the shape (batch, steps, planes, rows, columns, channels); the output has
    (batch, planes, rows, columns, filters)
    of the last step or, with ``return_sequences``, of each. Channels may come before sizes.

    Example:
        >>> import numpy as np
        >>> ConvLSTM3D(4, 3, padding="same", data_format="channels_last")(np.ones((1, 2, 6, 5, 4, 3))).shape
        (1, 6, 5, 4, 4)
    """

    _rank = 3
