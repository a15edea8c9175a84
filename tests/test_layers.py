"""Layers against figures from Keras, and what figures do not show: shapes, configs, draws, errors."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers

FIXTURES = Path(__file__).parent / "fixtures"
sys.path.insert(0, str(FIXTURES))
from layer_table import FIRST, LAST, TABLE  # noqa: E402

FIGURES = np.load(FIXTURES / "layers.npz")


def _of(name, what):
    found = []
    while f"{name}/{what}{len(found)}" in FIGURES:
        found.append(FIGURES[f"{name}/{what}{len(found)}"])
    return found


def _made(name):
    kind, arguments, shapes, options = TABLE[name]
    layer = getattr(layers, kind)(**arguments)
    inputs = _of(name, "input")
    layer.build([x.shape for x in inputs] if len(inputs) > 1 else inputs[0].shape)
    layer.set_weights(_of(name, "weight"))
    call = {"training": options["training"]} if "training" in options else {}
    if "mask" in options:
        call["mask"] = np.arange(shapes[0][1])[None, :] < np.array(options["mask"])[:, None]
    return layer, inputs, call


def _close(found, expected, tolerance=2e-5):
    found = np.asarray(found)
    assert found.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max())) if expected.size else 1.0
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("name", TABLE)
def test_outputs_states_and_gradients_are_those_of_keras(name):
    layer, arrays, call = _made(name)
    inputs = [rkeras.ops.convert_to_tensor(x) for x in arrays]
    with rkeras.GradientTape() as tape:
        for x in inputs:
            if not TABLE[name][3].get("ids"):
                tape.watch(x)
        outputs = layer(inputs if len(inputs) > 1 else inputs[0], **call)
        factors = np.cos(np.arange(outputs.numpy().size, dtype="float32")).reshape(outputs.shape)
        loss = rkeras.ops.sum(outputs * factors)
    _close(outputs.numpy(), FIGURES[f"{name}/output"])
    states = _of(name, "state")
    assert len(layer.non_trainable_variables) == len(states)
    for variable, expected in zip(layer.non_trainable_variables, states, strict=True):
        if variable.dtype.startswith("float"):
            _close(variable.numpy(), expected)
    on_weights, on_inputs = _of(name, "weight_gradient"), _of(name, "input_gradient")
    targets = [*layer.trainable_variables, *(inputs if on_inputs else [])]
    expected = [*on_weights, *on_inputs]
    if targets:
        for found, wanted in zip(tape.gradient(loss, targets), expected, strict=True):
            _close(np.zeros_like(wanted) if found is None else found.numpy(), wanted, 1e-4)


@pytest.mark.parametrize("name", TABLE)
def test_symbolic_shapes_agree_with_results(name):
    kind, arguments, shapes, options = TABLE[name]
    dtype = "int32" if options.get("ids") else None
    for hidden in (1, 2):
        # Channels stay known; the batch is unknown, or the batch and the first axis of samples.
        symbolic = []
        for shape in shapes:
            unknown = [None] * min(hidden, len(shape) - 1) + list(shape[min(hidden, len(shape) - 1) :])
            symbolic.append(layers.Input(batch_shape=unknown, dtype=dtype))
        if hidden == 2 and (
            FIRST.items() <= arguments.items() or name.endswith("axis1") or name == "layer_norm_axes"
        ):
            continue
        if name in ("einsum_dense_after", "prelu") and hidden == 2:
            continue
        layer = getattr(layers, kind)(**arguments)
        found = layer(symbolic if len(symbolic) > 1 else symbolic[0]).shape
        expected = FIGURES[f"{name}/output"].shape
        assert len(found) == len(expected) and found[0] is None
        assert all(m in (None, n) for m, n in zip(found, expected, strict=True))
        if hidden == 1 and name != "reshape":
            assert found[1:] == expected[1:]


@pytest.mark.parametrize("name", TABLE)
def test_configs_make_the_same_layer(name):
    layer, inputs, call = _made(name)
    record = rkeras.saving.serialize_keras_object(layer)
    again = rkeras.saving.deserialize_keras_object(record)
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
    again.build([x.shape for x in inputs] if len(inputs) > 1 else inputs[0].shape)
    again.set_weights(_of(name, "weight"))
    call = {**call, "training": False} if "training" in call else call
    x = inputs if len(inputs) > 1 else inputs[0]
    np.testing.assert_array_equal(again(x, **call).numpy(), layer(x, **call).numpy())


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Dropout, (40, 50)),
        (layers.GaussianDropout, (40, 50)),
        (layers.AlphaDropout, (40, 50)),
        (layers.GaussianNoise, (40, 50)),
        (layers.SpatialDropout1D, (40, 3, 50)),
    ],
)
def test_noise_is_determined_by_its_seed_and_new_each_time(layer, shape):
    x = np.ones(shape, "float32")
    one, other, third = layer(0.4, seed=3), layer(0.4, seed=3), layer(0.4, seed=4)
    first, second = one(x, training=True).numpy(), one(x, training=True).numpy()
    np.testing.assert_array_equal(first, other(x, training=True).numpy())
    np.testing.assert_array_equal(second, other(x, training=True).numpy())
    assert (first != second).any() and (first != third(x, training=True).numpy()).any()
    np.testing.assert_array_equal(one(x).numpy(), x)
    if layer is not layers.AlphaDropout:
        assert abs(first.mean() - 1.0) < 0.15


def test_dropout_keeps_the_mean_and_drops_the_rate():
    y = layers.Dropout(0.25, seed=1)(np.ones((100, 100), "float32"), training=True).numpy()
    assert set(np.unique(y)) == {np.float32(0.0), np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02


def test_noise_shape_shares_the_fate():
    y = layers.Dropout(0.5, noise_shape=(None, 1, None), seed=1)(np.ones((8, 5, 9)), training=True).numpy()
    assert (y == y[:, :1]).all() and 0 < (y == 0).mean() < 1
    y = layers.SpatialDropout2D(0.5, data_format="channels_first", seed=1)(
        np.ones((4, 9, 3, 3)), training=True
    )
    y = y.numpy()
    assert (y == y[:, :, :1, :1]).all() and 0 < (y == 0).mean() < 1


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=(200, 200)).astype("float32")
    y = layers.AlphaDropout(0.3, seed=1)(x, training=True).numpy()
    assert abs(y.mean()) < 0.03 and abs(y.var() - 1.0) < 0.05


def test_moving_statistics_stay_when_the_layer_is_frozen():
    layer = layers.BatchNormalization()
    x = np.random.default_rng(0).normal(2.0, size=(8, 3)).astype("float32")
    layer(x, training=True)
    moved = layer.moving_mean.numpy()
    assert (moved != 0).all()
    layer.trainable = False
    y = layer(x, training=True).numpy()
    np.testing.assert_array_equal(layer.moving_mean.numpy(), moved)
    np.testing.assert_allclose(y, layer(x, training=False).numpy(), rtol=1e-6)


def test_one_device_shares_its_statistics_with_itself():
    x = np.random.default_rng(0).normal(2.0, size=(8, 3)).astype("float32")
    one, other = layers.BatchNormalization(), layers.BatchNormalization(synchronized=True)
    np.testing.assert_array_equal(one(x, training=True).numpy(), other(x, training=True).numpy())
    assert layers.BatchNormalization.from_config(other.get_config()).synchronized is True


def test_half_precision_normalizes_in_single():
    x = np.full((4, 3), 300.0, "float32") + np.arange(4, dtype="float32")[:, None]
    for layer in (layers.BatchNormalization, layers.LayerNormalization):
        y = layer(dtype="mixed_float16")(x)
        assert y.dtype == "float16" and np.isfinite(y.numpy()).all()


def test_masks_of_embedding_pass_through():
    ids = np.array([[1, 2, 0]])
    x = layers.Embedding(5, 2, mask_zero=True)(ids)
    y = layers.Dense(1, kernel_initializer="ones")(x)
    assert y._keras_mask.numpy().tolist() == [[True, True, False]]
    mean = layers.GlobalAveragePooling1D()(y).numpy()
    np.testing.assert_allclose(mean, y.numpy()[:, :2].mean(axis=1), rtol=1e-6)
    both = layers.Concatenate(axis=1)([y, y])
    assert both._keras_mask.numpy().tolist() == [[True, True, False] * 2]


def test_time_distributed_is_the_layer_for_each_step():
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 6, 2)).astype("float32")
    layer = layers.TimeDistributed(layers.Conv2D(4, 3, data_format="channels_last"))
    y = layer(x).numpy()
    for step in range(3):
        _close(layer.layer(x[:, step]).numpy(), y[:, step])
    again = rkeras.saving.deserialize_keras_object(rkeras.saving.serialize_keras_object(layer))
    assert again.layer.filters == 4
    assert layers.TimeDistributed(layers.Dense(3))(layers.Input((None, 4))).shape == (None, None, 3)


def test_lora_trains_in_place_of_the_kernel():
    layer = layers.Dense(3)
    x = np.ones((2, 4), "float32")
    before = layer(x).numpy()
    layer.enable_lora(2)
    np.testing.assert_allclose(layer(x).numpy(), before, rtol=1e-6)
    assert [w.name for w in layer.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"]
    layer.lora_kernel_b.assign(np.ones((2, 3)))
    expected = layer._kernel.numpy() + layer.lora_kernel_a.numpy() @ np.ones((2, 3))
    np.testing.assert_allclose(layer.kernel.numpy(), expected, rtol=1e-5)


def test_lambda_gets_arguments_training_and_mask():
    layer = layers.Lambda(lambda x, by, training=None: x * by if training else x, arguments={"by": 3.0})
    assert layer(np.ones(1), training=True).tolist() == [3.0]
    with pytest.raises(ValueError, match="safe_mode"):
        layers.Lambda.from_config(layer.get_config(), safe_mode=True)
    assert layers.Lambda.from_config(layer.get_config(), safe_mode=False)(np.ones(1)).tolist() == [1.0]
    assert layers.Lambda(lambda x: x[:, :2], output_shape=(2,))(layers.Input((5,))).shape == (None, 2)


@pytest.mark.parametrize(
    ("make", "today"),
    [
        (lambda: layers.Dense(output_dim=3, init="zeros", bias=False), {"units": 3, "use_bias": False}),
        (lambda: layers.Dropout(p=0.5), {"rate": 0.5}),
        (lambda: layers.LeakyReLU(alpha=0.2), {"negative_slope": 0.2}),
        (
            lambda: layers.Convolution2D(8, 3, 2, border_mode="same", dim_ordering="th"),
            {"filters": 8, "kernel_size": (3, 2), "padding": "same", "data_format": "channels_first"},
        ),
        (lambda: layers.Convolution2D(8, nb_row=3, nb_col=2), {"kernel_size": (3, 2)}),
        (lambda: layers.Convolution1D(nb_filter=4, filter_length=3), {"filters": 4, "kernel_size": (3,)}),
        (lambda: layers.MaxPooling1D(pool_length=3, stride=1), {"pool_size": (3,), "strides": (1,)}),
    ],
)
def test_old_names_of_arguments(make, today):
    with pytest.warns(DeprecationWarning, match="old spelling"):
        layer = make()
    for name, value in today.items():
        assert getattr(layer, name) == value


def test_old_and_new_name_at_once():
    with warnings.catch_warnings(), pytest.raises(TypeError, match="both p and rate"):
        warnings.simplefilter("ignore")
        layers.Dropout(p=0.5, rate=0.4)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: layers.Dense(0), "units=0"),
        (lambda: layers.Dense(2)(layers.Input((None,))), "last axis"),
        (lambda: layers.Conv2D(4, (3, 3, 3)), "kernel_size"),
        (lambda: layers.Conv2D(4, 3, padding="causal"), "padding='causal'"),
        (lambda: layers.Conv2D(4, 9, **LAST)(np.ones((1, 4, 4, 1))), "conv2d"),
        (lambda: layers.Conv2D(4, 3, groups=3), "groups=3"),
        (lambda: layers.Reshape((5, 5))(np.ones((2, 24))), r"24 elements"),
        (lambda: layers.Reshape((5, 5))(layers.Input((24,))), r"24 elements"),
        (lambda: layers.Dropout(1.5), "rate=1.5"),
        (lambda: layers.Concatenate()([np.ones((2, 3)), np.ones((3, 3))]), "agree elsewhere"),
        (lambda: layers.Add()([np.ones((2, 3)), np.ones((2, 4))]), "cannot join"),
        (lambda: layers.Add()(np.ones((2, 3))), "list of inputs"),
        (lambda: layers.Dot(1)([np.ones((2, 3)), np.ones((2, 4))]), "different sizes"),
        (lambda: layers.Cropping1D(5)(np.ones((1, 8, 2))), "leave nothing"),
        (lambda: layers.GroupNormalization(3)(np.ones((2, 4))), "groups=3"),
        (lambda: layers.BatchNormalization(axis=4)(np.ones((2, 4))), "no axis 4"),
        (lambda: layers.EinsumDense("abc,cd->abe", (None, 5))(np.ones((2, 3, 4))), "'e'"),
        (lambda: layers.TimeDistributed(layers.Dense(2))(np.ones((2, 4))), "3 axes"),
    ],
)
def test_errors_say_what_is_wrong(make, said):
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert said in str(caught.value)


def test_a_layer_that_is_too_large_says_so_at_once():
    with pytest.raises((MemoryError, ValueError), match="dense"):
        layers.Dense(10**12)(np.ones((1, 10), "float32"))


def test_embedding_takes_length_and_weights_as_older_code_gives_them():
    vectors = np.random.default_rng(0).normal(size=(10, 4)).astype("float32")
    model = rkeras.Sequential([layers.Embedding(10, 4, input_length=5, weights=[vectors]), layers.Flatten()])
    assert model.output_shape == (None, 20)
    np.testing.assert_array_equal(
        model(np.array([[1, 2, 3, 4, 9]])).numpy(), vectors[None, [1, 2, 3, 4, 9]].reshape(1, 20)
    )


def test_causal_convolution_sees_no_future():
    x = np.random.default_rng(0).normal(size=(1, 6, 2)).astype("float32")
    changed = x.copy()
    changed[:, 4:] += 1.0
    for layer in (
        layers.SeparableConv1D(3, 3, padding="causal"),
        layers.DepthwiseConv1D(3, padding="causal"),
    ):
        one, other = layer(x).numpy(), layer(changed).numpy()
        np.testing.assert_allclose(one[:, :4], other[:, :4], atol=1e-6)
        assert (np.abs(one[:, 4:] - other[:, 4:]) > 1e-6).any()


@pytest.mark.parametrize("record", ["with a module", "of older files"])
def test_layers_as_data(record):
    data = layers.serialize(layers.Dense(3, activation="relu", name="d"))
    if record == "of older files":
        data = {"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": "relu"}}
    layer = layers.deserialize(data)
    assert isinstance(layer, layers.Dense) and layer.name == "d" and layer.units == 3
    assert layer(np.full((1, 1), -1.0)).numpy().min() == 0.0 or layer.kernel.numpy().max() < 0


def test_every_public_name_is_there_and_saved_classes_are_found():
    from rkeras.saving.class_table import find_class

    for name in layers.__all__:
        found = getattr(layers, name)
        if isinstance(found, type) and issubclass(found, layers.Layer):
            assert find_class("keras.layers", name) is found


def test_layers_train_in_a_compiled_step():
    rkeras.utils.set_random_seed(1)
    model = rkeras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(64, 8, 8, 1)).astype("float32")
    y = (x.mean(axis=(1, 2, 3)) > 0).astype("int32")
    losses = model.fit(x, y, batch_size=16, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < losses[0] * 0.9
    assert (model.layers[1].moving_variance.numpy() != 1.0).all()
    assert model.layers[3].seed_generator.state.numpy().tolist()[1] == 60


def test_transposed_convolution_over_volumes_has_its_own_order_of_arguments():
    layer = layers.Conv3DTranspose(2, 2, 2, "valid", "channels_first", 1)
    assert (layer.data_format, layer.output_padding) == ("channels_first", (1, 1, 1))
