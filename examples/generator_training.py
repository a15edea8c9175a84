"""Trains on pictures that are made while the network learns: a ``PyDataset`` with workers, and a generator.

Each batch is drawn when it is wanted: circles and squares of any size, anywhere, with noise on top. Nothing but the
batches in the queue is ever in memory.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

import rkeras as keras
from rkeras import layers

SIZE = 24


def draw_shapes(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures ``(count, 24, 24, 1)`` of circles (class 0) and squares (class 1)."""
    kind = rng.integers(2, size=count)
    radius = rng.uniform(4, 8, size=(count, 1, 1))
    row, column = rng.uniform(8, SIZE - 8, size=(2, count, 1, 1))
    rows, columns = np.mgrid[:SIZE, :SIZE]
    down, right = np.abs(rows - row), np.abs(columns - column)
    circle, square = np.hypot(down, right) <= radius, np.maximum(down, right) <= radius * 0.9
    picture = np.where(kind[:, None, None] == 0, circle, square) + rng.normal(scale=0.4, size=(count, SIZE, SIZE))
    return picture[..., None].astype("float32"), kind


class Shapes(keras.utils.PyDataset):
    """Batches of shapes, the same ones for the same index, so that workers may make them in any order.

    Args:
        batches: how many batches an epoch has.
        batch_size: pictures in each.
        kwargs: ``workers``, ``use_multiprocessing`` and ``max_queue_size``.
    """

    def __init__(self, batches: int, batch_size: int, **kwargs) -> None:  # type: ignore[no-untyped-def]
        super().__init__(**kwargs)
        self.batches, self.batch_size, self.epoch = batches, batch_size, 0

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return draw_shapes(self.batch_size, np.random.default_rng([self.epoch, index]))

    def on_epoch_end(self) -> None:
        """Other pictures in the next epoch."""
        self.epoch += 1


def endless(batch_size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A plain generator does as well; it has no length, so ``fit`` is told how many steps to take."""
    rng = np.random.default_rng(12345)
    while True:
        yield draw_shapes(batch_size, rng)


def main(argv: Sequence[str] | None = None) -> float:
    """Trains with worker threads, validates with a generator; returns the accuracy on new pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=60, help="per epoch")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--processes", action="store_true", help="workers are processes instead of threads")
    options = parser.parse_args(argv)

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    data = Shapes(
        options.batches,
        options.batch_size,
        workers=options.workers,
        use_multiprocessing=options.processes,
        max_queue_size=8,
    )
    model.fit(
        data,
        epochs=options.epochs,
        validation_data=endless(options.batch_size),
        validation_steps=5,
        callbacks=[keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=2, factor=0.3)],
        verbose=2,
    )
    _, accuracy = model.evaluate(endless(options.batch_size), steps=10, verbose=0)
    print(f"accuracy on new pictures: {accuracy:.1%}")
    return float(accuracy)


if __name__ == "__main__":
    main()
