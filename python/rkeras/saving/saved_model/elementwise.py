"""Translations of ops that work element by element."""

from __future__ import annotations

import math
from collections.abc import Callable

from rkeras.saving.saved_model.emitter import EMITTERS, Emission, Emitter, emits
from rkeras.saving.saved_model.graph_def import Ref
from rkeras.saving.saved_model.protobuf import DType

# One op for one op.
_UNARY = {
    "absolute": "Abs",
    "arccos": "Acos",
    "arccosh": "Acosh",
    "arcsin": "Asin",
    "arcsinh": "Asinh",
    "arctan": "Atan",
    "arctanh": "Atanh",
    "bitwise_not": "Invert",
    "ceil": "Ceil",
    "copy": "Identity",
    "cos": "Cos",
    "cosh": "Cosh",
    "erf": "Erf",
    "erfinv": "Erfinv",
    "exp": "Exp",
    "expm1": "Expm1",
    "floor": "Floor",
    "log": "Log",
    "log1p": "Log1p",
    "negative": "Neg",
    "reciprocal": "Reciprocal",
    "relu": "Relu",
    "relu6": "Relu6",
    "round": "Rint",
    "rsqrt": "Rsqrt",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "sqrt": "Sqrt",
    "square": "Square",
    "stop_gradient": "StopGradient",
    "tan": "Tan",
    "tanh": "Tanh",
}
_BINARY = {
    "add": "AddV2",
    "arctan2": "Atan2",
    "bitwise_and": "BitwiseAnd",
    "bitwise_or": "BitwiseOr",
    "bitwise_xor": "BitwiseXor",
    "divide": "RealDiv",
    "floor_divide": "FloorDiv",
    "left_shift": "LeftShift",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "mod": "FloorMod",
    "multiply": "Mul",
    "power": "Pow",
    "right_shift": "RightShift",
    "squared_difference": "SquaredDifference",
    "subtract": "Sub",
}
# What arithmetic means for bools.
_BOOL_BINARY = {
    "add": "LogicalOr",
    "bitwise_and": "LogicalAnd",
    "bitwise_or": "LogicalOr",
    "bitwise_xor": "NotEqual",
    "maximum": "LogicalOr",
    "minimum": "LogicalAnd",
    "multiply": "LogicalAnd",
}
_COMPARISONS = {
    "equal": "Equal",
    "greater": "Greater",
    "greater_equal": "GreaterEqual",
    "less": "Less",
    "less_equal": "LessEqual",
    "not_equal": "NotEqual",
}
_LOGICAL = {"logical_and": "LogicalAnd", "logical_or": "LogicalOr", "logical_xor": "NotEqual"}
_PREDICATES = {"isfinite": "IsFinite", "isinf": "IsInf", "isnan": "IsNan"}


def clamp(x: Ref, low: float, high: float) -> Ref:
    """``x`` no lower and no higher than these."""
    return x.function("Minimum", x.function("Maximum", x, low), high)


def _where(condition: Ref, a: Ref | float, b: Ref | float) -> Ref:
    return condition.function("SelectV2", condition, a, b)


def _fn(op: str) -> Callable[[Ref], Ref]:
    return lambda x: x.function(op, x)


_abs, _exp, _expm1, _log, _log1p = (_fn(op) for op in ("Abs", "Exp", "Expm1", "Log", "Log1p"))
_relu, _sigmoid, _softplus, _sqrt, _tanh = (_fn(op) for op in ("Relu", "Sigmoid", "Softplus", "Sqrt", "Tanh"))
_erf, _floor, _sign, _square = (_fn(op) for op in ("Erf", "Floor", "Sign", "Square"))

_GELU_SCALE = math.sqrt(2 / math.pi)

# Several ops for one.
_FORMULAS: dict[str, Callable[[Ref], Ref]] = {
    "exp2": lambda x: _exp(x * math.log(2)),
    "gelu": lambda x: x * 0.5 * (_erf(x * math.sqrt(0.5)) + 1.0),
    "gelu_tanh": lambda x: x * 0.5 * (_tanh((x + x * x * x * 0.044715) * _GELU_SCALE) + 1.0),
    "hard_sigmoid": lambda x: clamp(x + 3.0, 0.0, 6.0) / 6.0,
    "hard_silu": lambda x: x * (clamp(x + 3.0, 0.0, 6.0) / 6.0),
    "hard_tanh": lambda x: clamp(x, -1.0, 1.0),
    "log10": lambda x: _log(x) / math.log(10),
    "log2": lambda x: _log(x) / math.log(2),
    "log_sigmoid": lambda x: -_softplus(-x),
    "mish": lambda x: x * _tanh(_softplus(x)),
    "silu": lambda x: x * _sigmoid(x),
    "sparse_plus": lambda x: _where(x > 1.0, x, _square(_relu(x + 1.0)) * 0.25),
    "sparse_sigmoid": lambda x: clamp((x + 1.0) * 0.5, 0.0, 1.0),
    "tanh_shrink": lambda x: x - _tanh(x),
    "trunc": lambda x: _sign(x) * _floor(_abs(x)),
}
# Those with a parameter: its name, its default, the formula.
_PARAMETRIC: dict[str, tuple[str, float, Callable[[Ref, float], Ref]]] = {
    "celu": ("alpha", 1.0, lambda x, a: _where(x > 0.0, x, _expm1(x / a) * a)),
    "elu": ("alpha", 1.0, lambda x, a: _where(x > 0.0, x, _expm1(x) * a)),
    "hard_shrink": ("threshold", 0.5, lambda x, t: _where(_abs(x) > t, x, 0.0)),
    "leaky_relu": ("negative_slope", 0.2, lambda x, s: _where(x > 0.0, x, x * s)),
    "soft_shrink": ("threshold", 0.5, lambda x, t: _sign(x) * _relu(_abs(x) - t)),
    "squareplus": ("b", 4.0, lambda x, b: (x + _sqrt(x * x + b)) * 0.5),
}
_PAIRS: dict[str, Callable[[Ref, Ref], Ref]] = {
    "hypot": lambda a, b: _sqrt(a * a + b * b),
    "logaddexp": lambda a, b: a.function("Maximum", a, b) + _log1p(_exp(-_abs(a - b))),
}


def _simple(op: str) -> Emitter:
    return lambda e: e.graph(op, *e.computing())


def _binary(op: str, for_bools: str | None) -> Emitter:
    def emit(e: Emission) -> Ref:
        if e.step.outputs[0].dtype == "bool" and for_bools is not None:
            return e.graph(for_bools, *e.operands)
        return e.graph(op, *e.computing())

    return emit


def _comparison(op: str) -> Emitter:
    return lambda e: e.graph(op, *e.common())


def _on_bools(op: str) -> Emitter:
    return lambda e: e.graph(op, *(as_bool(x) for x in e.operands))


def _formula(fn: Callable[..., Ref]) -> Emitter:
    return lambda e: fn(*e.computing())


def _parametric(name: str, default: float, fn: Callable[[Ref, float], Ref]) -> Emitter:
    return lambda e: fn(e.computing()[0], float(e.fixed(name, default)))


def as_bool(x: Ref) -> Ref:
    """What is not zero."""
    return x if x.dtype == "bool" else x.function("NotEqual", x, 0)


EMITTERS.update({op: _simple(name) for op, name in _UNARY.items()})
EMITTERS.update({op: _binary(name, _BOOL_BINARY.get(op)) for op, name in _BINARY.items()})
EMITTERS.update({op: _comparison(name) for op, name in (_COMPARISONS | _PREDICATES).items()})
EMITTERS.update({op: _on_bools(name) for op, name in (_LOGICAL | {"logical_not": "LogicalNot"}).items()})
EMITTERS.update({op: _formula(fn) for op, fn in (_FORMULAS | _PAIRS).items()})
EMITTERS.update({op: _parametric(*row) for op, row in _PARAMETRIC.items()})


@emits("threshold")
def _threshold(e: Emission) -> Ref:
    (x,) = e.computing()
    return _where(x > float(e.fixed("threshold")), x, float(e.fixed("default_value")))


@emits("clip")
def _clip(e: Emission) -> Ref:
    (x,) = e.computing()
    number = float if "float" in x.dtype else int
    return clamp(x, number(e.fixed("low")), number(e.fixed("high")))


@emits("where")
def _select(e: Emission) -> Ref:
    condition, *branches = e.operands
    dtype = e.step.outputs[0].dtype
    return _where(as_bool(condition), *(e.graph.cast(x, dtype) for x in branches))


@emits("cast")
def _cast(e: Emission) -> Ref:
    dtype = e.step.outputs[0].dtype
    return as_bool(e.operands[0]) if dtype == "bool" else e.graph("Cast", e.operands[0], DstT=DType(dtype))
