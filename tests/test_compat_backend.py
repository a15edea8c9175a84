"""The functions that Keras 2 called ``K.…``, against NumPy: every name of the table."""

import numpy as np
import pytest

import rkeras
from rkeras import backend as K
from rkeras import ops
from rkeras.layers.call_context import context

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3)).astype("float32")
Y = rng.normal(size=(2, 3)).astype("float32")
P = np.abs(X) + 0.5
C = rng.normal(size=(2, 3, 4)).astype("float32")
IMAGE = rng.normal(size=(1, 4, 4, 2)).astype("float32")
FIRST = np.moveaxis(IMAGE, -1, 1)
VOLUME = rng.normal(size=(1, 3, 3, 3, 1)).astype("float32")
SOFT = np.exp(X) / np.exp(X).sum(-1, keepdims=True)
ONE_HOT = np.eye(3, dtype="float32")[[1, 2]]
BITS = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]], "float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def correlate(x, w, step=1):
    """A valid convolution of channels-last images."""
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:-2], axis=tuple(range(1, x.ndim - 1)))
    windows = windows[(slice(None), *[slice(None, None, step)] * (x.ndim - 2))]
    rank = x.ndim - 2
    taps = tuple(range(windows.ndim - rank, windows.ndim))
    return np.tensordot(windows, w, ((*taps, rank + 1), (*range(rank), rank)))


W1 = rng.normal(size=(2, 4, 5)).astype("float32")
W2 = rng.normal(size=(2, 2, 2, 3)).astype("float32")
W3 = rng.normal(size=(2, 2, 2, 1, 3)).astype("float32")
DEPTH = rng.normal(size=(2, 2, 2, 1)).astype("float32")
POINT = rng.normal(size=(1, 1, 2, 3)).astype("float32")
DEPTHWISE = np.concatenate([correlate(IMAGE[..., k : k + 1], DEPTH[:, :, k : k + 1]) for k in range(2)], -1)
BCE = -(BITS * np.log(sigmoid(X)) + (1 - BITS) * np.log(1 - sigmoid(X)))
BLOCKS = IMAGE.reshape(1, 2, 2, 2, 2, 2)

# Name, arguments, keywords, what NumPy gives.
CASES = [
    ("abs", (X,), {}, np.abs(X)),
    ("all", (X > -9,), {"axis": 1}, [True, True]),
    ("any", (X > 9,), {"axis": 0}, [False] * 3),
    ("arange", (1, 7, 2), {}, [1, 3, 5]),
    ("argmax", (X,), {}, X.argmax(-1)),
    ("argmax", (X, 0), {}, X.argmax(0)),
    ("argmin", (X,), {"axis": 0}, X.argmin(0)),
    ("batch_dot", (C, C), {"axes": (2, 2)}, np.einsum("abc,adc->abd", C, C)),
    ("batch_dot", (X, Y), {"axes": 1}, (X * Y).sum(1, keepdims=True)),
    ("batch_dot", (C, np.moveaxis(C, 1, 2)), {}, np.einsum("abc,acd->abd", C, np.moveaxis(C, 1, 2))),
    ("batch_dot", (X, C), {}, np.einsum("ab,abd->ad", X, C)),
    ("batch_flatten", (C,), {}, C.reshape(2, 12)),
    ("batch_normalization", (X, X.mean(0), X.var(0), Y[0], P[0]), {}, (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-3) * P[0] + Y[0]),
    ("bias_add", (X, Y[0]), {}, X + Y[0]),
    ("bias_add", (FIRST, Y[0, :2]), {"data_format": "channels_first"}, FIRST + Y[0, :2, None, None]),
    ("bias_add", (IMAGE, IMAGE[0]), {}, IMAGE * 2),
    ("bias_add", (FIRST, IMAGE[0]), {"data_format": "channels_first"}, FIRST + IMAGE[0].reshape(2, 4, 4)),
    ("binary_crossentropy", (BITS, X), {"from_logits": True}, BCE),
    ("binary_crossentropy", (BITS, sigmoid(X)), {}, BCE),
    ("binary_focal_crossentropy", (BITS, X, True), {"from_logits": True}, BCE * (1 - np.exp(-BCE)) ** 2 * (BITS * 0.25 + (1 - BITS) * 0.75)),
    ("cast", (X, "int32"), {}, X.astype("int32")),
    ("cast_to_floatx", (np.arange(3),), {}, np.arange(3, dtype="float32")),
    ("categorical_crossentropy", (ONE_HOT, SOFT), {}, -np.log(SOFT)[[0, 1], [1, 2]]),
    ("categorical_focal_crossentropy", (ONE_HOT, X), {"from_logits": True}, (-0.25 * ONE_HOT * (1 - SOFT) ** 2 * np.log(SOFT)).sum(-1)),
    ("clip", (X, -0.5, None), {}, X.clip(-0.5)),
    ("clip", (X, 0.5, 0.1), {}, np.full_like(X, 0.5)),
    ("concatenate", ([X, Y],), {}, np.concatenate([X, Y], -1)),
    ("constant", (3,), {"shape": (2, 2)}, np.full((2, 2), 3.0, "float32")),
    ("conv1d", (C, W1), {}, correlate(C, W1)),
    ("conv1d", (C, W1), {"padding": "causal"}, correlate(np.pad(C, ((0, 0), (1, 0), (0, 0))), W1)),
    ("conv2d", (IMAGE, W2), {"strides": (2, 2)}, correlate(IMAGE, W2, 2)),
    ("conv2d", (FIRST, W2), {"data_format": "channels_first"}, np.moveaxis(correlate(IMAGE, W2), -1, 1)),
    ("conv3d", (VOLUME, W3), {}, correlate(VOLUME, W3)),
    ("cos", (X,), {}, np.cos(X)),
    ("count_params", (C,), {}, 24),
    ("cumprod", (X,), {}, X.cumprod(0)),
    ("cumsum", (X,), {"axis": 1}, X.cumsum(1)),
    ("depthwise_conv2d", (IMAGE, DEPTH), {}, DEPTHWISE),
    ("dot", (C, X.T[:, :1].repeat(4, 1).T), {}, np.dot(C, X.T[:, :1].repeat(4, 1).T)),
    ("dot", (X, Y.T), {}, X @ Y.T),
    ("dot", (C, np.moveaxis(C, 1, 2)), {}, np.dot(C, np.moveaxis(C, 1, 2))),
    ("dropout", (X, 0.0), {}, X),
    ("elu", (X, 0.5), {}, np.where(X > 0, X, 0.5 * np.expm1(X))),
    ("equal", (X, X), {}, X == X),
    ("exp", (X,), {}, np.exp(X)),
    ("expand_dims", (X,), {}, X[..., None]),
    ("expand_dims", (X, 0), {}, X[None]),
    ("eye", ((2, 3),), {}, np.eye(2, 3)),
    ("flatten", (X,), {}, X.ravel()),
    ("foldl", (lambda a, x: a - x, X), {}, X[0] - X[1]),
    ("foldr", (lambda a, x: a - x, X), {}, X[1] - X[0]),
    ("gather", (C, [1, 0]), {}, C[[1, 0]]),
    ("greater", (X, Y), {}, X > Y),
    ("greater_equal", (X, Y), {}, X >= Y),
    ("hard_sigmoid", (X,), {}, (0.2 * X + 0.5).clip(0, 1)),
    ("identity", (X,), {}, X),
    ("in_top_k", (X, X.argmax(-1), 1), {}, [True, True]),
    ("is_sparse", (X,), {}, False),
    ("l2_normalize", (X,), {"axis": 1}, X / np.linalg.norm(X, axis=1, keepdims=True)),
    ("less", (X, Y), {}, X < Y),
    ("less_equal", (X, Y), {}, X <= Y),
    ("log", (P,), {}, np.log(P)),
    ("logsumexp", (X,), {"axis": 1}, np.log(np.exp(X).sum(1))),
    ("map_fn", (lambda x: x * 2, X), {}, X * 2),
    ("max", (X,), {"axis": 1, "keepdims": True}, X.max(1, keepdims=True)),
    ("maximum", (X, Y), {}, np.maximum(X, Y)),
    ("mean", (X,), {"axis": 0}, X.mean(0)),
    ("mean", (X > 0,), {}, (X > 0).mean()),
    ("min", (X, 0), {}, X.min(0)),
    ("minimum", (X, Y), {}, np.minimum(X, Y)),
    ("ndim", (C,), {}, 3),
    ("not_equal", (X, Y), {}, X != Y),
    ("one_hot", ([1, 2], 3), {}, ONE_HOT),
    ("ones", ((2, 3),), {}, np.ones((2, 3))),
    ("ones_like", (X,), {}, np.ones_like(X)),
    ("permute_dimensions", (C, (2, 0, 1)), {}, C.transpose(2, 0, 1)),
    ("permute_dimensions", (X,), {"pattern": (1, 0)}, X.T),
    ("pool2d", (IMAGE, (2, 2), (2, 2)), {}, BLOCKS.max((2, 4))),
    ("pool2d", (IMAGE, (2, 2), (2, 2)), {"pool_mode": "avg"}, BLOCKS.mean((2, 4))),
    ("pool3d", (VOLUME, (3, 3, 3)), {"pool_mode": "max"}, VOLUME.max((1, 2, 3), keepdims=True)),
    ("pow", (P, 2.0), {}, P**2),
    ("print_tensor", (X,), {"message": "x"}, X),
    ("prod", (X,), {"axis": 1}, X.prod(1)),
    ("relu", (X,), {}, X.clip(0)),
    ("relu", (X, 0.1, 0.6), {"threshold": 0.3}, np.where(X > 0.3, X.clip(None, 0.6), 0.1 * (X - 0.3))),
    ("repeat", (X, 4), {}, X[:, None].repeat(4, 1)),
    ("repeat_elements", (X, 2, 1), {}, X.repeat(2, 1)),
    ("reshape", (X, (3, -1)), {}, X.reshape(3, 2)),
    ("resize_images", (IMAGE, 2, 3, "channels_last"), {}, IMAGE.repeat(2, 1).repeat(3, 2)),
    ("resize_volumes", (VOLUME, 2, 1, 3, "channels_last"), {}, VOLUME.repeat(2, 1).repeat(3, 3)),
    ("reverse", (X, [0, 1]), {}, X[::-1, ::-1]),
    ("round", (X,), {}, np.round(X)),
    ("separable_conv2d", (IMAGE, DEPTH, POINT), {}, DEPTHWISE @ POINT[0, 0]),
    ("shape", (C,), {}, [2, 3, 4]),
    ("sigmoid", (X,), {}, sigmoid(X)),
    ("sign", (X,), {}, np.sign(X)),
    ("sin", (X,), {}, np.sin(X)),
    ("softmax", (X,), {}, SOFT),
    ("softplus", (X,), {}, np.log1p(np.exp(X))),
    ("softsign", (X,), {}, X / (1 + np.abs(X))),
    ("sparse_categorical_crossentropy", ([1, 2], SOFT), {}, -np.log(SOFT)[[0, 1], [1, 2]]),
    ("sparse_categorical_crossentropy", ([[1], [-1]], X), {"from_logits": True, "ignore_class": -1}, [-np.log(SOFT)[0, 1], 0]),
    ("sparse_categorical_crossentropy", ([1, 2], SOFT.T), {"axis": 0}, None),
    ("spatial_2d_padding", (IMAGE, ((1, 2), (3, 4))), {}, np.pad(IMAGE, ((0, 0), (1, 2), (3, 4), (0, 0)))),
    ("spatial_2d_padding", (FIRST, ((1, 2), (3, 4)), "channels_first"), {}, np.pad(FIRST, ((0, 0), (0, 0), (1, 2), (3, 4)))),
    ("spatial_3d_padding", (VOLUME,), {}, np.pad(VOLUME, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)))),
    ("sqrt", (X,), {}, np.sqrt(X.clip(0))),
    ("square", (X,), {}, X**2),
    ("squeeze", (X[:, None], 1), {}, X),
    ("stack", ([X, Y],), {"axis": 1}, np.stack([X, Y], 1)),
    ("std", (X,), {"axis": 0}, X.std(0)),
    ("stop_gradient", (X,), {}, X),
    ("sum", (X,), {"axis": -1}, X.sum(-1)),
    ("switch", (X > 0, X, Y), {}, np.where(X > 0, X, Y)),
    ("switch", (np.array(True), X, Y), {}, X),
    ("switch", (np.array([True, False]), lambda: X, lambda: Y), {}, np.stack([X[0], Y[1]])),
    ("tanh", (X,), {}, np.tanh(X)),
    ("temporal_padding", (C, (1, 2)), {}, np.pad(C, ((0, 0), (1, 2), (0, 0)))),
    ("tile", (X, (2, 1)), {}, np.tile(X, (2, 1))),
    ("to_dense", (X,), {}, X),
    ("transpose", (C,), {}, C.T),
    ("var", (X,), {"axis": 0}, X.var(0)),
    ("variable", (X,), {}, X),
    ("zeros", ((2, 3),), {}, np.zeros((2, 3))),
    ("zeros_like", (X,), {}, np.zeros_like(X)),
]
CASES = [case for case in CASES if case[3] is not None]

# Names that the other tests of this file use.
OTHERS = """
    backend batch_get_value batch_set_value clear_session conv2d_transpose dtype epsilon eval floatx function get_uid
    get_session get_value gradients image_data_format image_dim_ordering in_test_phase in_train_phase int_shape is_float_dtype
    is_int_dtype is_keras_tensor is_placeholder is_tensor is_variable learning_phase learning_phase_scope
    manual_variable_initialization moving_average_update name_scope normalize_batch_in_training placeholder
    random_bernoulli random_binomial random_normal random_normal_variable random_uniform random_uniform_variable
    reset_uids result_type rnn set_epsilon set_floatx set_image_data_format set_image_dim_ordering set_learning_phase
    set_session set_value standardize_dtype tf truncated_normal update update_add update_sub
"""


def test_every_name_is_exercised():
    assert {case[0] for case in CASES} | set(OTHERS.split()) == set(K.__all__)


@pytest.mark.parametrize(("name", "args", "kwargs", "expected"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_against_numpy(name, args, kwargs, expected):
    result = getattr(K, name)(*args, **kwargs)
    np.testing.assert_allclose(np.asarray(result), expected, rtol=2e-5, atol=2e-6)


SYMBOLIC = [case for case in CASES if isinstance(case[1][0], np.ndarray) and case[1][0].shape == (2, 3) and case[1][0] is X]
SYMBOLIC = [case for case in SYMBOLIC if case[0] not in ("print_tensor", "map_fn", "variable", "is_sparse", "shape", "dropout")]


@pytest.mark.parametrize(("name", "args", "kwargs", "expected"), SYMBOLIC, ids=[f"{c[0]}-{i}" for i, c in enumerate(SYMBOLIC)])
def test_on_symbolic_tensors(name, args, kwargs, expected):
    x = K.placeholder((2, 3))
    y = getattr(K, name)(x, *args[1:], **kwargs)
    if not K.is_keras_tensor(y):
        assert y == expected
        return
    assert y.shape == np.shape(expected)
    np.testing.assert_allclose(K.function([x], y)([X]), expected, rtol=2e-5, atol=2e-6)


def test_errors_name_the_function():
    with pytest.raises(ValueError, match=r"K\.batch_dot"):
        K.batch_dot(X, Y, axes=0)
    with pytest.raises(ValueError, match=r"K.batch_dot .* \(2, 3\) and \(2, 3, 4\)"):
        K.batch_dot(X, C, axes=(1, 2))
    with pytest.raises(ValueError, match=r"K\.softmax"):
        K.softmax(X[0])
    with pytest.raises(ValueError, match=r"K\.switch"):
        K.switch(C > 0, X, Y)
    with pytest.raises(TypeError, match=r"K\.argmax has no argument 'axes'"):
        K.argmax(X, axes=1)
    with pytest.raises(TypeError, match=r"K\.argmax takes up to 2"):
        K.argmax(X, 1, 2)
    with pytest.raises(AttributeError, match="ctc_no_such_function"):
        _ = K.ctc_no_such_function
    with pytest.raises(TypeError, match="GradientTape"):
        K.gradients(X, X)
    with pytest.raises(ValueError, match=r"K\.function or a model"):
        K.eval(K.placeholder((2,)))


def test_transposed_convolution_is_the_derivative_of_convolution():
    small = rng.normal(size=(1, 3, 3, 2)).astype("float32")
    for size, window, padding in ((5, 3, "same"), (6, 3, "same"), (6, 2, "same"), (7, 3, "valid"), (8, 3, "valid")):
        kernel = rng.normal(size=(window, window, 4, 2)).astype("float32")
        image = ops.convert_to_tensor(rng.normal(size=(1, size, size, 4)).astype("float32"))
        with rkeras.GradientTape() as tape:
            tape.watch(image)
            y = K.conv2d(image, kernel, (2, 2), padding)
            product = K.sum(y * small)
        expected = tape.gradient(product, image)
        result = K.conv2d_transpose(small, kernel, (1, size, size, 4), (2, 2), padding)
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="axis of size 9"):
        K.conv2d_transpose(small, kernel, (1, 9, 9, 4), (2, 2), "same")


def test_values_in_and_out():
    v, w = K.variable(X, name="v"), K.zeros((2,))
    assert v.name == "v" and K.is_variable(v) and not K.is_variable(X)
    np.testing.assert_array_equal(K.get_value(v), X)
    np.testing.assert_array_equal(K.eval(v * 2), X * 2)
    assert K.get_value(7) == 7
    K.batch_set_value([(v, Y), (w, [1, 2])])
    first, second = K.batch_get_value([v, w])
    np.testing.assert_array_equal(first, Y)
    np.testing.assert_array_equal(second, [1, 2])
    K.set_value(w, [3, 4])
    assert K.update_add(w, [1, 1]).numpy().tolist() == [4, 5] == w.numpy().tolist()
    assert K.update_sub(w, [4, 4]).numpy().tolist() == [0, 1]
    assert K.update(w, [8, 8]).numpy().tolist() == [8, 8]
    assert K.moving_average_update(w, [0, 4], 0.75).numpy().tolist() == [6, 7]
    with pytest.raises(TypeError, match="sets variables"):
        K.set_value(X, X)
    assert [t.numpy().tolist() for t in K.stop_gradient([w, w])] == [[6, 7]] * 2


def test_what_things_are():
    x = K.placeholder(ndim=2)
    assert K.int_shape(x) == (None, None) and K.int_shape(X) == (2, 3)
    assert K.is_keras_tensor(x) and K.is_placeholder(x) and not K.is_placeholder(x * 2)
    assert K.is_tensor(K.constant(1)) and K.dtype(K.constant(1)) == "float32"
    assert K.shape(x) == (None, None)
    assert K.result_type("int32", "float32") == "float32" and K.standardize_dtype("float32") == "float32"
    assert K.is_float_dtype("float16") and K.is_int_dtype("int8") and not K.is_int_dtype("bool")
    with pytest.raises(ValueError, match="shape or ndim"):
        K.placeholder()


def test_settings():
    assert K.backend() == "rkeras" and K.tf.newaxis is None
    assert (K.epsilon(), K.floatx(), K.image_data_format(), K.image_dim_ordering()) == (1e-7, "float32", "channels_last", "tf")
    try:
        K.set_epsilon(1e-3)
        K.set_floatx("float64")
        K.set_image_dim_ordering("th")
        assert (K.epsilon(), K.floatx(), K.image_data_format()) == (1e-3, "float64", "channels_first")
        assert K.variable(1).dtype == "float64"
    finally:
        K.set_epsilon(1e-7)
        K.set_floatx("float32")
        K.set_image_data_format("channels_last")
    with pytest.raises(ValueError, match="dim_ordering"):
        K.set_image_dim_ordering("channels_last")
    K.manual_variable_initialization(True)
    K.clear_session()
    assert (K.get_uid("thing"), K.get_uid("thing")) == (1, 2)
    K.reset_uids()
    assert K.get_uid("thing") == 1
    with K.name_scope("block"):
        assert K.variable(1.0, name="w").path == "block/w"


def test_learning_phase():
    drop = rkeras.layers.Dropout(0.999)
    ones = np.ones((1, 100), "float32")
    assert K.learning_phase() == 0 and float(K.sum(drop(ones))) == 100
    with K.learning_phase_scope(1):
        assert K.learning_phase() == 1 and float(K.sum(drop(ones))) != 100
        assert K.in_train_phase("train", lambda: "test") == "train" and K.in_test_phase("test", "train") == "train"
    assert K.in_train_phase("train", lambda: "test") == "test" and K.in_test_phase("test", "train", training=False) == "test"
    try:
        K.set_learning_phase(1)
        assert K.learning_phase() == 1 and float(K.sum(drop(ones))) != 100
        K.set_learning_phase(0)
        assert K.learning_phase() == 0
    finally:
        context.training = None


def test_function_takes_the_learning_phase_as_input():
    x = rkeras.Input((100,))
    y = rkeras.layers.Dropout(0.5)(x)
    f = K.function([x, K.learning_phase()], [y])
    ones = np.ones((1, 100))
    assert (f([ones, 0])[0] == 1).all() and (f([ones, 1])[0] != 1).any()
    with pytest.raises(ValueError, match="takes 2 inputs, got 1"):
        f([ones])


def test_gradients_of_hidden_layers_and_weights():
    x = rkeras.Input((3,))
    hidden = rkeras.layers.Dense(2, activation="tanh")(x)
    layer = rkeras.layers.Dense(1)
    loss = K.sum(K.square(layer(hidden)))
    f = K.function([x], [hidden, loss, *K.gradients(loss, [hidden, layer.kernel, x])])
    h, value, by_hidden, by_kernel, by_input = f([X])
    kernel = layer.kernel.numpy()
    np.testing.assert_allclose(value, ((h @ kernel) ** 2).sum(), rtol=1e-5)
    np.testing.assert_allclose(by_hidden, 2 * (h @ kernel) @ kernel.T, rtol=1e-4)
    np.testing.assert_allclose(by_kernel, 2 * h.T @ (h @ kernel), rtol=1e-4)
    assert by_input.shape == X.shape and np.abs(by_input).sum() > 0


def test_random():
    a = K.random_normal((2000,), mean=3.0, stddev=0.5, seed=1).numpy()
    assert abs(a.mean() - 3) < 0.1 and abs(a.std() - 0.5) < 0.05
    np.testing.assert_array_equal(a, K.random_normal((2000,), mean=3.0, stddev=0.5, seed=1))
    b = K.random_uniform((2000,), 2.0, 4.0).numpy()
    assert b.min() >= 2 and b.max() < 4 and abs(b.mean() - 3) < 0.1
    c = K.truncated_normal((2000,)).numpy()
    assert np.abs(c).max() <= 2
    for bernoulli in (K.random_bernoulli, K.random_binomial):
        d = bernoulli((2000,), p=0.25).numpy()
        assert set(d.tolist()) == {0.0, 1.0} and abs(d.mean() - 0.25) < 0.05
    assert K.is_variable(K.random_normal_variable((2, 3), 0, 1)) and K.random_uniform_variable((2,), 5, 6).numpy().min() >= 5


def test_normalising_a_batch():
    y, mean, var = K.normalize_batch_in_training(X, P[0], Y[0], [0])
    np.testing.assert_allclose(mean, X.mean(0), rtol=1e-5)
    np.testing.assert_allclose(var, X.var(0), rtol=1e-4)
    np.testing.assert_allclose(y, (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-3) * P[0] + Y[0], rtol=1e-4, atol=1e-5)


def test_rnn():
    def step(x, states):
        total = states[0] + x * states[1]
        return total, [total]

    scale = np.full((2, 4), 2.0, "float32")
    last, outputs, states = K.rnn(step, C, [np.zeros((2, 4), "float32")], constants=[scale])
    np.testing.assert_allclose(outputs, 2 * C.cumsum(1), rtol=1e-5)
    np.testing.assert_allclose(last, 2 * C.sum(1), rtol=1e-5)
    np.testing.assert_array_equal(last, states[0])
    mask = np.array([[True, False, True], [False, True, False]])
    kept = (C * mask[..., None]).cumsum(1) * 2
    _, outputs, states = K.rnn(step, C, [np.zeros((2, 4), "float32")], mask=mask, constants=[scale])
    np.testing.assert_allclose(outputs, kept, rtol=1e-5)
    np.testing.assert_allclose(states[0], kept[:, -1], rtol=1e-5)
    _, outputs, _ = K.rnn(step, C, [scale * 0], mask=mask, constants=[scale], zero_output_for_mask=True)
    np.testing.assert_allclose(outputs, kept * mask[..., None], rtol=1e-5)
    _, outputs, _ = K.rnn(step, np.moveaxis(C, 1, 0), [scale * 0], True, constants=[scale], time_major=True)
    np.testing.assert_allclose(outputs, 2 * np.moveaxis(C, 1, 0)[::-1].cumsum(0), rtol=1e-5)
    _, outputs, _ = K.rnn(step, C, [scale * 0], constants=[scale], return_all_outputs=False)
    assert outputs.shape == (2, 1, 4)
