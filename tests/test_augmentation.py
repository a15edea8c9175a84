"""Layers that change pictures at random, against figures from Keras (fixtures/make_augmentation.py), and their draws."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers
from tests.fixtures.augmentation_cases import CASES, LAST, pictures

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "augmentation.json").read_text())


def _made(name, **more):
    kind, arguments = CASES[name]
    seed = {} if kind == "AutoContrast" else {"seed": 5}
    images = pictures()
    if arguments.get("data_format") == "channels_first":
        images = images.transpose(0, 3, 1, 2)
    return getattr(layers, kind)(**arguments, **seed, **more), images


def _tensors(x):
    if isinstance(x, dict):
        return {key: _tensors(value) for key, value in x.items()}
    return rkeras.ops.convert_to_tensor(np.array(x, {"f": "float32", "i": "int32"}.get(np.array(x).dtype.kind)))


@pytest.mark.parametrize("name", CASES)
def test_a_transformation_changes_pictures_as_in_keras(name):
    layer, images = _made(name)
    transformation = _tensors(FIGURES[name]["transformation"])
    found = layer.transform_images(images, transformation).numpy()
    np.testing.assert_allclose(found, FIGURES[name]["images"], rtol=1e-4, atol=5e-3)


@pytest.mark.parametrize("name", CASES)
def test_draws_are_of_the_shape_and_range_of_those_of_keras(name):
    layer, images = _made(name)
    found, expected = layer.get_random_transformation(images), FIGURES[name]["transformation"]
    if isinstance(expected, dict):
        numbers = {key for key, value in expected.items() if np.ndim(value)}
        assert numbers == set(found)
    else:
        assert found.shape == np.shape(expected)
    many = layer.get_random_transformation(np.repeat(images, 200, axis=0))
    for key, value in expected.items() if isinstance(expected, dict) else ():
        drawn = many[key].numpy() if np.ndim(value) else None
        if drawn is not None and drawn.dtype != bool and key not in ("rotation_matrix", "permutation_order"):
            # What Keras drew lies within what is drawn here.
            assert drawn.min() - 0.05 * np.ptp(drawn) <= np.min(value) <= np.max(value) <= drawn.max() + 0.05 * np.ptp(drawn)


@pytest.mark.parametrize("name", CASES)
def test_changes_are_new_each_time_and_determined_by_the_seed(name):
    (one, images), (other, _) = _made(name), _made(name)
    images = np.repeat(images, 4, axis=0)
    first = one(images, training=True).numpy()
    np.testing.assert_array_equal(first, other(images, training=True).numpy())
    assert first.shape == images.shape and (first != images).any()
    if name != "auto_contrast":
        assert (one(images, training=True).numpy() != first).any()
        np.testing.assert_array_equal(one(images, training=False).numpy(), images)
    single = one(images[0], training=True)
    assert single.shape == images[0].shape
    again = rkeras.saving.deserialize_keras_object(json.loads(json.dumps(rkeras.saving.serialize_keras_object(one))))
    assert again.get_config() == one.get_config()
    np.testing.assert_array_equal(again(images, training=True).numpy(), first)
    assert one(layers.Input(images.shape[1:])).shape == (None, *images.shape[1:])


def test_masks_move_with_pictures_and_labels_stay():
    images = pictures()
    layer = layers.RandomTranslation(0.3, 0.3, fill_mode="nearest", interpolation="nearest", seed=1, **LAST)
    data = {"images": images, "labels": np.arange(3), "segmentation_masks": images}
    found = layer(data, training=True)
    np.testing.assert_array_equal(found["images"].numpy(), found["segmentation_masks"].numpy())
    assert found["labels"].tolist() == [0, 1, 2]
    colours = layers.RandomBrightness(0.5, seed=1)(data, training=True)
    np.testing.assert_array_equal(np.asarray(colours["segmentation_masks"]), images)
    with pytest.raises(ValueError, match="bounding boxes"):
        layer({"images": images, "bounding_boxes": {}})


def test_crops_are_parts_of_pictures():
    images = np.arange(2 * 6 * 8 * 1, dtype="float32").reshape(2, 6, 8, 1)
    layer = layers.RandomCrop(3, 4, seed=1, **LAST)
    places = set()
    for _ in range(40):
        part = layer(images, training=True).numpy()
        top, left = divmod(int(part[0, 0, 0, 0]), 8)
        np.testing.assert_array_equal(part, images[:, top : top + 3, left : left + 4])
        places.add((top, left))
    assert len(places) > 10 and {top for top, _ in places} == {0, 1, 2, 3} and {left for _, left in places} == {0, 1, 2, 3, 4}
    middle = layers.CenterCrop(6, 8, **LAST)(images).numpy()
    assert layer(images, training=False).shape == (2, 3, 4, 1)
    np.testing.assert_array_equal(layers.RandomCrop(6, 8, **LAST)(images, training=False).numpy(), middle)
    assert layers.RandomCrop(9, 9, **LAST)(images, training=True).shape == (2, 9, 9, 1)
    assert layers.RandomCrop(3, 4, **LAST)(layers.Input((6, 8, 1))).shape == (None, 3, 4, 1)


def test_they_work_inside_a_model():
    rkeras.utils.set_random_seed(4)
    x = np.random.default_rng(0).uniform(size=(32, 8, 8, 1)).astype("float32")
    model = rkeras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.RandomFlip("horizontal", **LAST),
            layers.RandomRotation(0.05, **LAST),
            layers.RandomZoom(0.1, **LAST),
            layers.RandomContrast(0.2, value_range=(0, 1)),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile(rkeras.optimizers.SGD(0.01), "mse")
    losses = model.fit(x, x.mean((1, 2, 3)) * 2, batch_size=8, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: layers.RandomFlip("sideways"), "'sideways'"),
        (lambda: layers.RandomRotation(2.0), "between -1.0 and 1.0"),
        (lambda: layers.RandomRotation("a"), "a pair"),
        (lambda: layers.RandomRotation(0.1, fill_mode="mean"), "'mean'"),
        (lambda: layers.RandomZoom(0.1, interpolation="cubic"), "'cubic'"),
        (lambda: layers.RandomShear(-0.5), "between 0 and 1"),
        (lambda: layers.RandomBrightness(0.1, value_range=3), "value_range"),
        (lambda: layers.RandomCrop(0, 3), "height=0"),
        (lambda: layers.RandomFlip()(np.ones((3, 3))), "3 or 4 axes"),
    ],
)
def test_errors_say_what_is_wrong(make, said):
    with pytest.raises(ValueError) as caught:
        make()
    assert said in str(caught.value)
