"""Element-wise arithmetic, functions, comparisons and logic."""

from __future__ import annotations

import math
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops._tables import binary, bits, unary

_KEEPS = ", integers stay integers"
_TRUTH = " of bools"

negative = unary("negative", "Negates each element.", dtypes=_KEEPS)
absolute = unary("absolute", "The size of each element without its sign.", dtypes=_KEEPS)
abs = unary("abs", "The size of each element without its sign.", "absolute", dtypes=_KEEPS)
fabs = unary("fabs", "The size of each element without its sign.", "absolute")
sign = unary("sign", "-1, 0 or 1 by the sign of each element.", dtypes=_KEEPS)
square = unary("square", "Each element times itself.", dtypes=_KEEPS)
floor = unary("floor", "The largest integer not above each element.")
ceil = unary("ceil", "The smallest integer not below each element.")
trunc = unary("trunc", "Each element without its fraction.", dtypes=_KEEPS)
sqrt = unary("sqrt", "The square root of each element.")
rsqrt = unary("rsqrt", "One over the square root of each element.")
reciprocal = unary("reciprocal", "One over each element.")
exp = unary("exp", "e to the power of each element.")
expm1 = unary("expm1", "e to the power of each element, minus one, exact near zero.")
exp2 = unary("exp2", "Two to the power of each element.")
log = unary("log", "The natural logarithm of each element.")
log1p = unary("log1p", "The natural logarithm of one plus each element, exact near zero.")
log2 = unary("log2", "The logarithm of each element to base two.")
log10 = unary("log10", "The logarithm of each element to base ten.")
sin = unary("sin", "The sine of each element, in radians.")
cos = unary("cos", "The cosine of each element, in radians.")
tan = unary("tan", "The tangent of each element, in radians.")
arcsin = unary("arcsin", "The angle in radians whose sine each element is.")
arccos = unary("arccos", "The angle in radians whose cosine each element is.")
arctan = unary("arctan", "The angle in radians whose tangent each element is.")
sinh = unary("sinh", "The hyperbolic sine of each element.")
cosh = unary("cosh", "The hyperbolic cosine of each element.")
tanh = unary("tanh", "The hyperbolic tangent of each element.")
arcsinh = unary("arcsinh", "The inverse of the hyperbolic sine.")
arccosh = unary("arccosh", "The inverse of the hyperbolic cosine.", example="[1.0, 2.0]")
arctanh = unary("arctanh", "The inverse of the hyperbolic tangent.")
erf = unary("erf", "The error function of each element (Abramowitz and Stegun 7.1.1).")
erfinv = unary("erfinv", "The inverse of the error function, on (-1, 1).")
isnan = unary("isnan", "True where an element is not a number.", dtypes="")
isinf = unary("isinf", "True where an element is infinite.", dtypes="")
isfinite = unary("isfinite", "True where an element is neither infinite nor NaN.", dtypes="")
logical_not = unary("logical_not", "True where an element is zero (false).", dtypes="")
bitwise_not = unary("bitwise_not", "Flips the bits of each integer.", dtypes="", example="[1, 2]")
bitwise_invert = unary("bitwise_invert", "Flips the bits of each integer.", "bitwise_not", dtypes="", example="[1, 2]")

add = binary("add", "Adds element by element.")
subtract = binary("subtract", "Subtracts element by element.")
multiply = binary("multiply", "Multiplies element by element.")
divide = binary("divide", "Divides element by element; integers give floats.")
true_divide = binary("true_divide", "Divides element by element; integers give floats.", "divide")
power = binary("power", "Raises ``x1`` to the power ``x2``.")
maximum = binary("maximum", "The larger element; NaN if either is.")
minimum = binary("minimum", "The smaller element; NaN if either is.")
mod = binary("mod", "The remainder with the sign of the divisor, as Python's ``%``.")
remainder = binary("remainder", "The remainder with the sign of the divisor, as Python's ``%``.", "mod")
floor_divide = binary("floor_divide", "Divides and rounds down, as Python's ``//``.")
arctan2 = binary("arctan2", "The angle in radians of the point (x2, x1), in all four quadrants.")
hypot = binary("hypot", "The length of the hypotenuse over two sides.")
logaddexp = binary("logaddexp", "The logarithm of the sum of exponentials, without overflow.")
equal = binary("equal", "True where elements are equal.", dtypes=_TRUTH)
not_equal = binary("not_equal", "True where elements differ.", dtypes=_TRUTH)
less = binary("less", "True where ``x1`` is below ``x2``.", dtypes=_TRUTH)
less_equal = binary("less_equal", "True where ``x1`` is not above ``x2``.", dtypes=_TRUTH)
greater = binary("greater", "True where ``x1`` is above ``x2``.", dtypes=_TRUTH)
greater_equal = binary("greater_equal", "True where ``x1`` is not below ``x2``.", dtypes=_TRUTH)
logical_and = binary("logical_and", "True where both are.", dtypes=_TRUTH)
logical_or = binary("logical_or", "True where at least one is.", dtypes=_TRUTH)
logical_xor = binary("logical_xor", "True where exactly one is.", dtypes=_TRUTH)
bitwise_and = bits("bitwise_and", "The bits set in both integers.")
bitwise_or = bits("bitwise_or", "The bits set in either integer.")
bitwise_xor = bits("bitwise_xor", "The bits set in one integer only.")
left_shift = bits("left_shift", "Moves the bits of ``x`` up by ``y`` places.")
right_shift = bits("right_shift", "Moves the bits of ``x`` down by ``y`` places.")
bitwise_left_shift = bits("bitwise_left_shift", "Moves the bits of ``x`` up by ``y`` places.", "left_shift")
bitwise_right_shift = bits("bitwise_right_shift", "Moves the bits of ``x`` down by ``y`` places.", "right_shift")


@symbolic
def round(x: Any, decimals: int = 0) -> Any:
    """Rounds to ``decimals`` decimal places, halves to even.

    Args:
        x: tensor of any shape.
        decimals: how many places to keep; negative rounds to tens, hundreds, …

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import rkeras
        >>> rkeras.ops.round([0.5, 1.5]).tolist()
        [0.0, 2.0]
    """
    if decimals == 0:
        return _engine.apply("round", x)
    factor = 10.0**decimals
    x = _engine.convert(x)
    rounded = _engine.apply("divide", _engine.apply("round", _engine.apply("multiply", x, factor)), factor)
    return _engine.apply("cast", rounded, dtype=x.dtype)


@symbolic
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Limits each element to ``x_min`` … ``x_max``; NaN stays NaN.

    Args:
        x: tensor of any shape.
        x_min: lower limit, a number or a tensor that broadcasts.
        x_max: upper limit, likewise.

    Returns:
        A tensor of the broadcast shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.clip([-1.0, 0.5, 2.0], 0.0, 1.0).tolist()
        [0.0, 0.5, 1.0]
    """
    if isinstance(x_min, (int, float)) and isinstance(x_max, (int, float)):
        dtype = _engine.convert(x).dtype
        kind = "float" if isinstance(x_min, float) or isinstance(x_max, float) else "int"
        x = _engine.apply("cast", x, dtype=_engine.result_type([dtype, kind]))
        return _engine.apply("clip", x, low=float(x_min), high=float(x_max))
    return _engine.apply("minimum", _engine.apply("maximum", x, x_min), x_max)


@symbolic
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Takes ``x1`` where ``condition`` holds and ``x2`` elsewhere.

    Args:
        condition: bool tensor.
        x1: tensor or number; all three shapes broadcast together.
        x2: tensor or number.

    Returns:
        A tensor of the broadcast shape; with the condition alone, the indices where it holds, one array an axis.

    Example:
        >>> import rkeras
        >>> rkeras.ops.where([True, False], 1.0, 2.0).tolist()
        [1.0, 2.0]
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where needs both x1 and x2, or neither")
    return _engine.apply("where", condition, x1, x2)


def nonzero(x: Any) -> tuple[Any, ...]:
    """The indices of elements that are not zero, one int32 tensor an axis.

    Args:
        x: tensor with numbers (the number of results depends on them, so this cannot be traced).

    Returns:
        A tuple of tensors.

    Example:
        >>> import rkeras
        >>> rkeras.ops.nonzero([0, 3, 0, 4])[0].tolist()
        [1, 3]
    """
    import numpy as np

    return tuple(_engine.convert(i, "int32") for i in np.nonzero(_engine.convert(x).numpy()))


@symbolic
def divide_no_nan(x1: Any, x2: Any) -> Any:
    """Divides, giving 0 where the divisor is 0.

    Args:
        x1: tensor.
        x2: tensor that broadcasts with ``x1``.

    Returns:
        A tensor of the broadcast shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.divide_no_nan([1.0, 2.0], [0.0, 4.0]).tolist()
        [0.0, 0.5]
    """
    zero = _engine.apply("equal", x2, 0)
    safe = _engine.apply("where", zero, 1, x2)
    return _engine.apply("where", zero, 0.0, _engine.apply("divide", x1, safe))


@symbolic
def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """True where ``|x1 - x2| <= atol + rtol * |x2|``.

    Args:
        x1: tensor.
        x2: tensor that broadcasts with ``x1``.
        rtol: relative tolerance.
        atol: absolute tolerance.
        equal_nan: whether two NaN count as close.

    Returns:
        A bool tensor of the broadcast shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.isclose([1.0], [1.0 + 1e-7]).tolist()
        [True]
    """
    x1, x2 = _engine.apply("multiply", x1, 1.0), _engine.apply("multiply", x2, 1.0)
    near = abs(x1 - x2) <= atol + rtol * abs(x2)
    both_finite = logical_and(isfinite(x1), isfinite(x2))
    result = logical_or(equal(x1, x2), logical_and(both_finite, near))
    return logical_or(result, logical_and(isnan(x1), isnan(x2))) if equal_nan else result


@symbolic
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Replaces NaN and infinities by numbers.

    Args:
        x: float tensor.
        nan: what stands for NaN.
        posinf: what stands for infinity; the largest number of the dtype by default.
        neginf: what stands for minus infinity; the smallest by default.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.nan_to_num([float("nan"), 1.0]).tolist()
        [0.0, 1.0]
    """
    from rkeras.ops.core import dtype_range

    x = _engine.convert(x)
    if not x.dtype.startswith(("float", "bfloat")):
        return x
    largest = dtype_range(x.dtype)[1]
    x = _engine.apply("where", isnan(x), nan, x)
    x = _engine.apply("where", equal(x, math.inf), largest if posinf is None else posinf, x)
    return _engine.apply("where", equal(x, -math.inf), -largest if neginf is None else neginf, x)
