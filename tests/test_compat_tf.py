"""The ``tf`` facade against NumPy: every name of its tables."""

import numpy as np
import pytest

import rkeras
from rkeras import ops
from rkeras.compat import tf

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 3)).astype("float32")
Y = rng.normal(size=(2, 3)).astype("float32")
P = np.abs(X) + 0.5
S = np.clip(X, -0.9, 0.9)
C = rng.normal(size=(2, 3, 4)).astype("float32")
B = X > 0
N = np.array([[7, 2, -5], [4, -1, 3]], "int32")
J = np.array([[2, 3, 3], [4, 4, 2]], "int32")
IMAGE = rng.normal(size=(1, 4, 4, 2)).astype("float32")
SOFT = np.exp(X) / np.exp(X).sum(-1, keepdims=True)
ONE_HOT = np.eye(3, dtype="float32")[[1, 2]]
SQUARE = C[0, :, :3]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    import math

    return np.vectorize(math.erf)(x)


# In tf and in tf.math.
SHARED = [
    ("abs", (X,), {}, np.abs(X)),
    ("acos", (S,), {}, np.arccos(S)),
    ("acosh", (P + 1,), {}, np.arccosh(P + 1)),
    ("add", (X, Y), {}, X + Y),
    ("add_n", ([X, Y, X],), {}, 2 * X + Y),
    ("argmax", (X,), {}, X.argmax(0)),
    ("argmax", (), {"input": X, "axis": -1}, X.argmax(-1)),
    ("argmin", (X, 1), {}, X.argmin(1)),
    ("asin", (S,), {}, np.arcsin(S)),
    ("asinh", (X,), {}, np.arcsinh(X)),
    ("atan", (X,), {}, np.arctan(X)),
    ("atan2", (X, Y), {}, np.arctan2(X, Y)),
    ("atanh", (S,), {}, np.arctanh(S)),
    ("ceil", (X,), {}, np.ceil(X)),
    ("cos", (X,), {}, np.cos(X)),
    ("cosh", (X,), {}, np.cosh(X)),
    ("cumsum", (X,), {"axis": 1}, X.cumsum(1)),
    ("cumsum", (X, 1), {"exclusive": True}, X.cumsum(1) - X),
    ("cumsum", (X, 1), {"reverse": True}, X[:, ::-1].cumsum(1)[:, ::-1]),
    ("divide", (X, P), {}, X / P),
    ("equal", (X, X), {}, X == X),
    ("exp", (X,), {}, np.exp(X)),
    ("floor", (X,), {}, np.floor(X)),
    ("floordiv", (N, J), {}, N // J),
    ("greater", (X, Y), {}, X > Y),
    ("greater_equal", (X, Y), {}, X >= Y),
    ("less", (X, Y), {}, X < Y),
    ("less_equal", (X, Y), {}, X <= Y),
    ("log", (P,), {}, np.log(P)),
    ("logical_and", (B, Y > 0), {}, B & (Y > 0)),
    ("logical_not", (B,), {}, ~B),
    ("logical_or", (B, Y > 0), {}, B | (Y > 0)),
    ("maximum", (X, Y), {}, np.maximum(X, Y)),
    ("minimum", (X,), {"y": Y, "name": "least"}, np.minimum(X, Y)),
    ("mod", (N, J), {}, N % J),
    ("multiply", (X, Y), {}, X * Y),
    ("negative", (X,), {}, -X),
    ("not_equal", (X, Y), {}, X != Y),
    ("pow", (P, 3.0), {}, P**3),
    ("reduce_all", (B, 1), {}, B.all(1)),
    ("reduce_any", (B, 1), {}, B.any(1)),
    ("reduce_logsumexp", (X,), {"axis": 0}, np.log(np.exp(X).sum(0))),
    ("reduce_max", (X,), {"axis": [0, 1]}, X.max()),
    ("reduce_mean", (X,), {"axis": 1, "keepdims": True}, X.mean(1, keepdims=True)),
    ("reduce_mean", (), {"input_tensor": X, "reduction_indices": [0]}, X.mean(0)),
    ("reduce_min", (X, -1), {}, X.min(-1)),
    ("reduce_prod", (X,), {}, X.prod()),
    ("reduce_sum", (X, 0, True), {}, X.sum(0, keepdims=True)),
    ("round", (X,), {}, np.round(X)),
    ("sigmoid", (X,), {}, sigmoid(X)),
    ("sign", (X,), {}, np.sign(X)),
    ("sin", (X,), {}, np.sin(X)),
    ("sinh", (X,), {}, np.sinh(X)),
    ("sqrt", (P,), {}, np.sqrt(P)),
    ("square", (X,), {}, X**2),
    ("squared_difference", (X, Y), {}, (X - Y) ** 2),
    ("subtract", (X, Y), {}, X - Y),
    ("tan", (X,), {}, np.tan(X)),
    ("tanh", (X,), {}, np.tanh(X)),
    ("truediv", (N, J), {}, N / J),
]
MATH = [
    ("confusion_matrix", ([0, 1, 2, 1], [0, 1, 1, 1]), {}, [[1, 0, 0], [0, 2, 0], [0, 1, 0]]),
    ("confusion_matrix", ([0, 1], [1, 1], 3), {"weights": [0.5, 2.0], "dtype": tf.float32}, [[0, 0.5, 0], [0, 2, 0], [0, 0, 0]]),
    ("count_nonzero", (B,), {"axis": 1}, B.sum(1)),
    ("cumprod", (X,), {"exclusive": True}, np.stack([np.ones(3), X[0]])),
    ("divide_no_nan", (X, X * 0), {}, X * 0),
    ("erf", (X,), {}, erf(X)),
    ("erfinv", (erf(S).astype("float32"),), {}, S),
    ("expm1", (X,), {}, np.expm1(X)),
    ("floormod", (N, J), {}, N % J),
    ("in_top_k", (X.argmax(-1), X, 1), {}, [True, True]),
    ("is_finite", (X,), {}, np.isfinite(X)),
    ("is_inf", (X,), {}, np.isinf(X)),
    ("is_nan", (X,), {}, np.isnan(X)),
    ("l2_normalize", (X, 1), {}, X / np.linalg.norm(X, axis=1, keepdims=True)),
    ("log1p", (P,), {}, np.log1p(P)),
    ("log_sigmoid", (X,), {}, np.log(sigmoid(X))),
    ("logical_xor", (B, Y > 0), {}, B ^ (Y > 0)),
    ("multiply_no_nan", (np.full_like(X, np.inf), X * 0), {}, X * 0),
    ("reciprocal", (P,), {}, 1 / P),
    ("reduce_std", (X, 0), {}, X.std(0)),
    ("reduce_variance", (X, 0), {}, X.var(0)),
    ("rsqrt", (P,), {}, 1 / np.sqrt(P)),
    ("softplus", (X,), {}, np.log1p(np.exp(X))),
    ("softsign", (X,), {}, X / (1 + np.abs(X))),
    ("top_k", (X, 1), {}, (X.max(-1, keepdims=True), X.argmax(-1)[:, None])),
]
ROOT = [
    ("argsort", (X,), {"direction": "DESCENDING"}, (-X).argsort(-1)),
    ("boolean_mask", (X, B), {}, X[B]),
    ("boolean_mask", (X, [True, False, True]), {"axis": 1}, X[:, [0, 2]]),
    ("broadcast_to", (X[0], [2, 3]), {}, np.stack([X[0]] * 2)),
    ("cast", (X, tf.int32), {}, X.astype("int32")),
    ("clip_by_norm", (X, 0.5), {}, X / np.linalg.norm(X) * 0.5),
    ("clip_by_value", (X, -0.5, 0.5), {}, X.clip(-0.5, 0.5)),
    ("concat", ([X, Y], 1), {}, np.concatenate([X, Y], 1)),
    ("concat", (), {"values": [X, Y], "axis": 0}, np.concatenate([X, Y])),
    ("cond", (True, lambda: X, lambda: Y), {}, X),
    ("constant", (3,), {"shape": [2], "dtype": tf.float32}, [3.0, 3.0]),
    ("constant", ([1, 2, 3, 4],), {"shape": (2, 2)}, [[1, 2], [3, 4]]),
    ("convert_to_tensor", ([ops.ones(()), 2.0],), {}, [1, 2]),
    ("einsum", ("ij,kj->ik", X, Y), {}, X @ Y.T),
    ("expand_dims", (X, 0), {}, X[None]),
    ("eye", (2,), {"batch_shape": [3]}, np.stack([np.eye(2)] * 3)),
    ("fill", ([2, 2], 7), {}, np.full((2, 2), 7)),
    ("foldl", (lambda a, x: a - x, X), {"initializer": np.zeros(3, "float32")}, -X[0] - X[1]),
    ("foldr", (lambda a, x: a - x, X), {}, X[1] - X[0]),
    ("gather", (C, [[0, 2], [1, 1]]), {"axis": 1}, C[:, [[0, 2], [1, 1]]]),
    ("gather", (C, [[2], [0]]), {"batch_dims": 1}, C[[[0], [1]], [[2], [0]]]),
    ("gather_nd", (C, [[0, 1], [1, 2]]), {}, C[[0, 1], [1, 2]]),
    ("identity", (X,), {}, X),
    ("is_tensor", (X,), {}, False),
    ("linspace", (0.0, 1.0, 5), {}, np.linspace(0, 1, 5)),
    ("map_fn", (lambda x: x * 2, X), {"fn_output_signature": tf.float32}, X * 2),
    ("map_fn", (lambda p: p[0] + p[1], (X, Y)), {"dtype": tf.float32}, X + Y),
    ("matmul", (X, Y), {"transpose_b": True}, X @ Y.T),
    ("matmul", (X, Y), {"transpose_a": True}, X.T @ Y),
    ("meshgrid", ([1, 2], [3, 4, 5]), {"indexing": "ij"}, np.meshgrid([1, 2], [3, 4, 5], indexing="ij")),
    ("norm", (X,), {}, np.linalg.norm(X)),
    ("norm", (C,), {"axis": [1, 2]}, np.linalg.norm(C, axis=(1, 2))),
    ("norm", (X,), {"ord": 1, "axis": 1, "keepdims": True}, np.abs(X).sum(1, keepdims=True)),
    ("numpy_function", (lambda x: x + 1, [X], tf.float32), {}, X + 1),
    ("one_hot", ([1, 2, -1], 3), {}, [*ONE_HOT, [0, 0, 0]]),
    ("one_hot", ([1, 2], 3, 5, -1), {"axis": 0, "dtype": tf.int32}, np.where(ONE_HOT, 5, -1).T),
    ("ones", ([2, 3],), {}, np.ones((2, 3))),
    ("ones_like", (X,), {"dtype": tf.int32}, np.ones((2, 3))),
    ("pad", (X, [[1, 0], [0, 2]]), {"constant_values": 9}, np.pad(X, [[1, 0], [0, 2]], constant_values=9)),
    ("pad", (X, np.array([[1, 0], [0, 2]]), "REFLECT"), {}, np.pad(X, [[1, 0], [0, 2]], "reflect")),
    ("py_function", (lambda x: (x, x * 2), [X], [tf.float32, tf.float32]), {}, [X, X * 2]),
    ("range", (2, 8, 3), {}, [2, 5]),
    ("range", (3,), {"dtype": tf.float32}, [0, 1, 2]),
    ("rank", (C,), {}, 3),
    ("repeat", (X, 2), {"axis": 1}, X.repeat(2, 1)),
    ("reshape", (X, [-1, 2]), {}, X.reshape(3, 2)),
    ("reverse", (X, [1]), {}, X[:, ::-1]),
    ("saturate_cast", (X * 1000, tf.uint8), {}, (X * 1000).clip(0, 255).astype("uint8")),
    ("scan", (lambda a, x: a + x, X), {}, X.cumsum(0)),
    ("scan", (lambda a, x: a + x, X), {"reverse": True}, X[::-1].cumsum(0)[::-1]),
    ("scatter_nd", ([[0], [2], [0]], [1.0, 2.0, 3.0], [4]), {}, [4, 0, 2, 0]),
    ("shape", (C,), {"out_type": tf.int64}, [2, 3, 4]),
    ("size", (C,), {}, 24),
    ("slice", (C, [0, 1, 2], [2, -1, 1]), {}, C[0:2, 1:, 2:3]),
    ("sort", (X,), {"direction": "DESCENDING"}, -np.sort(-X)),
    ("split", (C, 2), {"axis": 2}, np.split(C, 2, 2)),
    ("split", (C, [1, -1]), {"axis": 2}, np.split(C, [1], 2)),
    ("squeeze", (X[:, None],), {"axis": [1]}, X),
    ("stack", ([X, Y],), {"axis": 1}, np.stack([X, Y], 1)),
    ("stop_gradient", (X,), {}, X),
    ("tensor_scatter_nd_update", (X, [[1, 0]], [9.0]), {}, np.where([[0, 0, 0], [1, 0, 0]], 9, X)),
    ("tensordot", (X, Y), {"axes": [[1], [1]]}, X @ Y.T),
    ("tensordot", (X, Y.T, 1), {}, X @ Y.T),
    ("tile", (X, [2, 1]), {}, np.tile(X, (2, 1))),
    ("transpose", (C,), {"perm": [2, 0, 1]}, C.transpose(2, 0, 1)),
    ("unstack", (X,), {"axis": 1}, list(X.T)),
    ("vectorized_map", (lambda x: x * 2, X), {}, X * 2),
    ("where", (B, X, Y), {}, np.where(B, X, Y)),
    ("where", (B,), {}, np.argwhere(B)),
    ("while_loop", (lambda i, s: i < 3, lambda i, s: (i + 1, s + i), (ops.convert_to_tensor(0), 0)), {}, (3, 3)),
    ("zeros", (ops.convert_to_tensor([2, 3]),), {"dtype": tf.int32}, np.zeros((2, 3))),
    ("zeros_like", (X,), {}, np.zeros((2, 3))),
]
BLOCKS = IMAGE.reshape(1, 2, 2, 2, 2, 2)
KERNEL = rng.normal(size=(1, 1, 2, 3)).astype("float32")
NN = [
    ("avg_pool", (IMAGE, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"), {}, BLOCKS.mean((2, 4))),
    ("avg_pool2d", (IMAGE, 2, 2, "SAME"), {}, BLOCKS.mean((2, 4))),
    ("batch_normalization", (X, X.mean(0), X.var(0), Y[0], P[0], 1e-3), {}, (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-3) * P[0] + Y[0]),
    ("bias_add", (IMAGE, X[0, :2]), {}, IMAGE + X[0, :2]),
    ("bias_add", (np.moveaxis(IMAGE, -1, 1), X[0, :2], "NCHW"), {}, np.moveaxis(IMAGE + X[0, :2], -1, 1)),
    ("conv1d", (C, KERNEL[0, :, :, :1].repeat(2, 1), 2, "VALID"), {}, C[:, ::2] @ KERNEL[0, 0, :, :1].repeat(2, 0)),
    ("conv2d", (IMAGE, KERNEL, [1, 2, 2, 1], "SAME"), {}, IMAGE[:, ::2, ::2] @ KERNEL[0, 0]),
    ("conv2d", (np.moveaxis(IMAGE, -1, 1), KERNEL, 1, "VALID"), {"data_format": "NCHW"}, np.moveaxis(IMAGE @ KERNEL[0, 0], -1, 1)),
    ("depthwise_conv2d", (IMAGE, KERNEL[..., :1], [1, 1, 1, 1], "VALID"), {}, IMAGE * KERNEL[0, 0, :, 0]),
    ("dropout", (X,), {"rate": 0.0}, X),
    ("elu", (X,), {}, np.where(X > 0, X, np.expm1(X))),
    ("embedding_lookup", (C, [1, 0]), {}, C[[1, 0]]),
    ("gelu", (X,), {}, X * (1 + erf(X / np.sqrt(2))) / 2),
    ("in_top_k", (X.argmax(-1), X, 1), {}, [True, True]),
    ("l2_loss", (X,), {}, (X**2).sum() / 2),
    ("l2_normalize", (X, 1), {}, X / np.linalg.norm(X, axis=1, keepdims=True)),
    ("leaky_relu", (X,), {"alpha": 0.3}, np.where(X > 0, X, 0.3 * X)),
    ("leaky_relu", (X,), {}, np.where(X > 0, X, 0.2 * X)),
    ("log_softmax", (X,), {}, np.log(SOFT)),
    ("max_pool", (IMAGE, 2, 2, "VALID"), {}, BLOCKS.max((2, 4))),
    ("max_pool2d", (IMAGE, 2, [2, 2], "VALID"), {}, BLOCKS.max((2, 4))),
    ("moments", (X, [0]), {}, (X.mean(0), X.var(0))),
    ("relu", (), {"features": X}, X.clip(0)),
    ("relu6", (X * 9,), {}, (X * 9).clip(0, 6)),
    ("selu", (X,), {}, 1.05070098 * np.where(X > 0, X, 1.67326324 * np.expm1(X))),
    ("sigmoid", (X,), {}, sigmoid(X)),
    ("sigmoid_cross_entropy_with_logits", (), {"labels": B.astype("float32"), "logits": X}, -np.log(np.where(B, sigmoid(X), sigmoid(-X)))),
    ("silu", (X,), {}, X * sigmoid(X)),
    ("softmax", (X,), {"axis": -1}, SOFT),
    ("softmax_cross_entropy_with_logits", (ONE_HOT, X), {}, -np.log(SOFT)[[0, 1], [1, 2]]),
    ("softplus", (X,), {}, np.log1p(np.exp(X))),
    ("softsign", (X,), {}, X / (1 + np.abs(X))),
    ("sparse_softmax_cross_entropy_with_logits", (), {"labels": [1, 2], "logits": X}, -np.log(SOFT)[[0, 1], [1, 2]]),
    ("swish", (X,), {}, X * sigmoid(X)),
    ("tanh", (X,), {}, np.tanh(X)),
    ("top_k", (X,), {"k": 2}, (-np.sort(-X)[:, :2], (-X).argsort(-1)[:, :2])),
]
LINALG = [
    ("diag", (X[0],), {}, np.diag(X[0])),
    ("diag_part", (C[:, :, :3],), {}, C[:, :, :3].diagonal(0, 1, 2)),
    ("eye", (2, 3), {}, np.eye(2, 3)),
    ("l2_normalize", (X, 1), {}, X / np.linalg.norm(X, axis=1, keepdims=True)),
    ("matmul", (X, Y), {"adjoint_b": True}, X @ Y.T),
    ("matrix_transpose", (C,), {}, C.swapaxes(1, 2)),
    ("matvec", (X, Y[0]), {}, X @ Y[0]),
    ("norm", (X, "fro", [0, 1]), {}, np.linalg.norm(X)),
    ("global_norm", ([X, None, Y],), {}, np.sqrt((X**2).sum() + (Y**2).sum())),
    ("tensordot", (X, Y.T, 1), {}, X @ Y.T),
    ("trace", (SQUARE,), {}, np.trace(SQUARE)),
    ("clip_by_norm", (X, 100.0), {}, X),
    ("einsum", ("ij->ji", X), {}, X.T),
]
CASES = [
    *(("tf", *case) for case in SHARED + ROOT),
    *(("math", *case) for case in SHARED + MATH),
    *(("nn", *case) for case in NN),
    *(("linalg", *case) for case in LINALG),
]

# Names of tf that other tests of these files use.
OTHERS = """
    DType GradientTape Module RaggedTensor SparseTensor Tensor TensorShape TensorSpec UnconnectedGradients Variable
    as_dtype clip_by_global_norm compat config constant_initializer control_dependencies custom_gradient data debugging device
    double dtypes executing_eagerly function get_logger group half init_scope initializers keras linalg losses math math_mod
    metrics name_scope nest newaxis nn no_op ones_initializer optimizers print random random_normal_initializer
    random_uniform_initializer test version zeros_initializer
    bfloat16 bool float16 float32 float64 int8 int16 int32 int64 string uint8 uint16 uint32 uint64
"""


def public(module):
    return {name for name, value in vars(module).items() if name[0] != "_" and getattr(value, "__module__", "").startswith("rkeras.compat")}


def space(where):
    return tf if where == "tf" else getattr(tf, where)


def test_every_name_is_exercised():
    from rkeras.compat.tf import _tables

    tested = {case[1] for case in CASES if case[0] == "tf"} | set(OTHERS.split())
    assert {*tf.__all__, *_tables.SHARED, *_tables.ROOT} <= tested
    for where in ("math", "nn", "linalg"):
        tested = {case[1] for case in CASES if case[0] == where}
        # What a module has from others of the facade is tested with those.
        own = {n for n in public(space(where)) if n not in ("adapted", "namespace")}
        assert own - tested - {"clip_by_global_norm", "random"} == set()


@pytest.mark.parametrize(("where", "name", "args", "kwargs", "expected"), CASES, ids=[f"{c[0]}.{c[1]}-{i}" for i, c in enumerate(CASES)])
def test_against_numpy(where, name, args, kwargs, expected):
    result = getattr(space(where), name)(*args, **kwargs)
    if isinstance(expected, (list, tuple)) and isinstance(result, (list, tuple)):
        assert len(result) == len(expected)
    else:
        result, expected = [result], [expected]
    for got, wanted in zip(result, expected, strict=True):
        np.testing.assert_allclose(np.asarray(got), wanted, rtol=3e-5, atol=3e-6)


def test_clipping_by_the_norm_of_all():
    clipped, length = tf.clip_by_global_norm([X, None, Y], 1.0)
    expected = np.sqrt((X**2).sum() + (Y**2).sum())
    assert clipped[1] is None and abs(float(length) - expected) < 1e-5
    np.testing.assert_allclose(clipped[0], X / expected, rtol=1e-5)
    same, _ = tf.clip_by_global_norm([X], 1e6)
    np.testing.assert_allclose(same[0], X, rtol=1e-6)


@pytest.mark.parametrize("where", ["", "math", "nn", "linalg", "random", "config", "data", "debugging", "compat"])
def test_missing_names_say_so(where):
    owner, path = (getattr(tf, where), f"tf.{where}") if where else (tf, "tf")
    with pytest.raises(AttributeError, match=rf"^{path}\.no_such_name is not in rkeras$"):
        _ = owner.no_such_name


def test_errors_name_the_function():
    with pytest.raises(TypeError, match=r"tf.reduce_mean has no argument 'axes'.*it takes input_tensor, axis, keepdims"):
        tf.reduce_mean(X, axes=1)
    with pytest.raises(ValueError, match=r"tf.matmul .* b has shape \(3,\); use tf.linalg.matvec"):
        tf.matmul(X, X[0])
    with pytest.raises(ValueError, match="unknown size"):
        tf.zeros(tf.shape(rkeras.Input((3,))))
    with pytest.raises(ValueError, match="batch_dims"):
        tf.gather(C, [[0]], axis=2, batch_dims=1)
    with pytest.raises(ValueError, match="initial_value"):
        tf.Variable()
    with pytest.raises(NotImplementedError, match="sparse"):
        tf.SparseTensor(indices=[], values=[], dense_shape=[])
    with pytest.raises(NotImplementedError, match="ragged"):
        tf.RaggedTensor()


def test_dtypes():
    x = tf.constant([1.0])
    assert x.dtype == tf.float32 == "float32" and tf.float32 != tf.float64 and x.dtype != tf.int32
    assert tf.float32 == np.float32 and tf.int64 == np.dtype("int64") and tf.float32 != np.float64 and tf.bool != None  # noqa: E711
    assert (tf.float32.name, tf.as_dtype("int8").max, tf.uint8.min, tf.float16.size) == ("float32", 127, 0, 2)
    assert tf.float32.is_floating and tf.int32.is_integer and tf.bool.is_bool and not tf.int32.is_floating
    assert tf.float64.as_numpy_dtype is np.float64 and np.zeros(2, tf.int32).dtype == np.int32
    assert (tf.half, tf.double, tf.dtypes.float32) == (tf.float16, tf.float64, tf.float32)
    assert {tf.float32: 1}["float32"] == 1 and repr(tf.bfloat16) == "tf.bfloat16" and tf.bfloat16.size == 2
    assert isinstance(tf.as_dtype(int), tf.DType) and tf.string.as_numpy_dtype is object
    assert tf.cast(x, tf.dtypes.int32).dtype == tf.int32 and tf.dtypes.cast(x, tf.bool).tolist() == [True]
    assert rkeras.layers.Dense(1, dtype=tf.float32).compute_dtype == "float32"
    for name in tf.dtypes.NAMES[:1] + tf.dtypes.NAMES[2:]:
        assert tf.zeros([1], getattr(tf, name)).dtype == name


def test_shapes():
    shape = tf.TensorShape([None, 3])
    assert (shape.rank, shape.ndims, shape.as_list(), shape.dims) == (2, 2, [None, 3], [None, 3])
    assert shape == (None, 3) and shape[1:] == tf.TensorShape(3) and isinstance(shape[1:], tf.TensorShape)
    assert not shape.is_fully_defined() and shape.num_elements() is None and shape[1:].num_elements() == 3
    assert shape.__add__([2]).as_list() == [None, 3, 2] and shape.is_compatible_with((5, 3))
    with pytest.raises(ValueError, match="incompatible"):
        shape.assert_is_compatible_with((5, 4))
    spec = tf.TensorSpec([None, 2], tf.int32)
    assert spec == tf.TensorSpec((None, 2), "int32") != tf.TensorSpec((None, 2)) and len({spec, spec}) == 1
    x = rkeras.Input((3,))
    assert tf.reshape(x, (tf.shape(x)[0], 1, 3)).shape == (None, 1, 3)
    assert tf.zeros((tf.shape(X)[0], 5)).shape == (2, 5)


def test_variables():
    v = tf.Variable(initial_value=tf.ones((2,)), trainable=False, name="a/b", dtype=tf.float64)
    assert (v.dtype, v.name, v.trainable) == ("float64", "a_b", False)
    assert v.assign([1, 2], use_locking=True).numpy().tolist() == [1, 2]
    assert v.assign_add([1, 1], read_value=False).numpy().tolist() == [2, 3] and v.assign_sub([2, 2]).numpy().tolist() == [0, 1]
    assert v.read_value().numpy().tolist() == [0, 1]
    assert float(tf.Variable(lambda: 3.0)) == 3
    weight = rkeras.Variable(1.0)
    assert isinstance(weight, tf.Variable) and isinstance(v, rkeras.Variable) and not isinstance(X, tf.Variable)
    assert isinstance(tf.constant(1), tf.Tensor)
    import copy
    import pickle

    for twin in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        assert twin.numpy().tolist() == [0, 1] and twin.name == "a_b"

    class Scaled(rkeras.layers.Layer):
        def __init__(self):
            super().__init__()
            init = tf.zeros_initializer()
            self.w = tf.Variable(initial_value=init(shape=(3,), dtype="float32"), trainable=True)

        def call(self, x):
            return x + self.w

    layer = Scaled()
    assert layer(X).shape == (2, 3) and len(layer.trainable_weights) == 1


@pytest.mark.parametrize(("name", "arguments", "mean"), [("zeros", (), 0), ("ones", (), 1), ("constant", (3.0,), 3), ("random_normal", (2.0, 0.01), 2), ("random_uniform", (1.0, 1.01), 1)])
def test_initializers(name, arguments, mean):
    value = getattr(tf, f"{name}_initializer")(*arguments)(shape=(4, 5), dtype=tf.float32)
    assert value.shape == (4, 5) and abs(float(tf.reduce_mean(value)) - mean) < 0.1
    assert tf.initializers is rkeras.initializers


def test_modules():
    class Dense(tf.Module):
        def __init__(self, name=None):
            super().__init__(name=name)
            self.b = tf.Variable([1.0], name="b")
            self.a = tf.Variable([2.0], name="a", trainable=False)

        @tf.Module.with_name_scope
        def scoped(self):
            return tf.Variable(1.0, name="w").path

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.parts = [Dense("one"), {"two": Dense("two")}]
            self.layer = rkeras.layers.Dense(2)
            self.layer.build((None, 3))
            self.again = self.parts[0]

    net = Net()
    assert net.name == "net" and [m.name for m in net.submodules if isinstance(m, Dense)] == ["one", "two"]
    assert len(net.variables) == 6 and len(net.trainable_variables) == 4 and len(net.non_trainable_variables) == 2
    assert [v.name for v in net.parts[0].variables] == ["a", "b"] and net.layer in net.submodules
    assert Dense("block").scoped() == "block/w"


def test_gradient_tapes():
    x = tf.Variable(3.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = tf.pow(x, 3.0) + tf.square(x)
        first = inner.gradient(y, x)
    assert float(first) == 33 and float(outer.gradient(first, x)) == 20
    with tf.GradientTape() as tape:
        y = x * 2
    other = tf.Variable(1.0)
    assert float(tape.gradient(y, other, unconnected_gradients=tf.UnconnectedGradients.ZERO)) == 0


def test_functions():
    runs = []

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)], jit_compile=True)
    def double(x):
        runs.append(tf.executing_eagerly())
        return tf.reduce_sum(x) * 2

    assert float(double(tf.ones([3]))) == 6 and float(double(tf.ones([3]) * 2)) == 12
    assert runs == [False] and tf.executing_eagerly()

    @tf.function
    def count(n):
        total = tf.constant(0)
        for i in tf.range(n):
            total += i
        return total

    assert int(count(4)) == 6
    tf.config.run_functions_eagerly(True)
    try:
        assert tf.config.functions_run_eagerly() and float(double(tf.ones([3]))) == 6 and runs == [False, True]
    finally:
        tf.config.run_functions_eagerly(False)
    with tf.init_scope(), tf.device("/GPU:0"), tf.control_dependencies([]), tf.name_scope("scope"):
        assert tf.group(1, 2) is None and tf.no_op() is None


def test_printing(capsys):
    tf.print("x:", tf.constant([1.0, 2.0]), tf.Variable(3), sep="|")
    assert capsys.readouterr().err == "x:|[1. 2.]|3\n"


def test_random():
    tf.random.set_seed(1)
    first = tf.random.normal((2000,)).numpy()
    tf.random.set_seed(1)
    np.testing.assert_array_equal(first, tf.random.normal((2000,)))
    assert abs(first.mean()) < 0.1 and abs(first.std() - 1) < 0.1
    shifted = tf.random.normal(shape=[2000, 2], mean=[0.0, 5.0], stddev=0.1, dtype=tf.float64).numpy()
    assert shifted.dtype == "float64" and np.abs(shifted.mean(0) - [0, 5]).max() < 0.05
    u = tf.random.uniform([2000], -1, 3).numpy()
    assert u.min() >= -1 and u.max() < 3 and abs(u.mean() - 1) < 0.15
    n = tf.random.uniform([2000], maxval=3, dtype=tf.int32, seed=2).numpy()
    assert n.dtype == "int32" and set(n.tolist()) == {0, 1, 2}
    with pytest.raises(ValueError, match="maxval"):
        tf.random.uniform([2], dtype=tf.int32)
    assert np.abs(tf.random.truncated_normal([2000]).numpy()).max() <= 2
    shuffled = tf.random.shuffle(np.arange(50)).tolist()
    assert shuffled != list(range(50)) and sorted(shuffled) == list(range(50))
    classes = tf.random.categorical(np.log([[0.2, 0.8], [1e-9, 1.0]]), 2000).numpy()
    assert classes.shape == (2, 2000) and abs(classes[0].mean() - 0.8) < 0.05 and classes[1].all()
    kept = tf.nn.dropout(tf.ones((2000, 2)), rate=0.25, noise_shape=[None, 1]).numpy()
    assert (kept[:, 0] == kept[:, 1]).all() and abs(kept.mean() - 1) < 0.1 and set(np.unique(kept)) == {0, np.float32(4 / 3)}


def test_devices_and_threads():
    assert tf.config.list_physical_devices("GPU") == [] == tf.config.experimental.list_physical_devices("GPU")
    assert [d.device_type for d in tf.config.list_physical_devices()] == ["CPU"]
    for gpu in tf.config.list_physical_devices("GPU"):
        raise AssertionError(gpu)
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_intra_op_parallelism_threads(0)
    assert tf.config.threading.get_intra_op_parallelism_threads() == threads >= 1
    assert tf.config.threading.get_inter_op_parallelism_threads() == 1
    tf.config.threading.set_inter_op_parallelism_threads(4)
    tf.config.set_visible_devices([], "GPU")
    tf.config.set_soft_device_placement(True)
    tf.config.experimental.set_memory_growth(None, True)
    tf.config.experimental.enable_op_determinism()
    assert not tf.test.is_gpu_available() and tf.test.gpu_device_name() == "" and not tf.test.is_built_with_cuda()


def test_the_rest():
    assert tf.__version__ == tf.version.VERSION and int(tf.__version__.split(".")[0]) == 2
    assert tf.newaxis is None and tf.constant(X)[:, tf.newaxis].shape == (2, 1, 3)
    assert tf.keras.layers is rkeras.layers and tf.losses is rkeras.losses and tf.metrics is rkeras.metrics and tf.optimizers is rkeras.optimizers
    assert tf.nest.flatten({"a": 1, "b": [2]}) == [1, 2] and tf.compat.v2 is tf
    assert tf.math_mod(7, 4) == 3
    tf.get_logger().setLevel("ERROR")
    with pytest.raises(AttributeError, match=r"tf.compat.v3 is not in rkeras"):
        _ = tf.compat.v3
    tf.debugging.assert_equal([1, 2], [1, 2])
    tf.debugging.assert_near([1.0], [1.0 + 1e-7])
    for name, x, y in (("equal", 1, 2), ("greater", 1, 1), ("greater_equal", 1, 2), ("less", 1, 1), ("less_equal", 2, 1), ("near", 1.0, 1.1)):
        with pytest.raises(ValueError, match=f"assert_{name}"):
            getattr(tf.debugging, f"assert_{name}")(x, y)
    assert tf.debugging.assert_all_finite([1.0], "x").tolist() == [1.0]
    with pytest.raises(ValueError, match="weights"):
        tf.debugging.check_numerics([1.0, float("nan")], "weights")


def test_in_a_functional_model_that_is_saved_as_data():
    x = rkeras.Input((3,))
    y = tf.nn.relu(tf.matmul(tf.expand_dims(x, 1), tf.transpose(tf.expand_dims(x, 1), perm=[0, 2, 1])))
    model = rkeras.Model(x, tf.reduce_sum(tf.concat([tf.squeeze(y, [1]), x], axis=-1), axis=-1, keepdims=True))
    again = rkeras.models.model_from_json(model.to_json())
    expected = (X**2).sum(1, keepdims=True) + X.sum(1, keepdims=True)
    for m in (model, again):
        np.testing.assert_allclose(m.predict(X, verbose=0), expected, rtol=1e-5)


def test_a_sampling_layer_in_a_compiled_model():
    class Sampling(rkeras.layers.Layer):
        def call(self, inputs):
            mean, log_var = inputs
            epsilon = tf.keras.backend.random_normal(shape=(tf.shape(mean)[0], tf.shape(mean)[1]))
            return mean + tf.exp(0.5 * log_var) * epsilon

    x = rkeras.Input((3,))
    z = Sampling()([rkeras.layers.Dense(2)(x), rkeras.layers.Dense(2)(x)])
    model = rkeras.Model(x, z)
    assert z.shape == (None, 2)
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 3)), np.ones((8, 2)), batch_size=4, verbose=0)
    samples = model.predict(np.ones((5, 3)), verbose=0)
    assert samples.shape == (5, 2) and len(np.unique(samples)) == 10
