"""Whole models in `.keras` files."""

import numpy as np

import rkeras
from rkeras import layers

RNG = np.random.default_rng(0)
X, Y = RNG.random((64, 4), "float32"), RNG.random((64, 1), "float32")


def small():
    model = rkeras.Sequential(
        [
            rkeras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )
    model.compile(rkeras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model


def test_training_goes_on_where_it_stopped(tmp_path):
    model = small()
    model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    model.save(tmp_path / "m.keras")
    loaded = rkeras.models.load_model(tmp_path / "m.keras")
    straight = model.fit(X, Y, epochs=2, verbose=0, shuffle=False).history
    assert loaded.fit(X, Y, epochs=2, verbose=0, shuffle=False).history == straight
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
