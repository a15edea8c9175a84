"""The models of the race, once for every Keras and once for PyTorch, with their data."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np


class Entry(NamedTuple):
    """A model's place in the race."""

    kind: str
    """Which model; those that differ in nothing but sizes are of one kind."""
    batch: int
    steps: int
    """Steps of an epoch."""
    inputs: tuple[int, ...]
    """Shape of a sample."""
    classes: int
    """Number of classes; 0 for one number to regress, or the images themselves."""
    words: int = 0
    """Size of the vocabulary, for inputs of word numbers."""
    hidden: tuple[int, ...] = ()
    """Units of the hidden layers, for the kind "dense"."""


MODELS = {
    "mlp": Entry("dense", 32, 500, (784,), 10, hidden=(128,)),
    "convnet": Entry("convnet", 128, 30, (28, 28, 1), 10),
    "conv": Entry("conv", 128, 15, (28, 28, 1), 10),
    "lstm": Entry("lstm", 32, 25, (100, 32), 0),
    "transformer": Entry("transformer", 32, 6, (128,), 10, 8000),
    "gru": Entry("gru", 32, 25, (100, 32), 0),
    "tabular": Entry("dense", 32, 500, (13,), 0, hidden=(64, 64)),
    "wide": Entry("dense", 128, 25, (784,), 10, hidden=(1024, 1024)),
    "text": Entry("text", 32, 50, (200,), 2, 20000),
    "residual": Entry("residual", 64, 6, (32, 32, 3), 10),
    "autoencoder": Entry("autoencoder", 128, 8, (28, 28, 1), 0),
}


def data(entry: Entry) -> tuple[np.ndarray, np.ndarray]:
    """Samples and targets of an epoch."""
    rng = np.random.default_rng(0)
    n = entry.batch * entry.steps
    if entry.words:
        x = rng.integers(0, entry.words, (n, *entry.inputs))
    else:
        x = rng.random((n, *entry.inputs), dtype=np.float32)
    if entry.kind == "autoencoder":
        return x, x
    y = rng.integers(0, entry.classes, n) if entry.classes else rng.random((n, 1), dtype=np.float32)
    return x, y


def keras_model(keras: Any, entry: Entry) -> Any:
    """The compiled model on this Keras."""
    layers, kind = keras.layers, entry.kind
    inputs = x = keras.Input(entry.inputs, dtype="int32" if entry.words else "float32")
    if kind == "dense":
        for units in entry.hidden:
            x = layers.Dense(units, activation="relu")(x)
    elif kind == "convnet":
        for filters in (8, 32):
            x = layers.Conv2D(filters, 5, padding="same", activation="relu")(x)
            x = layers.MaxPooling2D(2)(x)
        x = layers.Dense(64, activation="relu")(layers.Flatten()(x))
    elif kind == "conv":
        for filters in (32, 64):
            x = layers.MaxPooling2D(2)(layers.Conv2D(filters, 3, activation="relu")(x))
        x = layers.Dropout(0.5)(layers.Flatten()(x))
    elif kind in ("lstm", "gru"):
        x = (layers.LSTM if kind == "lstm" else layers.GRU)(128)(x)
    elif kind == "transformer":
        x = layers.Embedding(entry.words, 128)(x)
        for _ in range(2):
            x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 32)(x, x))
            y = layers.Dense(128)(layers.Dense(512, activation="gelu")(x))
            x = layers.LayerNormalization()(x + y)
        x = layers.GlobalAveragePooling1D()(x)
    elif kind == "text":
        x = layers.GlobalAveragePooling1D()(layers.Embedding(entry.words, 64)(x))
        x = layers.Dense(16, activation="relu")(x)
    elif kind == "residual":
        x = layers.Conv2D(16, 3, padding="same", use_bias=False)(x)
        for filters in (16, 16, 32, 32, 64, 64):
            strides = 1 if filters == x.shape[-1] else 2
            y = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
            y = layers.ReLU()(layers.BatchNormalization()(y))
            y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
            y = layers.BatchNormalization()(y)
            if strides == 2:
                x = layers.Conv2D(filters, 1, 2, use_bias=False)(x)
            x = layers.ReLU()(x + y)
        x = layers.GlobalAveragePooling2D()(x)
    elif kind == "autoencoder":
        for _ in range(2):
            x = layers.MaxPooling2D(2)(layers.Conv2D(32, 3, padding="same", activation="relu")(x))
        for _ in range(2):
            x = layers.Conv2DTranspose(32, 3, 2, padding="same", activation="relu")(x)
    if kind == "autoencoder":
        outputs = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    else:
        outputs = layers.Dense(entry.classes, activation="softmax")(x) if entry.classes else layers.Dense(1)(x)
    net = keras.Model(inputs, outputs)
    net.compile("adam", "sparse_categorical_crossentropy" if entry.classes else "mse")
    return net


def torch_model(entry: Entry) -> Any:
    """The same layers as a PyTorch module that gives logits."""
    import torch
    from torch import nn

    class Recurrent(nn.Module):
        def __init__(self, kind: Any) -> None:
            super().__init__()
            self.cells, self.out = kind(32, 128, batch_first=True), nn.Linear(128, 1)

        def forward(self, x: Any) -> Any:
            return self.out(self.cells(x)[0][:, -1])

    class Transformer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(entry.words, 128)
            options = {"dropout": 0.0, "activation": "gelu", "batch_first": True}
            self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(128, 4, 512, **options) for _ in range(2))
            self.out = nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            x = self.embed(x)
            for block in self.blocks:
                x = block(x)
            return self.out(x.mean(1))

    class Text(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(entry.words, 64)
            self.body = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 2))

        def forward(self, x: Any) -> Any:
            return self.body(self.embed(x).mean(1))

    class Residual(nn.Module):
        def __init__(self, before: int, filters: int) -> None:
            super().__init__()
            strides = 1 if filters == before else 2
            self.body = nn.Sequential(
                nn.Conv2d(before, filters, 3, strides, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(),
                nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters),
            )  # fmt: skip
            self.skip = nn.Conv2d(before, filters, 1, 2, bias=False) if strides == 2 else nn.Identity()

        def forward(self, x: Any) -> Any:
            return torch.relu(self.skip(x) + self.body(x))

    kind = entry.kind
    if kind == "dense":
        sizes = (*entry.inputs, *entry.hidden)
        inner = [part for a, b in itertools.pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
        return nn.Sequential(*inner, nn.Linear(sizes[-1], entry.classes or 1))
    if kind == "convnet":
        return nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 32, 5, padding=2), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10),
        )  # fmt: skip
    if kind == "conv":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10),
        )  # fmt: skip
    if kind == "transformer":
        return Transformer()
    if kind == "text":
        return Text()
    if kind == "residual":
        widths = (16, 16, 16, 32, 32, 64, 64)
        blocks = [Residual(a, b) for a, b in itertools.pairwise(widths)]
        first = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        return nn.Sequential(first, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    if kind == "autoencoder":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.ConvTranspose2d(32, 32, 3, 2, 1, 1), nn.ReLU(), nn.ConvTranspose2d(32, 32, 3, 2, 1, 1), nn.ReLU(),
            nn.Conv2d(32, 1, 3, padding=1), nn.Sigmoid(),
        )  # fmt: skip
    return Recurrent(nn.LSTM if kind == "lstm" else nn.GRU)
