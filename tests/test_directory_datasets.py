"""Datasets of files in directories, one for each class."""

from __future__ import annotations

import numpy as np
import pytest

import rkeras
from rkeras.utils import image_dataset_from_directory, text_dataset_from_directory

NAMES = ("ants", "bees", "cats")


@pytest.fixture
def pictures(tmp_path):
    """Five grey pictures in each of three directories; the value of a pixel tells class and number."""
    pytest.importorskip("PIL")
    for i, name in enumerate(NAMES):
        (tmp_path / name / "deep").mkdir(parents=True)
        for j in range(5):
            place = tmp_path / name / "deep" if j == 4 else tmp_path / name
            rkeras.utils.save_img(place / f"{j}.png", np.full((6, 4, 3), 50 * i + 10 * j), scale=False)
        (tmp_path / name / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def _pairs(dataset):
    return [(int(v), label) for x, y in dataset for v, label in zip(np.asarray(x)[:, 0, 0, 0], np.asarray(y).tolist(), strict=True)]


def test_pictures_come_with_the_class_of_their_directory(pictures, capsys):
    data = image_dataset_from_directory(pictures, image_size=(3, 2), batch_size=4, seed=1)
    assert capsys.readouterr().out == "Found 15 files belonging to 3 classes.\n"
    assert data.class_names == list(NAMES) and len(data) == 4 and len(data.file_paths) == 15
    first, second = _pairs(data), _pairs(data)
    assert sorted(first) == sorted(second) == [(50 * i + 10 * j, i) for i in range(3) for j in range(5)]
    assert first != second
    images, labels = next(iter(data))
    assert images.shape == (4, 3, 2, 3) and images.dtype == "float32" and labels.dtype == "int32"


def test_without_shuffling_files_are_in_order(pictures):
    data = image_dataset_from_directory(pictures, image_size=4, shuffle=False, verbose=False, color_mode="grayscale")
    assert [label for _, label in _pairs(data)] == [0] * 5 + [1] * 5 + [2] * 5
    assert next(iter(data))[0].shape == (15, 4, 4, 1)
    chosen = image_dataset_from_directory(pictures, class_names=["cats", "ants"], shuffle=False, verbose=False)
    assert chosen.class_names == ["cats", "ants"] and _pairs(chosen)[0] == (100, 0)


def test_labels_in_every_form(pictures):
    def labels(**arguments):
        data = image_dataset_from_directory(pictures, image_size=2, shuffle=False, verbose=False, **arguments)
        return np.asarray(next(iter(data))[1])

    rows = labels(label_mode="categorical")
    assert rows.dtype == "float32" and rows[5].tolist() == [0.0, 1.0, 0.0]
    pairs = labels(label_mode="binary", class_names=["ants", "cats"])
    assert pairs.shape == (10, 1) and pairs.ravel().tolist() == [0.0] * 5 + [1.0] * 5
    assert labels(labels=list(range(15))).tolist() == list(range(15))
    bare = image_dataset_from_directory(pictures, labels=None, image_size=2, batch_size=None, verbose=False)
    assert next(iter(bare)).shape == (2, 2, 3) and bare.class_names is None


def test_splits_do_not_overlap(pictures):
    arguments = {"image_size": 2, "validation_split": 0.2, "seed": 7, "verbose": False}
    train = _pairs(image_dataset_from_directory(pictures, subset="training", **arguments))
    test = _pairs(image_dataset_from_directory(pictures, subset="validation", **arguments))
    assert len(train) == 12 and len(test) == 3 and len(set(train + test)) == 15
    both = image_dataset_from_directory(pictures, subset="both", **arguments)
    assert [sorted(_pairs(part)) for part in both] == [sorted(train), sorted(test)]


def test_a_model_learns_from_them(pictures):
    data = image_dataset_from_directory(pictures, image_size=2, batch_size=5, seed=1, verbose=False)
    data = data.map(lambda x, y: (x / 255.0, y)).cache().prefetch(2)
    model = rkeras.Sequential([rkeras.layers.Flatten(), rkeras.layers.Dense(3, activation="softmax")])
    model.compile(rkeras.optimizers.Adam(0.1), "sparse_categorical_crossentropy")
    losses = model.fit(data, epochs=10, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(data, verbose=0).shape == (15, 3)


def test_channels_first_and_proportions(pictures):
    data = image_dataset_from_directory(
        pictures, image_size=(8, 8), data_format="channels_first", pad_to_aspect_ratio=True, shuffle=False, verbose=False
    )
    images = np.asarray(next(iter(data))[0])
    assert images.shape == (15, 3, 8, 8)
    # Beside a picture of 6 rows and 4 columns there is room.
    assert (images[1, :, :, 0] == 0).all() and (images[1, :, :, 4] == 10).all()


def test_texts(tmp_path):
    for name in ("bad", "good"):
        (tmp_path / name).mkdir()
        for i in range(3):
            (tmp_path / name / f"{i}.txt").write_text(f"{name} café {i}", encoding="utf-8")
    data = text_dataset_from_directory(tmp_path, batch_size=2, seed=3, verbose=False)
    found = sorted((text, label) for x, y in data for text, label in zip(x.tolist(), y.tolist(), strict=True))
    assert found == [(f"{name} café {i}", k) for k, name in enumerate(("bad", "good")) for i in range(3)]
    cut = text_dataset_from_directory(tmp_path, max_length=4, shuffle=False, labels=None, verbose=False)
    assert next(iter(cut)).tolist()[:1] == ["bad "]
    vectorization = rkeras.layers.TextVectorization(output_sequence_length=3)
    vectorization.adapt(data.map(lambda text, label: text))
    assert set(vectorization.get_vocabulary()) == {"", "[UNK]", "bad", "good", "café", "0", "1", "2"}
    numbers, _ = next(iter(data.map(lambda text, label: (vectorization(text), label))))
    assert numbers.shape == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"label_mode": "numbers"}, "'numbers'"),
        ({"labels": [1, 2]}, "2 labels for 15 files"),
        ({"labels": None, "class_names": ["ants"]}, "labels='inferred'"),
        ({"class_names": ["dogs"]}, "['dogs']"),
        ({"label_mode": "binary"}, "two classes"),
        ({"validation_split": 0.2}, "go together"),
        ({"validation_split": 0.2, "subset": "training"}, "seed"),
        ({"validation_split": 2.0, "subset": "training", "seed": 1}, "between 0 and 1"),
        ({"format": "grain"}, "'grain'"),
    ],
)
def test_errors_say_what_is_wrong(pictures, arguments, said):
    with pytest.raises(ValueError) as caught:
        image_dataset_from_directory(pictures, **arguments)
    assert said in str(caught.value)


def test_an_empty_directory(tmp_path):
    with pytest.raises(ValueError, match="no files"):
        text_dataset_from_directory(tmp_path)
