"""Pictures against figures from Keras and SciPy (fixtures/make_preprocessing.py), and their own rules."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers
from rkeras.preprocessing import image
from tests.fixtures.preprocessing_cases import AFFINE, FILL_MODES, GENERATORS, RESIZED, picture, pictures

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "preprocessing.json").read_text())
pytest.importorskip("PIL")


@pytest.mark.parametrize("mode", FILL_MODES)
@pytest.mark.parametrize("case", range(len(AFFINE)))
def test_affine_as_scipy(case, mode):
    x = picture()
    for axes in ((0, 1, 2), (1, 2, 0)):
        # Where rows, columns and channels of the picture go.
        moved = x.transpose(np.argsort(axes))
        got = image.apply_affine_transform(
            moved, **AFFINE[case], row_axis=axes[0], col_axis=axes[1], channel_axis=axes[2], fill_mode=mode, cval=0.5
        )
        assert got.dtype == np.float32
        np.testing.assert_allclose(got.transpose(axes), FIGURES["affine"][case][mode], atol=2e-4)


def test_affine_of_whole_pixels():
    x = np.arange(12, dtype="uint8").reshape(3, 4, 1)
    up = image.apply_affine_transform(x, tx=1, row_axis=0, col_axis=1, channel_axis=2, fill_mode="constant", cval=99)
    assert up.dtype == np.uint8
    assert up[:, :, 0].tolist() == [[4, 5, 6, 7], [8, 9, 10, 11], [99] * 4]
    square = np.arange(9.0).reshape(3, 3, 1)
    turned = image.apply_affine_transform(square, theta=90, row_axis=0, col_axis=1, channel_axis=2)
    np.testing.assert_allclose(turned[:, :, 0], np.rot90(square[:, :, 0], -1), atol=1e-5)
    nearest = image.apply_affine_transform(square, ty=0.4, row_axis=0, col_axis=1, channel_axis=2, order=0)
    assert (nearest == square).all()
    with pytest.raises(ValueError, match="fill_mode"):
        image.apply_affine_transform(square, theta=1, fill_mode="mirror")
    with pytest.raises(ValueError, match="three axes"):
        image.apply_affine_transform(np.ones((3, 3)), theta=1)


@pytest.mark.parametrize("case", range(len(GENERATORS)))
def test_flow_as_keras(case):
    generator = image.ImageDataGenerator(**GENERATORS[case])
    generator.fit(pictures())
    flow = generator.flow(pictures(), np.arange(5), batch_size=2, seed=9)
    for wanted_x, wanted_y in FIGURES["flow"][case]:
        x, y = next(flow)
        assert y.tolist() == wanted_y
        np.testing.assert_allclose(x, wanted_x, atol=2e-3 if "zca_whitening" in GENERATORS[case] else 1e-4)


def test_seed_makes_the_same_pictures():
    generator = image.ImageDataGenerator(
        rotation_range=30, width_shift_range=0.2, height_shift_range=[1, 2], shear_range=5, zoom_range=0.2,
        channel_shift_range=1.0, brightness_range=(0.5, 1.5), horizontal_flip=True, vertical_flip=True,
    )  # fmt: skip
    x = pictures()
    first = [next(f)[0] for f in (generator.flow(x, np.arange(5), seed=1), generator.flow(x, np.arange(5), seed=1))]
    np.testing.assert_array_equal(*first)
    assert not np.array_equal(first[0], next(generator.flow(x, np.arange(5), seed=2))[0])
    np.testing.assert_array_equal(generator.random_transform(x[0], seed=3), generator.random_transform(x[0], seed=3))


def test_shifts_go_where_they_are_named_for():
    tall = image.ImageDataGenerator(height_shift_range=[2], fill_mode="constant", cval=-1)
    row = np.arange(5.0).reshape(5, 1, 1)
    found = {tuple(tall.random_transform(row, seed=s)[:, 0, 0]) for s in range(8)}
    assert found == {(2, 3, 4, -1, -1), (-1, -1, 0, 1, 2)}


def test_data_is_not_changed_and_epochs_have_orders():
    x, y = pictures(), np.arange(5)
    kept = x.copy()
    flow = image.ImageDataGenerator(rescale=2, samplewise_center=True).flow(x, y, batch_size=2)
    orders = []
    for _ in range(6):
        orders.append(tuple(int(v) for i in range(len(flow)) for v in flow[i][1]))
        flow.on_epoch_end()
    np.testing.assert_array_equal(x, kept)
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    assert len(set(orders)) > 1
    with pytest.raises(IndexError):
        flow[3]


def test_parts_weights_and_further_inputs():
    x, y = pictures(), np.array([0, 1, 1, 0, 1])
    generator = image.ImageDataGenerator(validation_split=0.4)
    held = generator.flow((x, [y * 2]), y, sample_weight=y * 0.5, subset="validation", shuffle=False)
    (first, more), labels, weights = held[0]
    assert first.shape == (2, 3, 4, 1)
    assert [more.tolist(), labels.tolist(), weights.tolist()] == [[0, 2], [0, 1], [0, 0.5]]
    assert len(generator.flow(x, y, subset="training", batch_size=1)) == 3
    with pytest.raises(ValueError, match="ignore_class_split"):
        generator.flow(x, np.array([0, 0, 1, 1, 1]), subset="training")
    with pytest.raises(ValueError, match="5 pictures but 2 labels"):
        generator.flow(x, y[:2])
    with pytest.raises(ValueError, match="4 axes"):
        generator.flow(x[0], y[:3])
    with pytest.raises(ValueError, match="subset"):
        generator.flow(x, y, subset="test")


def test_generator_refuses_and_warns():
    for arguments in ({"zoom_range": (1, 2, 3)}, {"brightness_range": (1,)}, {"validation_split": 2}, {"data_format": "x"}):
        with pytest.raises(ValueError):
            image.ImageDataGenerator(**arguments)
    with pytest.warns(UserWarning, match="fit"):
        image.ImageDataGenerator(featurewise_center=True).standardize(np.ones((2, 2, 1)))
    with pytest.raises(ValueError, match="4 axes"):
        image.ImageDataGenerator(featurewise_center=True).fit(np.ones((2, 2, 1)))


def test_channels_first():
    x = pictures().transpose(0, 3, 1, 2)
    first = image.ImageDataGenerator(data_format="channels_first", rotation_range=20, horizontal_flip=True)
    last = image.ImageDataGenerator(data_format="channels_last", rotation_range=20, horizontal_flip=True)
    a, b = next(first.flow(x, seed=1)), next(last.flow(pictures(), seed=1))
    np.testing.assert_array_equal(a.transpose(0, 2, 3, 1), b)


@pytest.mark.parametrize("workers", [1, 2])
def test_fit_from_a_flow(workers):
    x = np.zeros((40, 4, 4, 1), "float32")
    y = np.arange(40) % 2
    x[y == 1] = 1
    flow = image.ImageDataGenerator(rotation_range=10, horizontal_flip=True).flow(x, y, batch_size=8)
    flow.workers = workers
    model = rkeras.Sequential([rkeras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1, "sigmoid")])
    model.compile(rkeras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    assert model.fit(flow, epochs=8, verbose=0).history["accuracy"][-1] == 1.0
    with pytest.warns(DeprecationWarning):
        model.fit_generator(flow, steps_per_epoch=2, epochs=1, verbose=0)


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(("cats", "dogs")):
        (tmp_path / name / "deep").mkdir(parents=True)
        for i in range(4):
            pixels = np.full((5 + i, 6, 3), 100 * number + 10 * i, "float32")
            image.save_img(tmp_path / name / ("deep" if i == 2 else ".") / f"{i}.png", pixels, scale=False)
        (tmp_path / name / "notes.txt").write_text("no picture")
    return tmp_path


def test_flow_from_directory(folder, capsys):
    flow = image.ImageDataGenerator(rescale=0.1).flow_from_directory(
        folder, target_size=(4, 3), batch_size=8, shuffle=False, class_mode="sparse"
    )
    assert capsys.readouterr().out == "Found 8 images belonging to 2 classes.\n"
    assert flow.class_indices == {"cats": 0, "dogs": 1}
    assert flow.filenames[:4] == ["cats/0.png", "cats/1.png", "cats/3.png", "cats/deep/2.png"]
    x, y = flow[0]
    assert x.shape == (8, 4, 3, 3)
    np.testing.assert_allclose(x[:, 0, 0, 0], [0, 1, 3, 2, 10, 11, 13, 12])
    assert y.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "arguments, shape, labels",
    [
        ({}, (2, 256, 256, 3), [[1, 0], [1, 0]]),
        ({"class_mode": "binary", "classes": ["dogs", "cats"], "color_mode": "grayscale"}, (2, 256, 256, 1), [0, 0]),
        ({"class_mode": None, "color_mode": "rgba", "target_size": (2, 3)}, (2, 2, 3, 4), None),
    ],
)
def test_kinds_of_labels_and_colours(folder, arguments, shape, labels):
    batch = image.ImageDataGenerator().flow_from_directory(folder, batch_size=2, shuffle=False, **arguments)[0]
    x, y = (batch, None) if labels is None else batch
    assert x.shape == shape
    assert y is None or y.tolist() == labels


def test_parts_of_a_directory_have_all_classes(folder):
    generator = image.ImageDataGenerator(validation_split=0.25)
    parts = [generator.flow_from_directory(folder, subset=s) for s in ("validation", "training")]
    assert [p.classes.tolist() for p in parts] == [[0, 1], [0, 0, 0, 1, 1, 1]]
    assert not set(parts[0].filenames) & set(parts[1].filenames)
    with pytest.raises(ValueError, match="class_mode"):
        generator.flow_from_directory(folder, class_mode="raw")


def test_pictures_are_saved(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    flow = image.ImageDataGenerator().flow(pictures(), batch_size=5, save_to_dir=str(out), save_prefix="p")
    next(flow)
    assert len(list(out.glob("p_*.png"))) == 5


class Table(dict):
    """What is used of a pandas table."""

    def __getitem__(self, columns):
        if isinstance(columns, list):
            return Column(np.stack([np.asarray(dict.__getitem__(self, c)) for c in columns], 1))
        return Column(dict.__getitem__(self, columns))


class Column:
    def __init__(self, values):
        self.values = values

    def tolist(self):
        return list(self.values)

    def to_numpy(self):
        return np.asarray(self.values)


def test_flow_from_dataframe(folder):
    table = Table(
        filename=["cats/0.png", "dogs/1.png", "none.png", "dogs/3.png"],
        **{"class": ["c", "d", "c", "d"], "many": [["c"], ["d", "c"], ["c"], ["e"]], "n": [1, 2, 3, 4], "w": [0.1, 0.2, 0.3, 0.4]},
    )
    generator = image.ImageDataGenerator()

    def first(**arguments):
        with pytest.warns(UserWarning, match="1 of 4"):
            flow = generator.flow_from_dataframe(table, folder, target_size=(2, 2), shuffle=False, **arguments)
        return flow, flow[0]

    flow, (x, y) = first()
    assert flow.class_indices == {"c": 0, "d": 1}
    assert (x[:, 0, 0, 0].tolist(), y.tolist()) == ([0, 110, 130], [[1, 0], [0, 1], [0, 1]])
    assert first(y_col="many")[1][1].tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    assert first(y_col="many", classes=["d", "c"])[1][1].tolist() == [[0, 1], [1, 1]]
    assert first(class_mode="raw", y_col="n")[1][1].tolist() == [1, 2, 4]
    assert first(class_mode="raw", y_col=["n", "w"])[1][1].tolist() == [[1, 0.1], [2, 0.2], [4, 0.4]]
    assert [v.tolist() for v in first(class_mode="multi_output", y_col=["n", "w"])[1][1]] == [[1, 2, 4], [0.1, 0.2, 0.4]]
    assert first(class_mode="sparse", weight_col="w")[1][2].tolist() == [0.1, 0.2, 0.4]
    with pytest.warns(UserWarning), pytest.raises(TypeError, match="strings"):
        generator.flow_from_dataframe(table, folder, y_col="n")
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="two classes"):
        generator.flow_from_dataframe(table, folder, class_mode="binary", classes=["c"])
    with pytest.raises(TypeError, match="strings"):
        generator.flow_from_dataframe(table, folder, x_col="n")


def test_arrays_and_pictures():
    x = np.arange(24.0).reshape(2, 4, 3)
    img = image.array_to_img(x, scale=False)
    assert (img.size, img.mode) == ((4, 2), "RGB")
    np.testing.assert_array_equal(image.img_to_array(img), x)
    np.testing.assert_array_equal(image.img_to_array(img, "channels_first"), x.transpose(2, 0, 1))
    assert image.img_to_array(image.array_to_img(x)).max() == 255
    assert image.array_to_img(np.full((2, 2, 1), 300.0), scale=False).mode == "I"
    assert image.img_to_array(np.ones((2, 3))).shape == (2, 3, 1)
    for call, value in ((image.array_to_img, np.ones((2, 2))), (image.array_to_img, np.ones((2, 2, 2))), (image.img_to_array, np.ones(3))):
        with pytest.raises(ValueError):
            call(value)


def test_files(tmp_path):
    x = np.arange(4 * 6 * 3, dtype="float32").reshape(4, 6, 3)
    path = tmp_path / "x.png"
    rkeras.utils.save_img(path, x, scale=False)
    np.testing.assert_array_equal(rkeras.utils.img_to_array(rkeras.utils.load_img(path)), x)
    assert image.load_img(path, color_mode="grayscale", target_size=(2, 3)).size == (3, 2)
    # The middle 4 columns.
    np.testing.assert_array_equal(
        image.img_to_array(image.load_img(str(path), target_size=(2, 2), interpolation="box", keep_aspect_ratio=True)),
        np.floor(x[:, 1:5].reshape(2, 2, 2, 2, 3).mean((1, 3)) + 0.5),
    )
    with pytest.warns(UserWarning, match="transparency"):
        image.save_img(tmp_path / "x.jpg", np.ones((2, 2, 4)))
    with pytest.warns(DeprecationWarning, match="color_mode"):
        assert image.load_img(path, grayscale=True).mode == "L"
    with pytest.raises(ValueError, match="color_mode"):
        image.load_img(path, color_mode="cmyk")
    with pytest.raises(ValueError, match="interpolation"):
        image.load_img(path, interpolation="spline")
    with pytest.raises(TypeError, match="path"):
        image.load_img(3)
    assert image.load_img(io.BytesIO(path.read_bytes())).size == (6, 4)


@pytest.mark.parametrize("kind", FIGURES["resize"])
def test_resize_as_keras(kind):
    from rkeras.ops.resizing import resize

    method, antialias = kind.split()
    for size, wanted in zip(RESIZED, FIGURES["resize"][kind], strict=True):
        got = resize(picture(), size, method, antialias == "True", data_format="channels_last").numpy()
        np.testing.assert_allclose(got, wanted, atol=1e-4)
        first = resize(picture()[None].transpose(0, 3, 1, 2), size, method, antialias == "True", data_format="channels_first")
        np.testing.assert_array_equal(first.numpy()[0].transpose(1, 2, 0), got)


def test_resize_keeps_proportions():
    from rkeras.ops.resizing import resize

    x = np.arange(8.0, dtype="float32").reshape(1, 2, 4, 1)
    cut = resize(x, (2, 2), crop_to_aspect_ratio=True).numpy()
    assert cut[0, :, :, 0].tolist() == [[1, 2], [5, 6]]
    filled = resize(x, (4, 4), pad_to_aspect_ratio=True, fill_value=9.0).numpy()
    assert filled[0, :, :, 0].tolist() == [[9] * 4, [0, 1, 2, 3], [4, 5, 6, 7], [9] * 4]
    np.testing.assert_allclose(image.smart_resize(picture(), (3, 2)), FIGURES["smart_resize"], atol=1e-4)
    assert resize(np.ones((2, 2, 3), "uint8"), (4, 4), "nearest").dtype == "uint8"
    with pytest.raises(ValueError, match="interpolation"):
        resize(x, (2, 2), "area")
    with pytest.raises(ValueError, match="axes"):
        resize(x[0, 0], (2, 2))


def test_random_functions_keep_shapes():
    x = picture().transpose(2, 0, 1)
    np.random.seed(0)
    for varied in (
        image.random_rotation(x, 40),
        image.random_shift(x, 0.3, 0.3),
        image.random_shear(x, 30),
        image.random_zoom(x, (0.5, 0.8)),
        image.random_channel_shift(x, 2.0),
    ):
        assert varied.shape == x.shape
        assert not np.array_equal(varied, x)
    bright = image.apply_brightness_shift(np.full((2, 2, 3), 100.0), 0.5, scale=False)
    assert (bright == 50).all()
    with pytest.raises(ValueError, match="zoom_range"):
        image.random_zoom(x, (1, 2, 3))
