"""Ops composed of others: what figures cannot show, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import rkeras
from rkeras import ops

random = np.random.default_rng(3)


@pytest.mark.parametrize("n", [1, 2, 17, 40])
def test_matrices_are_products_of_their_factors(n):
    x = random.normal(size=(n, n + 3)).astype("float32")
    left, values, right = (t.numpy() for t in ops.svd(x))
    np.testing.assert_allclose(left @ left.T, np.eye(n), atol=1e-5)
    np.testing.assert_allclose(right @ right.T, np.eye(n + 3), atol=1e-5)
    np.testing.assert_allclose((left * values) @ right[:n], x, atol=1e-4)
    square = x[:, :n] + x[:, :n].T
    eigenvalues, vectors = (t.numpy() for t in ops.eigh(square))
    np.testing.assert_allclose((vectors * eigenvalues) @ vectors.T, square, atol=1e-4)
    np.testing.assert_allclose(eigenvalues, np.linalg.eigvalsh(square), rtol=2e-5, atol=1e-4)
    np.testing.assert_allclose(ops.matmul(ops.inv(x[:, :n]), x[:, :n]), np.eye(n), atol=2e-3)


def test_vectors_of_a_deficient_matrix_are_orthogonal():
    x = np.outer([1.0, 2.0, 3.0, 4.0], [1.0, -1.0, 2.0]).astype("float32")
    left, values, _ = (t.numpy() for t in ops.svd(x))
    np.testing.assert_allclose(left @ left.T, np.eye(4), atol=1e-5)
    assert values[1] < 1e-5 and int(ops.linalg.matrix_rank(x)) == 1


def test_singular_matrices_have_the_determinant_zero_and_no_finite_inverse():
    x = np.array([[0.0, 1.0], [0.0, 2.0]], "float32")
    assert float(ops.det(x)) == 0.0
    assert not np.isfinite(ops.inv(x).numpy()).all()


def test_a_compiled_cholesky_of_a_bad_matrix_gives_nan():
    bad = np.array([[1.0, 2.0], [2.0, 1.0]], "float32")
    assert np.isnan(rkeras.function(ops.cholesky)(bad).numpy()).any()


def test_long_transforms_agree_with_numpy_and_come_back():
    for n in (1000, 1024, 211):
        x = random.normal(size=n)
        real, imag = ops.rfft(x)
        np.testing.assert_allclose(real.numpy() + 1j * imag.numpy(), np.fft.rfft(x), atol=1e-9)
        np.testing.assert_allclose(ops.irfft((real, imag), n), x, atol=1e-12)


@pytest.mark.parametrize("window", ["hann", "hamming"])
def test_sounds_come_back_from_their_spectra(window):
    sound = random.normal(size=(2, 50))
    spectra = ops.stft(sound, 8, 2, 16, window=window)
    np.testing.assert_allclose(ops.istft(spectra, 8, 2, 16, length=50, window=window), sound, atol=1e-9)


def test_partitions_have_their_element_in_place():
    x = random.permutation(20).reshape(4, 5)
    found = np.take_along_axis(x, ops.argpartition(x, 2).numpy(), 1)
    np.testing.assert_array_equal(found[:, 2], np.sort(x, 1)[:, 2])
    assert ops.argpartition(x, 3, axis=None).shape == (20,)


def test_functions_of_elements_become_functions_of_tensors():
    scaled = ops.vectorize(lambda a, b, by=1.0: a * by + b, excluded=["by"])
    np.testing.assert_allclose(scaled([[1.0], [2.0]], [10.0, 20.0], by=2.0), [[12.0, 22.0], [14.0, 24.0]])
    dot = ops.vectorize(lambda a, b: ops.sum(a * b), signature="(n),(n)->()")
    x, y = random.normal(size=(2, 3)), random.normal(size=(4, 1, 3))
    np.testing.assert_allclose(dot(x, y), (x * y).sum(-1))


def test_elastic_pictures_follow_their_seed_and_keep_their_range():
    picture = random.uniform(0, 1, (2, 9, 8, 3)).astype("float32")
    bend = lambda seed: ops.image.elastic_transform(picture, alpha=3.0, sigma=1.0, seed=seed).numpy()  # noqa: E731
    assert bend(1).shape == picture.shape and 0 <= bend(1).min() and bend(1).max() <= 1
    np.testing.assert_array_equal(bend(1), bend(1))
    assert np.abs(bend(1) - bend(2)).max() > 0.01
    np.testing.assert_allclose(ops.image.elastic_transform(picture, alpha=0.0, seed=1), picture)


def test_number_of_classes_has_an_older_name_but_no_other():
    assert ops.multi_hot([0, 2], num_tokens=4).tolist() == [1.0, 0.0, 1.0, 0.0]
    with pytest.raises(TypeError, match="classes_num"):
        ops.multi_hot([0, 2], 3, classes_num=4)


def test_symbolic_calls_keep_open_sizes():
    x = rkeras.Input((6, 6, 4))
    assert ops.space_to_depth(x, 2).shape == (None, 3, 3, 16)
    assert ops.image.gaussian_blur(x, data_format="channels_last").shape == (None, 6, 6, 4)
    assert ops.rearrange(x, "b h w c -> b (h w) c").shape == (None, 36, 4)
    assert ops.inv(x[:, :4, 0, :]).shape == (None, 4, 4) and ops.nanmean(x, axis=(1, 2)).shape == (None, 4)
    model = rkeras.Model(x, ops.image.sobel_edges(x, data_format="channels_last"))
    assert model.predict(np.ones((3, 6, 6, 4), "float32"), verbose=0).shape == (3, 6, 6, 4, 2)


REFUSED = {
    "quantile": lambda: ops.quantile([1.0], 0.5, method="best"),
    "searchsorted": lambda: ops.searchsorted([1.0], [1.0], side="middle"),
    "histogram": lambda: ops.histogram([1.0], bins=0),
    "segment_sum": lambda: ops.segment_sum(np.ones((3, 2)), [0, 1]),
    "argpartition": lambda: ops.argpartition([1, 2], 5),
    "cross": lambda: ops.cross([1, 2, 3, 4], [1, 2, 3]),
    "correlate": lambda: ops.correlate([1.0], [1.0], mode="some"),
    "rot90": lambda: ops.rot90(np.ones((2, 2)), axes=(1, -1)),
    "vsplit": lambda: ops.vsplit(np.ones((3, 2)), 2),
    "select": lambda: ops.select([[True]], []),
    "linspace": lambda: ops.linspace(0, 1, num=-1),
    "cholesky": lambda: ops.cholesky([[1.0, 2.0], [2.0, 1.0]]),
    "det": lambda: ops.det(np.ones((2, 3))),
    "solve": lambda: ops.solve(np.eye(3), np.ones(2)),
    "qr": lambda: ops.qr(np.eye(2), mode="economic"),
    "lstsq": lambda: ops.lstsq(np.ones((3, 2)), np.ones(2)),
    "jvp": lambda: ops.linalg.jvp(lambda x: x, [np.ones(2)], [np.ones(3)]),
    "fft": lambda: ops.fft(np.ones(4)),
    "stft": lambda: ops.stft(np.ones(20), 8, 2, 4),
    "rearrange": lambda: ops.rearrange(np.ones((2, 3)), "a b -> a c"),
    "space_to_depth": lambda: ops.space_to_depth(np.ones((1, 3, 4, 1)), 2),
    "fold": lambda: ops.fold(np.ones((1, 4, 5)), 4, 2),
    "crop_images": lambda: ops.image.crop_images(np.ones((4, 4, 1)), 1, 1, 1, 1, 2, 2),
    "pad_images": lambda: ops.image.pad_images(np.ones((4, 4, 1)), -1, 0, 0, 0),
    "rgb_to_hsv": lambda: ops.image.rgb_to_hsv(np.ones((4, 4, 3), "uint8")),
    "affine_transform": lambda: ops.image.affine_transform(np.ones((4, 4, 1)), np.ones(6)),
    "map_coordinates": lambda: ops.image.map_coordinates(np.ones((4, 4)), [np.ones(3)], 1),
    "scale_and_translate": lambda: ops.image.scale_and_translate(np.ones(4), (4,), [1.0], [0.0], (0,), "best"),
    "psnr": lambda: ops.psnr(np.ones(3), np.ones(4), 1.0),
    "vectorize": lambda: ops.vectorize(lambda a: a, signature="n->n")(np.ones(3)),
    "switch": lambda: ops.switch(0, []),
    "ctc_decode": lambda: ops.ctc_decode(np.ones((1, 2, 3)), [2], "best"),
    "ctc_decode_shapes": lambda: ops.ctc_decode(np.ones((1, 2, 3)), [2, 2]),
    "ctc_decode_paths": lambda: ops.ctc_decode(np.ones((1, 2, 3)), [2], "beam_search", beam_width=2, top_paths=3),
    "view": lambda: ops.view(np.ones(3, "float32"), "float64"),
    "nextafter": lambda: ops.nextafter(np.ones(3), np.ones(2)),
    "multi_hot": lambda: ops.multi_hot([0, 2]),
    "scatter_update": lambda: ops.scatter_update(np.ones(2), [[0]], [1.0], reduction="sub"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_with_a_reason(name):
    with pytest.raises(ValueError, match=r"\w+ .*\w+"):
        REFUSED[name]()
