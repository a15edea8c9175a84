"""Element-wise ops of one and two operands."""

from __future__ import annotations

import math

import numpy as np

from .case import SHAPES, Case, distinct, off_kinks, uniform

erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu6(x):
    return np.clip(x, 0, 6)


def normal_cdf(x):
    return 0.5 * (1 + erf(x / math.sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_tanh_slope(x):
    t = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)


def mish_slope(x):
    t = np.tanh(np.log1p(np.exp(x)))
    return t + x * (1 - t * t) * sigmoid(x)


def selu(x):
    return 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))


def sparse_plus(x):
    return np.where(x <= -1, 0, np.where(x < 1, 0.25 * (x + 1) ** 2, x))


# name: (reference, lowest, highest, kinks)
UNARY = {
    "negative": (np.negative, -2, 2, ()),
    "absolute": (np.abs, -2, 2, (0,)),
    "sign": (np.sign, -2, 2, (0,)),
    "square": (np.square, -2, 2, ()),
    "floor": (np.floor, -2, 2, (-2, -1, 0, 1, 2)),
    "ceil": (np.ceil, -2, 2, (-2, -1, 0, 1, 2)),
    "round": (np.round, -2, 2, (-1.5, -0.5, 0.5, 1.5)),
    "trunc": (np.trunc, -2, 2, (-2, -1, 0, 1, 2)),
    "sqrt": (np.sqrt, 0.2, 3, ()),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 0.2, 3, ()),
    "reciprocal": (lambda x: 1 / x, 0.3, 3, ()),
    "exp": (np.exp, -2, 2, ()),
    "expm1": (np.expm1, -2, 2, ()),
    "exp2": (np.exp2, -2, 2, ()),
    "log": (np.log, 0.2, 3, ()),
    "log1p": (np.log1p, -0.5, 3, ()),
    "log2": (np.log2, 0.2, 3, ()),
    "log10": (np.log10, 0.2, 3, ()),
    "sin": (np.sin, -3, 3, ()),
    "cos": (np.cos, -3, 3, ()),
    "tan": (np.tan, -1.2, 1.2, ()),
    "arcsin": (np.arcsin, -0.8, 0.8, ()),
    "arccos": (np.arccos, -0.8, 0.8, ()),
    "arctan": (np.arctan, -3, 3, ()),
    "sinh": (np.sinh, -2, 2, ()),
    "cosh": (np.cosh, -2, 2, ()),
    "tanh": (np.tanh, -2, 2, ()),
    "arcsinh": (np.arcsinh, -2, 2, ()),
    "arccosh": (np.arccosh, 1.3, 3, ()),
    "arctanh": (np.arctanh, -0.8, 0.8, ()),
    "erf": (erf, -2, 2, ()),
    "erfinv": (None, -0.8, 0.8, ()),
    "relu": (lambda x: np.maximum(x, 0), -2, 2, (0,)),
    "relu6": (relu6, -2, 8, (0, 6)),
    "sigmoid": (sigmoid, -3, 3, ()),
    "softplus": (lambda x: np.log1p(np.exp(x)), -3, 3, ()),
    "softsign": (lambda x: x / (1 + np.abs(x)), -2, 2, (0,)),
    "log_sigmoid": (lambda x: np.log(sigmoid(x)), -3, 3, ()),
    "silu": (lambda x: x * sigmoid(x), -3, 3, ()),
    "gelu": (lambda x: x * normal_cdf(x), -3, 3, ()),
    "gelu_tanh": (gelu_tanh, -3, 3, ()),
    "selu": (selu, -2, 2, (0,)),
    "hard_sigmoid": (lambda x: relu6(x + 3) / 6, -4, 4, (-3, 3)),
    "hard_silu": (lambda x: x * relu6(x + 3) / 6, -4, 4, (-3, 3)),
    "hard_tanh": (lambda x: np.clip(x, -1, 1), -2, 2, (-1, 1)),
    "mish": (lambda x: x * np.tanh(np.log1p(np.exp(x))), -3, 3, ()),
    "tanh_shrink": (lambda x: x - np.tanh(x), -2, 2, ()),
    "sparse_plus": (sparse_plus, -2, 2, (-1, 1)),
    "sparse_sigmoid": (lambda x: np.clip((x + 1) / 2, 0, 1), -2, 2, (-1, 1)),
}

PARAMETRIC = {
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.3 * x), {"negative_slope": 0.3}, (0,)),
    "elu": (lambda x: np.where(x > 0, x, 0.7 * np.expm1(x)), {"alpha": 0.7}, (0,)),
    "celu": (lambda x: np.where(x > 0, x, 0.7 * np.expm1(x / 0.7)), {"alpha": 0.7}, (0,)),
    "threshold": (lambda x: np.where(x > 0.5, x, -3.0), {"threshold": 0.5, "default_value": -3.0}, (0.5,)),
    "soft_shrink": (lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0), {"threshold": 0.5}, (-0.5, 0.5)),
    "hard_shrink": (lambda x: np.where(np.abs(x) > 0.5, x, 0), {"threshold": 0.5}, (-0.5, 0.5)),
    "squareplus": (lambda x: (x + np.sqrt(x * x + 4.0)) / 2, {"b": 4.0}, ()),
    "clip": (lambda x: np.clip(x, -0.5, 1.0), {"low": -0.5, "high": 1.0}, (-0.5, 1.0)),
}

# name: (slope, attributes, kinks); the slopes of functions whose derivative is a kernel of its own
SLOPES = {
    "gelu_grad": (lambda x: normal_cdf(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi), {}, ()),
    "gelu_tanh_grad": (gelu_tanh_slope, {}, ()),
    "silu_grad": (lambda x: sigmoid(x) * (1 + x * sigmoid(-x)), {}, ()),
    "softplus_grad": (sigmoid, {}, ()),
    "log_sigmoid_grad": (lambda x: sigmoid(-x), {}, ()),
    "mish_grad": (mish_slope, {}, ()),
    "selu_grad": (lambda x: 1.0507009873554805 * np.where(x > 0, 1, 1.6732632423543772 * np.exp(x)), {}, (0,)),
    "relu6_grad": (lambda x: ((x > 0) & (x < 6)) * 1.0, {}, (0, 6)),
    "hard_tanh_grad": (lambda x: (np.abs(x) < 1) * 1.0, {}, (-1, 1)),
    "hard_sigmoid_grad": (lambda x: (np.abs(x) < 3) / 6.0, {}, (-3, 3)),
    "hard_silu_grad": (lambda x: np.where(np.abs(x) < 3, (2 * x + 3) / 6, x > 0), {}, (-3, 3)),
    "leaky_relu_grad": (lambda x: np.where(x > 0, 1, 0.3), {"negative_slope": 0.3}, (0,)),
    "elu_grad": (lambda x: np.where(x > 0, 1, 0.7 * np.exp(x)), {"alpha": 0.7}, (0,)),
    "celu_grad": (lambda x: np.where(x > 0, 1, np.exp(x / 0.7)), {"alpha": 0.7}, (0,)),
}

PREDICATES = {"isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite}

PAIRS = [((2, 3), (2, 3)), ((2, 3), (3,)), ((3, 1), (1, 4)), ((), (2, 2)), ((4, 1, 2), (3, 1)), ((0, 3), (1, 3)), ((5,), ())]

# name: (reference, lowest, highest, whether operands must not tie)
BINARY = {
    "add": (np.add, -2, 2, False),
    "subtract": (np.subtract, -2, 2, False),
    "multiply": (np.multiply, -2, 2, False),
    "divide": (np.divide, 0.5, 2, False),
    "power": (np.power, 0.5, 2, False),
    "maximum": (np.maximum, -2, 2, True),
    "minimum": (np.minimum, -2, 2, True),
    "arctan2": (np.arctan2, 0.3, 2, False),
    "hypot": (np.hypot, 0.3, 2, False),
    "logaddexp": (np.logaddexp, -2, 2, False),
    "squared_difference": (lambda a, b: (a - b) ** 2, -2, 2, False),
}

INTEGER = {
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "left_shift": np.left_shift,
    "right_shift": np.right_shift,
}

RELATIONS = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
}

CONNECTIVES = {"logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor}


def small_integers(a, b):
    return lambda rng: [rng.integers(0, 4, a), rng.integers(0, 4, b)]


def cases() -> list[Case]:
    found = []
    for name, (reference, low, high, kinks) in UNARY.items():
        for shape in SHAPES:
            found.append(Case(name, off_kinks(kinks, low, high, shape), reference, rtol=1e-9))
    for name, (reference, attrs, kinks) in PARAMETRIC.items():
        for shape in SHAPES[:5]:
            found.append(Case(name, off_kinks(kinks, -2, 2, shape), reference, attrs))
    specials = np.array([0.0, 1.0, np.nan, np.inf, -np.inf])
    for name, reference in PREDICATES.items():
        found.append(Case(name, lambda rng: [specials], reference, wrt=()))
    found.append(Case("logical_not", lambda rng: [np.array([0.0, 2.0])], np.logical_not, wrt=()))
    found.append(Case("bitwise_not", lambda rng: [rng.integers(-5, 5, (3, 2))], np.bitwise_not, wrt=()))
    for a, b in PAIRS:
        for name, (reference, low, high, ties) in BINARY.items():
            draw = distinct(a, b) if ties else uniform(low, high, a, b)
            if ties:
                inner = draw
                draw = lambda rng, inner=inner: [(p := inner(rng))[0], p[1] + 0.17]  # noqa: E731
            found.append(Case(name, draw, reference, wrt=(0, 1)))
        for name, reference in (("mod", np.mod), ("floor_divide", np.floor_divide)):
            # Quotients stay in the middle of their integer.
            def quotients(rng, a=a, b=b):
                return [rng.integers(-3, 4, a) * 2.0 + rng.uniform(0.5, 1.5, a), np.full(b, 2.0)]

            found.append(Case(name, quotients, reference, wrt=(0, 1), second=False))
        for name, reference in INTEGER.items():
            found.append(Case(name, small_integers(a, b), reference, wrt=()))
        for name, reference in RELATIONS.items():
            found.append(Case(name, small_integers(a, b), reference, wrt=()))
        for name, reference in CONNECTIVES.items():
            found.append(Case(name, small_integers(a, b), reference, wrt=()))
    gradients = {
        "relu_grad": lambda y, g: np.where(y > 0, g, 0),
        "sigmoid_grad": lambda y, g: g * y * (1 - y),
        "tanh_grad": lambda y, g: g * (1 - y * y),
    }
    for name, reference in gradients.items():
        found.append(Case(name, off_kinks((0,), -2, 2, (3, 4), (3, 4)), reference, wrt=(0, 1)))

    for name, (slope, attrs, kinks) in SLOPES.items():
        for shape in SHAPES[:5]:
            draw = off_kinks(kinks, -4, 7, shape, shape)
            found.append(Case(name, draw, lambda x, g, f=slope: g * f(x), attrs, wrt=(0, 1)))

    def branches(rng):
        return [rng.random((3, 1)) < 0.5, rng.normal(size=(3, 4)), rng.normal(size=(4,))]

    found.append(Case("where", branches, np.where, wrt=(1, 2)))
    return found
