"""A variational autoencoder of small pictures: a subclassed model with its own ``train_step`` and ``test_step``.

The pictures, of 12 by 12 with a soft blob somewhere, are generated. The model learns two numbers that say where the
blob is, without ever being told that there is such a thing as a place.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

import rkeras as keras
from rkeras import layers, ops

SIZE = 12


def make_blobs(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures ``(count, 12, 12, 1)`` in 0 … 1 and the places ``(count, 2)`` of their blobs."""
    places = np.random.default_rng(seed).uniform(2, SIZE - 3, size=(count, 2))
    rows, columns = np.mgrid[:SIZE, :SIZE]
    distance = (rows - places[:, :1, None]) ** 2 + (columns - places[:, 1:, None]) ** 2
    return np.exp(-distance / 4)[..., None].astype("float32"), places


class Sampling(layers.Layer):
    """A random point of the normal distribution that the encoder describes."""

    def __init__(self, **kwargs) -> None:  # type: ignore[no-untyped-def]
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, inputs):  # type: ignore[no-untyped-def]
        """The point for each pair of mean and logarithm of the variance."""
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


class VAE(keras.Model):
    """An encoder to a few numbers and a decoder back, trained to lose little and to use the numbers evenly.

    Args:
        latent: how many numbers describe a picture.
    """

    def __init__(self, latent: int = 2, **kwargs) -> None:  # type: ignore[no-untyped-def]
        super().__init__(**kwargs)
        self.hidden = keras.Sequential(
            [
                layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
                layers.Flatten(),
                layers.Dense(32, activation="relu"),
            ]
        )
        self.mean = layers.Dense(latent)
        self.log_variance = layers.Dense(latent)
        self.sampling = Sampling()
        self.decoder = keras.Sequential(
            [
                layers.Dense(64, activation="relu"),
                layers.Dense(SIZE * SIZE, activation="sigmoid"),
                layers.Reshape((SIZE, SIZE, 1)),
            ]
        )
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.picture_tracker = keras.metrics.Mean(name="picture_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):  # type: ignore[no-untyped-def]
        """What starts anew with each epoch."""
        return [self.loss_tracker, self.picture_tracker, self.kl_tracker]

    def encode(self, pictures):  # type: ignore[no-untyped-def]
        """Mean and logarithm of the variance of each picture's numbers."""
        hidden = self.hidden(pictures)
        return self.mean(hidden), self.log_variance(hidden)

    def call(self, pictures):  # type: ignore[no-untyped-def]
        """The pictures, as well as the decoder can restore them."""
        mean, _ = self.encode(pictures)
        return self.decoder(mean)

    def losses_of(self, pictures):  # type: ignore[no-untyped-def]
        """The two parts of the loss."""
        mean, log_variance = self.encode(pictures)
        restored = self.decoder(self.sampling([mean, log_variance]))
        difference = keras.losses.binary_crossentropy(pictures, restored)
        picture_loss = ops.mean(ops.sum(difference, axis=(1, 2)))
        kl = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        return picture_loss, ops.mean(ops.sum(kl, axis=1))

    def update(self, picture_loss, kl_loss):  # type: ignore[no-untyped-def]
        """Counts a batch and says what to show."""
        self.loss_tracker.update_state(picture_loss + kl_loss)
        self.picture_tracker.update_state(picture_loss)
        self.kl_tracker.update_state(kl_loss)
        return {metric.name: metric.result() for metric in self.metrics}

    def train_step(self, pictures):  # type: ignore[no-untyped-def]
        """A step of training, compiled and run in Rust as the built-in one is."""
        with keras.GradientTape() as tape:
            picture_loss, kl_loss = self.losses_of(pictures)
            loss = picture_loss + kl_loss
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self.update(picture_loss, kl_loss)

    def test_step(self, pictures):  # type: ignore[no-untyped-def]
        """A step of ``evaluate`` and of validation."""
        return self.update(*self.losses_of(pictures))


def shades(picture: np.ndarray) -> list[str]:
    """The picture as lines of text."""
    return ["".join(" .:-=+*#%@"[int(value * 9.99)] * 2 for value in row) for row in picture[..., 0]]


def main(argv: Sequence[str] | None = None) -> float:
    """Trains and shows pictures beside restored ones; returns how much of the blobs' places the numbers explain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args(argv)

    keras.utils.set_random_seed(3)
    pictures, _ = make_blobs(options.samples)
    unseen, places = make_blobs(500, seed=1)
    model = VAE()
    model.compile(optimizer=keras.optimizers.Adam(0.002))
    model.fit(pictures, epochs=options.epochs, batch_size=64, validation_data=(unseen,), verbose=2)

    restored = model.predict(unseen[:2], verbose=0)
    for original, copy in zip(unseen[:2], restored, strict=True):
        print("\n".join(f"|{left}|  |{right}|" for left, right in zip(shades(original), shades(copy), strict=True)))
        print()
    mean = np.asarray(model.encode(unseen)[0])
    terms = np.stack([mean[:, 0] ** i * mean[:, 1] ** j for i in range(4) for j in range(4 - i)], axis=1)
    error = places - terms @ np.linalg.lstsq(terms, places, rcond=None)[0]
    explained = float(1 - error.var() / places.var())
    print(f"the two numbers explain {explained:.1%} of where the blobs are")
    return explained


if __name__ == "__main__":
    main()
