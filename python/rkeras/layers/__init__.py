"""Layers. Each lives in a file of its own and loads when it is first used."""

from __future__ import annotations

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {
    "Activation": "rkeras.layers.activations.activation",
    "AveragePooling1D": "rkeras.layers.pooling.average_pooling1d",
    "AveragePooling2D": "rkeras.layers.pooling.average_pooling2d",
    "AveragePooling3D": "rkeras.layers.pooling.average_pooling3d",
    "AvgPool1D": "rkeras.layers.pooling.average_pooling1d:AveragePooling1D",
    "AvgPool2D": "rkeras.layers.pooling.average_pooling2d:AveragePooling2D",
    "AvgPool3D": "rkeras.layers.pooling.average_pooling3d:AveragePooling3D",
    "Conv1D": "rkeras.layers.convolutional.conv1d",
    "Conv2D": "rkeras.layers.convolutional.conv2d",
    "Conv3D": "rkeras.layers.convolutional.conv3d",
    "Convolution1D": "rkeras.layers.convolutional.conv1d:Conv1D",
    "Convolution2D": "rkeras.layers.convolutional.conv2d:Conv2D",
    "Convolution3D": "rkeras.layers.convolutional.conv3d:Conv3D",
    "Dense": "rkeras.layers.core.dense",
    "Dropout": "rkeras.layers.regularization.dropout",
    "Flatten": "rkeras.layers.reshaping.flatten",
    "GlobalAveragePooling1D": "rkeras.layers.pooling.global_average_pooling",
    "GlobalAveragePooling2D": "rkeras.layers.pooling.global_average_pooling",
    "GlobalAveragePooling3D": "rkeras.layers.pooling.global_average_pooling",
    "GlobalAvgPool1D": "rkeras.layers.pooling.global_average_pooling:GlobalAveragePooling1D",
    "GlobalAvgPool2D": "rkeras.layers.pooling.global_average_pooling:GlobalAveragePooling2D",
    "GlobalAvgPool3D": "rkeras.layers.pooling.global_average_pooling:GlobalAveragePooling3D",
    "GlobalMaxPool1D": "rkeras.layers.pooling.global_max_pooling:GlobalMaxPooling1D",
    "GlobalMaxPool2D": "rkeras.layers.pooling.global_max_pooling:GlobalMaxPooling2D",
    "GlobalMaxPool3D": "rkeras.layers.pooling.global_max_pooling:GlobalMaxPooling3D",
    "GlobalMaxPooling1D": "rkeras.layers.pooling.global_max_pooling",
    "GlobalMaxPooling2D": "rkeras.layers.pooling.global_max_pooling",
    "GlobalMaxPooling3D": "rkeras.layers.pooling.global_max_pooling",
    "Input": "rkeras.layers.core.input_layer",
    "InputLayer": "rkeras.layers.core.input_layer",
    "InputSpec": "rkeras.layers.input_spec",
    "Layer": "rkeras.layers.layer",
    "MaxPool1D": "rkeras.layers.pooling.max_pooling1d:MaxPooling1D",
    "MaxPool2D": "rkeras.layers.pooling.max_pooling2d:MaxPooling2D",
    "MaxPool3D": "rkeras.layers.pooling.max_pooling3d:MaxPooling3D",
    "MaxPooling1D": "rkeras.layers.pooling.max_pooling1d",
    "MaxPooling2D": "rkeras.layers.pooling.max_pooling2d",
    "MaxPooling3D": "rkeras.layers.pooling.max_pooling3d",
    "Reshape": "rkeras.layers.reshaping.reshape",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
