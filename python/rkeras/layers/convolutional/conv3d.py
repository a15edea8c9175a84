"""Convolution over the three axes of volumes."""

from __future__ import annotations

from rkeras.layers.convolutional.base_conv import BaseConv


class Conv3D(BaseConv):
    """Convolution over the three axes of volumes, plus bias, through an activation.

    Inputs are (batch, planes, rows, columns, channels), or with channels first.

    Args:
        filters: number of output channels.
        kernel_size: the window, one number or 3.
        strides: how far the window moves, one number or 3.
        padding: ``valid`` (no padding) or ``same`` (as much as keeps the size at stride 1).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the window's taps, one number or 3.
        groups: parts of the channels that are convolved apart.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: how ``kernel`` of shape ``(*window, channels // groups, filters)`` begins.
        bias_initializer: how ``bias`` of shape ``(filters,)`` begins.
        kernel_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Conv3D(4, 3, data_format="channels_last")(np.ones((2, 6, 6, 6, 3))).shape
        (2, 4, 4, 4, 4)
    """

    _rank = 3
