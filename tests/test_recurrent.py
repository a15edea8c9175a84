"""Recurrent layers: figures of Keras, states, masks, dropout, lengths, files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers, ops, tree

FIXTURES = Path(__file__).parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from recurrent_table import TABLE, mask_of  # noqa: E402

FIGURES = np.load(FIXTURES / "recurrent.npz")
CONFIGS = json.loads((FIXTURES / "recurrent.json").read_text())
KINDS = ["SimpleRNN", "LSTM", "GRU"]


def _of(name, group):
    found = [key for key in FIGURES.files if key.rpartition("/")[0] == name]
    count = sum(key.rpartition("/")[2].rstrip("0123456789") == group for key in found)
    return [FIGURES[f"{name}/{group}{i}"] for i in range(count)]


def _made(name):
    make, shape, options = TABLE[name]
    rkeras.backend.clear_session()
    layer = make(layers)
    layer.build(shape)
    layer.set_weights(_of(name, "weight"))
    call = {}
    mask = mask_of(shape, options)
    if mask is not None:
        call["mask"] = ops.convert_to_tensor(mask)
    states = [ops.convert_to_tensor(x) for x in _of(name, "state")]
    if states:
        call["initial_state"] = states
    return layer, ops.convert_to_tensor(FIGURES[f"{name}/input0"]), states, call


def _close(found, expected, tolerance=2e-5):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", TABLE)
def test_outputs_and_gradients_are_those_of_keras(name):
    layer, x, states, call = _made(name)
    with rkeras.GradientTape() as tape:
        tape.watch([x, *states])
        outputs = tree.flatten(layer(x, **call))
        loss = sum(ops.sum(y * np.cos(np.arange(ops.size(y), dtype="float32")).reshape(y.shape)) for y in outputs)
    expected = _of(name, "output")
    assert len(outputs) == len(expected)
    for found, wanted in zip(outputs, expected, strict=True):
        _close(found.numpy(), wanted)
    wanted = [*_of(name, "weight_gradient"), *_of(name, "input_gradient"), *_of(name, "state_gradient")]
    found = tape.gradient(loss, [*layer.trainable_weights, x, *states])
    for one, other in zip(found, wanted, strict=True):
        _close(np.zeros_like(other) if one is None else one.numpy(), other, 1e-4)


@pytest.mark.parametrize("name", TABLE)
def test_a_layer_made_from_its_config_computes_the_same_in_a_compiled_model(name):
    layer, x, _, call = _made(name)
    assert layer.get_config().keys() >= set(CONFIGS[name]["keys"])
    config = json.loads(json.dumps(rkeras.saving.serialize_keras_object(layer)))
    copy = rkeras.saving.deserialize_keras_object(config)
    inputs = layers.Input(batch_shape=(None, None, *x.shape[2:]))
    model = rkeras.Model(inputs, copy(inputs))
    copy.set_weights(layer.get_weights())
    found = tree.flatten(model.predict(x.numpy(), verbose=0))
    symbolic = tree.flatten(model.output)
    call = {key: value for key, value in call.items() if key not in ("mask", "initial_state")}
    for one, other, shape in zip(found, tree.flatten(layer(x, **call)), symbolic, strict=True):
        _close(one, other.numpy())
        assert all(m is None or m == n for m, n in zip(shape.shape, one.shape, strict=True))


@pytest.mark.parametrize("name", TABLE)
def test_weights_are_called_and_ordered_as_in_keras(name):
    layer = _made(name)[0]
    # Numbers at the end of names count layers of the session, which say nothing here.
    assert [w.path.split("/")[-2:] for w in layer.weights] == [p.split("/")[-2:] for p in CONFIGS[name]["paths"]]


def test_a_model_file_of_keras():
    model = rkeras.saving.load_model(FIXTURES / "keras_files" / "recurrent.keras")
    figures = np.load(FIXTURES / "keras_files" / "recurrent.npz")
    for found, i in zip(model.predict(figures["x"], verbose=0), range(2), strict=True):
        _close(found, figures[f"y{i}"])


def test_files_of_weights(tmp_path):
    def made():
        return rkeras.Sequential(
            [layers.Input((None, 3)), layers.Bidirectional(layers.LSTM(4, return_sequences=True)), layers.GRU(2)]
        )

    one, other, x = made(), made(), np.ones((2, 5, 3), "float32")
    for name in ("all.weights.h5", "old.h5"):
        one.save_weights(tmp_path / name)
        other.load_weights(tmp_path / name)
        np.testing.assert_array_equal(one.predict(x, verbose=0), other.predict(x, verbose=0))


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_and_the_unrolled_steps_agree(kind):
    x = np.random.default_rng(0).normal(size=(4, 7, 3)).astype("float32")
    mask = np.random.default_rng(1).random((4, 7)) < 0.5
    kernel = getattr(layers, kind)(5, return_sequences=True, return_state=True)
    steps = getattr(layers, kind)(5, return_sequences=True, return_state=True, unroll=True)
    start = [np.full((4, 5), 0.5, "float32")] * len(kernel.state_size)
    kernel(x), steps(x)
    steps.set_weights(kernel.get_weights())
    for options in ({}, {"mask": mask, "initial_state": start}):
        for one, other in zip(kernel(x, **options), steps(x, **options), strict=True):
            _close(one.numpy(), other.numpy(), 1e-6)


def test_second_derivatives_ask_for_unrolled_steps():
    x = ops.convert_to_tensor(np.ones((2, 3, 2), "float32"))

    def second(layer):
        with rkeras.GradientTape() as outer:
            outer.watch(x)
            with rkeras.GradientTape() as inner:
                inner.watch(x)
                y = layer(x)
            slope = inner.gradient(y, x)
        return outer.gradient(slope, x)

    with pytest.raises(ValueError, match="unroll=True"):
        second(layers.LSTM(3))
    assert second(layers.LSTM(3, unroll=True)).shape == (2, 3, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_states_are_kept_and_reset(kind):
    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
    whole = getattr(layers, kind)(4)
    whole(x)
    model = rkeras.Sequential([layers.Input(batch_shape=(2, 3, 3)), getattr(layers, kind)(4, stateful=True)])
    model.layers[0].set_weights(whole.get_weights())
    assert len(model.weights) == len(whole.weights)
    for reset in (model.reset_states, model.layers[0].reset_states):
        reset()
        model.predict(x[:, :3], verbose=0)
        _close(model.predict(x[:, 3:], verbose=0), whole(x).numpy())
    model.layers[0].reset_state([np.ones((2, 4))] * len(whole.state_size))
    start = [np.ones((2, 4), "float32")] * len(whole.state_size)
    _close(model.predict(x[:, 3:], verbose=0), whole(x[:, 3:], initial_state=start).numpy())
    with pytest.raises(ValueError, match="2 rows"):
        model(x[:1, :3])


def test_stateful_training_carries_states_from_batch_to_batch():
    model = rkeras.Sequential([layers.Input(batch_shape=(2, 3, 1)), layers.GRU(4, stateful=True), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 3, 1)), np.ones((8, 1)), batch_size=2, epochs=1, verbose=0, shuffle=False)
    kept = model.layers[0].states[0].numpy()
    assert kept.shape == (2, 4) and np.abs(kept).max() > 0


def test_states_of_an_encoder_begin_a_decoder_in_each_spelling():
    inputs, targets = layers.Input((None, 3)), layers.Input((None, 2))
    _, h, c = layers.LSTM(4, return_state=True)(inputs)
    decoder = layers.LSTM(4, return_sequences=True)
    outputs = [decoder(targets, initial_state=[h, c]), decoder([targets, h, c]), decoder(targets, [h, c])]
    model = rkeras.Model([inputs, targets], outputs)
    data = [np.ones((2, 5, 3)), np.ones((2, 4, 2))]
    first, *others = model.predict(data, verbose=0)
    assert first.shape == (2, 4, 4)
    for other in others:
        np.testing.assert_array_equal(first, other)
    with pytest.raises(ValueError, match="2 states"):
        decoder([targets, h])


def test_constants_reach_the_cell():
    class Cell(layers.Layer):
        state_size = 3

        def build(self, shapes):
            step, constant = shapes
            self.kernel = self.add_weight((step[-1], 3))
            self.other = self.add_weight((constant[-1], 3))

        def call(self, inputs, states, constants):
            y = inputs @ self.kernel + constants[0] @ self.other + states[0]
            return y, [y]

    x, constant = np.ones((2, 4, 5), "float32"), np.ones((2, 6), "float32")
    layer = layers.RNN(Cell())
    y = layer(x, constants=constant)
    np.testing.assert_allclose(y.numpy(), 4 * (x[:, 0] @ layer.cell.kernel.numpy() + constant @ layer.cell.other.numpy()), rtol=1e-5)
    np.testing.assert_array_equal(layer([x, np.zeros((2, 3), "float32"), constant]).numpy(), y.numpy())
    with pytest.raises(ValueError, match="constants"):
        layers.RNN(layers.SimpleRNNCell(3))(x, constants=constant)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rates", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}, {"dropout": 0.3, "recurrent_dropout": 0.3}])
def test_dropout_has_one_mask_for_all_steps_and_follows_its_seed(kind, rates):
    x = np.ones((64, 3, 8), "float32")
    first, second = (getattr(layers, kind)(4, seed=3, return_sequences=True, **rates) for _ in range(2))
    first(x), second(x)
    second.set_weights(first.get_weights())
    dropped = first(x, training=True).numpy()
    np.testing.assert_array_equal(dropped, second(x, training=True).numpy())
    assert not np.array_equal(dropped, first(x, training=True).numpy())
    assert not np.array_equal(dropped, first(x).numpy())
    np.testing.assert_array_equal(first(x).numpy(), first(x, training=False).numpy())


def test_the_same_inputs_are_dropped_in_each_step():
    # A cell that only adds up what is left of its inputs.
    layer = layers.SimpleRNN(1, activation=None, dropout=0.5, seed=1, return_sequences=True)
    x = np.ones((32, 4, 1), "float32")
    layer(x)
    layer.set_weights([np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)])
    y = layer(x, training=True).numpy()[..., 0]
    assert {tuple(row) for row in y.tolist()} == {(0.0, 0.0, 0.0, 0.0), (2.0, 4.0, 6.0, 8.0)}


def test_masks_travel_through():
    inputs = layers.Input((None,), dtype="int32")
    x = layers.Embedding(7, 3, mask_zero=True)(inputs)
    x = layers.LSTM(4, return_sequences=True)(x)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(2))(x)
    model = rkeras.Model(inputs, layers.SimpleRNN(2)(x))
    short, padded = np.array([[1, 2, 3]]), np.array([[1, 2, 3, 0, 0]])
    _close(model.predict(short, verbose=0), model.predict(padded, verbose=0), 1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_training_and_sequences_of_changing_lengths(kind):
    rkeras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 8, 2)).astype("float32")
    y = x[:, -1, :1] - x[:, 0, 1:]
    model = rkeras.Sequential([layers.Input((None, 2)), getattr(layers, kind)(16), layers.Dense(1)])
    model.compile(rkeras.optimizers.Adam(0.02), "mse")
    losses = model.fit(x, y, epochs=30, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    for steps in (1, 3, 20):
        assert model.predict(np.zeros((3, steps, 2)), verbose=0).shape == (3, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_mixed_precision(kind):
    layer = getattr(layers, kind)(4, dtype="mixed_bfloat16", return_state=True)
    outputs = layer(np.ones((2, 3, 5), "float32"))
    assert {y.dtype for y in outputs} == {"bfloat16"} and {w.dtype for w in layer.weights} == {"float32"}


def test_old_names():
    with pytest.warns(DeprecationWarning):
        layer = layers.LSTM(output_dim=4, inner_activation="hard_sigmoid", dropout_U=0.1, consume_less="gpu")
    assert layer.units == 4 and layer.recurrent_dropout == 0.1
    assert layers.CuDNNLSTM is layers.LSTM and layers.CuDNNGRU is layers.GRU
    model = rkeras.Sequential([layers.LSTM(4, input_dim=3, input_length=5, implementation=2, time_major=False)])
    assert model.input_shape == (None, 5, 3)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.LSTM(0), "units"),
        (lambda: layers.LSTM(2.5), "units"),
        (lambda: layers.RNN(layers.Dense(3)), "state_size"),
        (lambda: layers.RNN(object()), "call"),
        (lambda: layers.RNN([]), "cells"),
        (lambda: layers.GRU(3, time_major=True), "time_major"),
        (lambda: layers.GRU(3)(np.ones((2, 3))), "3 axes"),
        (lambda: layers.GRU(3)(np.ones((2, 0, 3))), "at least one step"),
        (lambda: layers.LSTM(3)(np.ones((2, 4, 3)), initial_state=[np.ones((2, 3))]), "2 states"),
        (lambda: layers.LSTM(3)(np.ones((2, 4, 3)), initial_state=[np.ones((2, 9))] * 2), "shape"),
        (lambda: layers.LSTM(3, stateful=True)(layers.Input((4, 3))), "batch_shape"),
        (lambda: layers.Bidirectional(layers.Dense(3)), "recurrent"),
        (lambda: layers.Bidirectional(layers.GRU(3), "max"), "merge_mode"),
        (lambda: layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(3)), "directions"),
        (lambda: layers.TimeDistributed(layers.Dense(3))(np.ones((2, 3))), "at least 3 axes"),
        (lambda: layers.ConvLSTM2D(2, 3, padding="causal"), "padding"),
        (lambda: layers.ConvLSTM2D(2, 3)(layers.Input((3, None, 8, 1))), "sizes of the images"),
    ],
)
def test_errors_say_what_is_wrong(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_time_distributed_over_several_inputs_and_masks():
    a, b = layers.Input((3,)), layers.Input((2,))
    inner = rkeras.Model([a, b], layers.Concatenate()([a, b]))
    x = [np.ones((2, 4, 3), "float32"), np.zeros((2, 4, 2), "float32")]
    assert layers.TimeDistributed(inner)(x).shape == (2, 4, 5)
    with pytest.raises(ValueError, match="mask of shape"):
        layers.TimeDistributed(layers.Dense(3))(x[0], mask=np.ones((2, 5), bool))


@pytest.mark.parametrize("kind", KINDS)
def test_training_gives_the_same_bytes_on_any_number_of_threads(kind):
    def trained(threads):
        before = rkeras._engine.num_threads()
        rkeras._engine.set_num_threads(threads)
        try:
            rkeras.utils.set_random_seed(3)
            # Wide enough to be divided.
            model = rkeras.Sequential([layers.Input((9, 7)), layers.Masking(), getattr(layers, kind)(70), layers.Dense(1)])
            model.compile("adam", "mse")
            x = np.random.default_rng(0).normal(size=(80, 9, 7)).astype("float32")
            x[::3, 5:] = 0.0
            model.fit(x, x[:, 0, :1], batch_size=40, epochs=2, verbose=0)
            return [w.tobytes() for w in model.get_weights()]
        finally:
            rkeras._engine.set_num_threads(before)

    one = trained(1)
    assert trained(2) == one
    assert trained(3) == one


@pytest.mark.parametrize("isa", ["scalar", "avx2", "avx512"])
def test_every_instruction_set_gives_the_figures_of_keras(isa):
    names = [f"{kind}_{what}" for kind in ("simple", "lstm", "gru", "gru_before") for what in ("wide", "masked")]
    picked = [f"{__file__}::test_outputs_and_gradients_are_those_of_keras[{name}]" for name in names]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *picked]
    done = subprocess.run(command, env={**os.environ, "RKERAS_ISA": isa}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_padded_step_before_the_first_repeats_the_initial_state():
    x, start = np.ones((1, 3, 2), "float32"), np.full((1, 4), 0.25, "float32")
    mask = np.array([[False, True, False]])
    for unroll in (False, True):
        layer = layers.GRU(4, return_sequences=True, unroll=unroll)
        y = layer(x, initial_state=start, mask=mask).numpy()
        np.testing.assert_array_equal(y[:, 0], start)
        np.testing.assert_array_equal(y[:, 1], y[:, 2])
