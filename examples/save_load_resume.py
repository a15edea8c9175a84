"""Saves a model, loads it in every way, and goes on with a training that was cut off as if nothing had happened."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import rkeras as keras
from rkeras import layers
from rkeras.callbacks import BackupAndRestore, Callback, CSVLogger, ModelCheckpoint


@keras.saving.register_keras_serializable("examples")
class Scale(layers.Layer):
    """A layer of one's own. Registered, it is found again when a file names it."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes a factor for each column."""
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        super().build(input_shape)

    def call(self, inputs):  # type: ignore[no-untyped-def]
        """Each column times its factor."""
        return inputs * self.factor


class PowerCut(Callback):
    """Ends everything in the middle of an epoch.

    Args:
        epoch: the number of that epoch, from 0.
    """

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch, self.now = epoch, -1

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Looks at the clock."""
        self.now = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Raises after a few batches of its epoch."""
        if self.now == self.epoch and batch == 5:
            raise RuntimeError("a power cut")


def make_data(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points inside and outside a ring, in 4 dimensions of which 2 matter."""
    x = np.random.default_rng(0).normal(size=(count, 4)).astype("float32")
    radius = np.hypot(x[:, 0], x[:, 1])
    return x, ((radius > 0.7) & (radius < 1.6)).astype("int64")


def build_model() -> keras.Model:
    """A compiled classifier; twice the same weights, so that two trainings can be compared."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            Scale(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(32, activation="relu"),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(argv: Sequence[str] | None = None) -> float:
    """Returns the largest difference between the weights of an interrupted and an uninterrupted training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="where the files go; a temporary directory if not given")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        return run(options.folder or Path(temporary), options.samples, options.epochs)


def run(folder: Path, samples: int, epochs: int) -> float:
    """All of it, with files in one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    x, y = make_data(samples)

    # 1. A training in one go, which keeps its best model and a table of what happened.
    best = folder / "best.keras"
    whole = build_model()
    whole.fit(
        x,
        y,
        epochs=epochs,
        validation_split=0.2,
        callbacks=[ModelCheckpoint(best, monitor="val_loss", save_best_only=True), CSVLogger(folder / "log.csv")],
        verbose=0,
    )

    # 2. The same training, cut off, and started again by running the same lines once more.
    def train(*more: Callback) -> keras.Model:
        model = build_model()
        backup = BackupAndRestore(folder / "backup")
        model.fit(x, y, epochs=epochs, validation_split=0.2, callbacks=[backup, *more], verbose=0)
        return model

    try:
        train(PowerCut(epochs // 2))
    except RuntimeError as cut:
        print(f"training ended in epoch {epochs // 2 + 1}: {cut}")
    resumed = train()
    pairs = zip(whole.get_weights(), resumed.get_weights(), strict=True)
    difference = max(float(np.abs(one - other).max()) for one, other in pairs)
    print(f"resumed and uninterrupted training differ by {difference:g}")

    # 3. Whole models: architecture, weights, and the optimizer with its state.
    for name in ("model.keras", "model.h5", "model_directory"):
        resumed.save(folder / name)
        loaded = keras.models.load_model(folder / name)
        same = np.array_equal(loaded.predict(x, verbose=0), resumed.predict(x, verbose=0))
        print(f"{name}: loaded, predicts the same: {same}, goes on at step {int(loaded.optimizer.iterations)}")

    # 4. The parts alone.
    (folder / "model.json").write_text(resumed.to_json(), encoding="utf-8")
    resumed.save_weights(folder / "model.weights.h5")
    rebuilt = keras.models.model_from_json((folder / "model.json").read_text(encoding="utf-8"))
    rebuilt.load_weights(folder / "model.weights.h5")
    same = np.array_equal(rebuilt.predict(x, verbose=0), resumed.predict(x, verbose=0))
    print(f"model.json and model.weights.h5: loaded, predicts the same: {same}")

    scores = keras.models.load_model(best).evaluate(x, y, verbose=0, return_dict=True)
    print(f"the best model of the training: {scores['accuracy']:.1%} right")
    return difference


if __name__ == "__main__":
    main()
