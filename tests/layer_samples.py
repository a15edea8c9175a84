"""Small layers that several tests build on."""

from __future__ import annotations

import rkeras as keras


class Linear(keras.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="ones", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs):
        return inputs @ self.kernel + self.bias


class Mode(keras.Layer):
    """Tells the mode it is called in."""

    def __init__(self, seen, **kwargs):
        super().__init__(**kwargs)
        self.seen = seen

    def call(self, x, training=None):
        self.seen(training)
        return x


class Block(keras.Layer):
    """Its call has no training argument."""

    def __init__(self, *inner):
        super().__init__()
        self.inner = list(inner)

    def call(self, x):
        for layer in self.inner:
            x = layer(x)
        return x


class Masking(keras.Layer):
    def call(self, x):
        return x

    def compute_mask(self, inputs, previous_mask=None):
        return inputs[..., 0] > 0


class TakesMask(keras.Layer):
    def __init__(self):
        super().__init__()
        self.supports_masking = True
        self.got = []

    def call(self, x, mask=None):
        self.got.append(mask)
        return x
