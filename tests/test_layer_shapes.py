"""Shapes of layers' outputs when sizes are unknown, against what Keras infers."""

import json
import sys
from pathlib import Path

import pytest

import rkeras
from rkeras import layers

FIXTURES = Path(__file__).parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from layer_table import TABLE, hide  # noqa: E402

FIGURES = json.loads((FIXTURES / "layer_shapes.json").read_text())
# For these Keras infers None, or another order, where its own results keep the sizes of the input;
# test_layers.py compares them with those results.
WRONG_IN_KERAS = {"einsum_dense", "einsum_dense_before"}
CASES = [
    (name, axes, shape)
    for name, row in FIGURES.items()
    for axes, shape in row.items()
    if name not in WRONG_IN_KERAS
]


@pytest.mark.parametrize(("name", "axes", "expected"), CASES)
def test_unknown_sizes_give_the_shapes_of_keras(name, axes, expected):
    kind, arguments, shapes, options = TABLE[name]
    hidden = tuple(map(int, axes.split(",")))
    dtype = "int32" if options.get("ids") else "float32"
    inputs = [rkeras.KerasTensor(hide(shape, hidden), dtype=dtype) for shape in shapes]
    found = getattr(layers, kind)(**arguments)(inputs if len(inputs) > 1 else inputs[0]).shape
    assert found == tuple(expected)


class UNet(rkeras.Model):
    """Halves and doubles its image, so that an odd size would not come back."""

    def __init__(self, filters):
        super().__init__()
        self.wide = layers.Conv2D(filters, 3, padding="same", data_format="channels_last")
        self.down = layers.MaxPooling2D(data_format="channels_last")
        self.up = layers.Conv2DTranspose(2, 2, strides=2, data_format="channels_last")
        self.join = layers.Concatenate()

    def call(self, inputs):
        x = self.wide(inputs)
        return self.join([x, self.up(self.down(x))])


@pytest.mark.parametrize("filters", [8, 512])
def test_models_that_halve_and_double_images_of_unknown_size(filters):
    assert UNet(filters)(layers.Input((None, None, 3))).shape == (None, None, None, filters + 2)


@pytest.mark.parametrize(("rank", "filters"), [(2, 2048), (3, 8), (3, 256)])
def test_unknown_sizes_need_no_memory(rank, filters):
    kind = getattr(layers, f"Conv{rank}D")
    x = kind(filters, 3, data_format="channels_last")(layers.Input((*(None,) * rank, 4)))
    assert x.shape == (*(None,) * (rank + 1), filters)


def test_sizes_that_never_fit_are_refused_with_unknown_ones_named():
    class Bad(layers.Layer):
        def call(self, x):
            return x[:, 1:] + x

    with pytest.raises(ValueError, match="None"):
        Bad()(layers.Input((None, None, 3)))


@pytest.mark.parametrize("kind", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"])
@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (((None, None, 4), (None, 10, 4)), (None, None, 4)),
        (((None, 4), (2, 4)), (2, 4)),
        (((None, None), (None, 1)), (None, None)),
        (((None, 5, 1), (None, 7)), (None, 5, 7)),
    ],
)
def test_known_sizes_join_unknown_ones(kind, shapes, expected):
    assert getattr(layers, kind)()([rkeras.KerasTensor(shape) for shape in shapes]).shape == expected


def test_joined_integers_stay_integers_unless_they_are_divided():
    inputs = [rkeras.KerasTensor((None, 3), dtype="int32") for _ in range(2)]
    assert layers.Add()(inputs).dtype == "int32"
    assert layers.Average()(inputs).dtype == "float32"
