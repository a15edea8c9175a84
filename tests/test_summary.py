"""The table of layers, character by character."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import rkeras as keras
from fixtures.summary_models import CASES, stack, unbuilt
from rkeras import layers
from rkeras.models.summary import readable_memory_size

FROM_KERAS = json.loads(Path(__file__).with_name("fixtures").joinpath("summary.json").read_text())

FROM_THE_NOTES = """\
Model: "my_example_model"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
│ my_first_layer (Dense)               │ (None, 64)                  │             256 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ my_last_layer (Dense)                │ (None, 10)                  │             650 │
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 906 (3.54 KB)
 Trainable params: 906 (3.54 KB)
 Non-trainable params: 0 (0.00 B)
"""


def summary_of(model, **kwargs):
    lines = []
    model.summary(print_fn=lines.append, **kwargs)
    return "\n".join(lines)


def stripped(text):
    return [line.rstrip() for line in text.rstrip().splitlines()]


def test_table_of_the_notes_on_standard_output(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    model = keras.Sequential(name="my_example_model")
    model.add(layers.Dense(64, activation="relu", name="my_first_layer"))
    model.add(layers.Dense(10, activation="softmax", name="my_last_layer"))
    model.build((None, 3))
    model.summary()
    assert capsys.readouterr().out == FROM_THE_NOTES


@pytest.mark.parametrize("case", [name for name in CASES if name != "unbuilt"])
def test_same_text_as_keras(case, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    build, kwargs = CASES[case]
    assert stripped(summary_of(build(keras), **kwargs)) == stripped(FROM_KERAS[case])


def test_unbuilt_model_gets_keras_table_and_a_hint(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = stripped(summary_of(unbuilt(keras)))
    expected = stripped(FROM_KERAS["unbuilt"])
    assert text[: len(expected)] == expected
    assert "model.build(input_shape)" in text[len(expected)]


def test_subclassed_model_shows_shapes_and_weights():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.features = keras.Sequential([layers.Flatten(), layers.Dense(5)], name="features")
            self.head = layers.Dense(2, name="head")

        def call(self, x):
            return self.head(self.features(x))

    model = Net()
    model.build(input_shape=(None, 28, 28, 1))
    text = summary_of(model)
    assert "│ features (Sequential)                │ (None, 5)                   │           3,925 │" in text
    assert "│ head (Dense)                         │ (None, 2)                   │              12 │" in text


def test_calls_of_ops_are_rows():
    keras.utils.clear_session()
    x = keras.Input((3,), name="x")
    text = summary_of(keras.Model(x, x * 2.0))
    assert "multiply (Multiply)" in text


def test_ascii_where_the_output_knows_no_more(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    stack(keras).summary()
    sys.stdout.flush()
    assert b"+-" in raw.getvalue()


def test_too_narrow_is_an_error():
    with pytest.raises(ValueError, match="line_length"):
        stack(keras).summary(line_length=8)


def test_layer_range_that_matches_nothing_names_the_layers():
    with pytest.raises(ValueError, match="hidden"):
        stack(keras).summary(layer_range=("no", "such"))


def test_brackets_in_names_are_text():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, name="[bold]x")])
    assert "[bold]x (Dense)" in summary_of(model)


def test_memory_sizes():
    assert [readable_memory_size(n) for n in (0, 3624, 5 * 2**20)] == ["0.00 B", "3.54 KB", "5.00 MB"]


def test_optimizer_state_is_counted_after_training():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0)
    assert " Optimizer params: 18 (" in summary_of(model)


def test_ops_of_several_outputs_show_all_their_shapes(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    x = keras.Input((4,), name="x")
    text = summary_of(keras.Model(x, keras.ops.split(x, 2, axis=-1)), line_length=120)
    assert "[(None, 2), (None, 2)]" in text
