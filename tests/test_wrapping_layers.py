"""Spectral normalization, pipelines and embeddings of two directions."""

from __future__ import annotations

import numpy as np
import pytest

import rkeras
from rkeras import layers


def _again(layer):
    return rkeras.saving.deserialize_keras_object(rkeras.saving.serialize_keras_object(layer))


def test_spectral_normalization_approaches_a_spectral_norm_of_one():
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    layer = layers.SpectralNormalization(layers.Dense(5, use_bias=False), power_iterations=3)
    layer.build((None, 6))
    kernel = np.random.default_rng(1).normal(size=(6, 5)).astype("float32")
    layer.layer.kernel.assign(kernel)
    u = layer.vector_u.numpy()
    for _ in range(3):
        v = u @ kernel.T
        v /= np.linalg.norm(v)
        u = v @ kernel
        u /= np.linalg.norm(u)
    found = layer(x, training=True).numpy()
    divided = kernel / (v @ kernel @ u.T)
    np.testing.assert_allclose(layer.layer.kernel.numpy(), divided, rtol=1e-4)
    np.testing.assert_allclose(layer.vector_u.numpy(), u, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found, x @ divided, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(x).numpy(), found, rtol=1e-6)
    for _ in range(20):
        layer(x, training=True)
    assert abs(np.linalg.svd(layer.layer.kernel.numpy())[1][0] - 1.0) < 1e-3
    assert _again(layer).power_iterations == 3


def test_spectral_normalization_of_other_layers():
    picture = layers.SpectralNormalization(layers.Conv2D(3, 2, data_format="channels_last"))
    assert picture(np.ones((1, 4, 4, 2)), training=True).shape == (1, 3, 3, 3)
    vectors = layers.SpectralNormalization(layers.Embedding(4, 2))
    assert vectors(np.array([[1, 2]]), training=True).shape == (1, 2, 2)
    zeros = layers.SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"))
    assert zeros(np.ones((1, 3)), training=True).numpy().tolist() == [[0.0, 0.0]]
    with pytest.raises(ValueError, match="neither"):
        layers.SpectralNormalization(layers.Flatten())(np.ones((2, 3)))


def test_spectral_normalization_trains_in_a_compiled_step():
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    model = rkeras.Sequential([layers.Input((4,)), layers.SpectralNormalization(layers.Dense(3)), layers.Dense(1)])
    model.compile(rkeras.optimizers.Adam(0.05), "mse")
    losses = model.fit(x, x[:, 0], epochs=10, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    assert np.linalg.svd(model.layers[0].layer.kernel.numpy())[1][0] < 1.3


def test_a_pipeline_is_its_layers_in_order():
    pipeline = layers.Pipeline([layers.Rescaling(2.0), layers.Dropout(0.5, seed=1), layers.Rescaling(1.0, 1.0)])
    x = np.ones((3, 4), "float32")
    assert set(np.unique(pipeline(x, training=True).numpy())) == {1.0, 5.0}
    np.testing.assert_array_equal(pipeline(x, training=False).numpy(), x * 3)
    again = _again(pipeline)
    assert [type(layer).__name__ for layer in again.layers] == ["Rescaling", "Dropout", "Rescaling"]
    np.testing.assert_array_equal(again(x, training=False).numpy(), x * 3)
    with pytest.raises(ValueError, match="made of layers"):
        layers.Pipeline([3])
    with pytest.raises(ValueError, match="list of layers"):
        layers.Pipeline.from_config({"layers": 3})


def test_vectors_and_scores():
    layer = layers.ReversibleEmbedding(5, 3, mask_zero=True)
    x = np.array([[1, 2, 0]])
    vectors = layer(x)
    table = layer.embeddings.numpy()
    np.testing.assert_array_equal(vectors.numpy(), table[x])
    assert vectors._keras_mask.numpy().tolist() == [[True, True, False]]
    np.testing.assert_allclose(layer(vectors, reverse=True).numpy(), table[x] @ table.T, rtol=1e-5)
    capped = layers.ReversibleEmbedding(5, 3, tie_weights=False, logit_soft_cap=2.0, embeddings_initializer="ones")
    capped.build()
    assert len(capped.weights) == 2
    scores = capped(np.full((1, 3), 9.0, "float32"), reverse=True).numpy()
    np.testing.assert_allclose(scores, np.full((1, 5), 2 * np.tanh(27 / 2)), rtol=1e-6)
    assert _again(capped).get_config() == capped.get_config()
    inputs = layers.Input((None,), dtype="int32")
    assert rkeras.Model(inputs, layer(layer(inputs), reverse=True)).output_shape == (None, None, 5)


def test_adaptive_pooling_says_what_does_not_fit():
    with pytest.raises(ValueError, match="2 sizes"):
        layers.AdaptiveMaxPooling2D((1, 2, 3))
    with pytest.raises(ValueError, match="4 axes"):
        layers.AdaptiveMaxPooling2D(2)(np.ones((2, 3, 4)))
    whole = layers.AdaptiveAveragePooling2D((None, 1), data_format="channels_last")(np.ones((2, 5, 6, 1)))
    assert whole.shape == (2, 5, 1, 1)
