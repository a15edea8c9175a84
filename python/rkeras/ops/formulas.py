"""Element-wise functions that are formulas of others."""

from __future__ import annotations

import math
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._tables import binary, unary
from rkeras.ops.core import dtype_range

_INTS = "[4, 6], 6"


def _as_float(x: Any) -> Any:
    x = _engine.convert(x)
    return x if x.dtype.startswith(("float", "bfloat")) else _engine.apply("cast", x, dtype=_engine.floatx())


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """The sum of coefficients times powers, the highest power first (Horner's scheme)."""
    total: Any = coefficients[0]
    for c in coefficients[1:]:
        total = total * x + c
    return total


def _cbrt(x: Any) -> Any:
    x = _as_float(x)
    return ops.sign(x) * ops.power(ops.absolute(x), 1.0 / 3.0)


# The rational approximation of exp(x * x) * erfc(x) in t = 2 / (2 + x), with a relative error below 1.2e-7
# (Press et al., Numerical Recipes, 6.2).
_ERFC = (0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
         -1.26551223)  # fmt: skip


def _erfc(x: Any) -> Any:
    x = _as_float(x)
    far = ops.maximum(x, 0.5)
    t = 2.0 / (2.0 + far)
    tail = t * ops.exp(_polynomial(t, _ERFC) - far * far)
    return ops.where(x < 0.5, 1.0 - ops.erf(x), tail)


def _sinc(x: Any) -> Any:
    x = _as_float(x)
    angle = ops.where(ops.equal(x, 0.0), 1.0, x * math.pi)
    return ops.where(ops.equal(x, 0.0), 1.0, ops.sin(angle) / angle)


# Abramowitz and Stegun 9.8.1 and 9.8.2, off by less than 2e-7 of the result.
_I0_NEAR = (0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1.0)
_I0_FAR = (0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281, -0.00157565, 0.00225319, 0.01328592,
           0.39894228)  # fmt: skip


def _i0(x: Any) -> Any:
    size = ops.absolute(_as_float(x))
    small, large = ops.minimum(size, 3.75) / 3.75, ops.maximum(size, 3.75)
    near = _polynomial(small * small, _I0_NEAR)
    far = ops.exp(large) * ops.rsqrt(large) * _polynomial(3.75 / large, _I0_FAR)
    return ops.where(size < 3.75, near, far)


def _signbit(x: Any) -> Any:
    # One over minus zero is minus infinity.
    return ops.logical_or(x < 0, ops.logical_and(ops.equal(x, 0), ops.reciprocal(_as_float(x)) < 0))


def _angle(x: Any) -> Any:
    x = _as_float(x)
    turned = ops.where(_signbit(x), math.pi, ops.zeros_like(x))
    return ops.where(ops.isnan(x), x, turned)


cbrt = unary("cbrt", "The cube root of each element.", _cbrt)
deg2rad = unary("deg2rad", "Degrees as radians.", lambda x: _as_float(x) * (math.pi / 180))
rad2deg = unary("rad2deg", "Radians as degrees.", lambda x: _as_float(x) * (180 / math.pi))
erfc = unary("erfc", "One minus the error function, to 7 digits also where that is tiny.", _erfc)
sinc = unary("sinc", "sin(pi * x) / (pi * x), 1 at 0.", _sinc)
i0 = unary("i0", "The modified Bessel function of the first kind and order 0, to 6 digits.", _i0)
angle = unary("angle", "The angle of each number in the complex plane: pi if it is negative, else 0.", _angle)
real = unary("real", "The real part of each element; tensors here are real.", lambda x: x, dtypes="")
imag = unary(
    "imag", "The imaginary part of each element: 0, as tensors here are real.", lambda x: ops.zeros_like(x), dtypes=""
)
conj = unary("conj", "The complex conjugate of each element; tensors here are real.", lambda x: x, dtypes="")
conjugate = unary("conjugate", "The complex conjugate of each element; tensors here are real.", lambda x: x, dtypes="")
isreal = unary("isreal", "True everywhere, as tensors here are real.", lambda x: ops.ones_like(x, "bool"), dtypes="")
isposinf = unary("isposinf", "True where an element is plus infinity.", lambda x: ops.equal(x, math.inf), dtypes="")
isneginf = unary("isneginf", "True where an element is minus infinity.", lambda x: ops.equal(x, -math.inf), dtypes="")
signbit = unary("signbit", "True where an element is negative; minus zero is too.", _signbit, dtypes="")


def _fallback(choose: Any) -> Any:
    def formula(x1: Any, x2: Any) -> Any:
        return ops.where(ops.isnan(x1), x2, ops.where(ops.isnan(x2), x1, choose(x1, x2)))

    return formula


def _fmod(x1: Any, x2: Any) -> Any:
    x1 = _engine.convert(x1)
    return ops.sign(x1) * ops.mod(ops.absolute(x1), ops.absolute(x2))


def _gcd(x1: Any, x2: Any) -> Any:
    a, b = ops.absolute(x1), ops.absolute(x2)
    dtype = _engine.result_type([a.dtype, b.dtype])
    a, b = ops.cast(a + ops.zeros_like(b), dtype), ops.cast(b + ops.zeros_like(a), dtype)
    # Euclid's algorithm takes the most steps for neighbours among Fibonacci's numbers, which grow by 1.618 a step.
    for _ in range(math.ceil(math.log(dtype_range(dtype)[1], 1.618)) + 1):
        done = ops.equal(b, 0)
        if not done.is_traced and bool(ops.all(done)):
            break
        a, b = ops.where(done, a, b), ops.where(done, 0, ops.mod(a, ops.where(done, 1, b)))
    return a


def _lcm(x1: Any, x2: Any) -> Any:
    divisor = _gcd(x1, x2)
    return ops.floor_divide(ops.absolute(x1), ops.maximum(divisor, 1)) * ops.absolute(x2)


def _heaviside(x1: Any, x2: Any) -> Any:
    x1, x2 = _as_float(x1), _as_float(x2)
    step = ops.where(x1 > 0, 1.0, ops.where(x1 < 0, 0.0, x2))
    return ops.where(ops.isnan(x1), x1, step)


def _logaddexp2(x1: Any, x2: Any) -> Any:
    x1, x2 = _as_float(x1), _as_float(x2)
    return ops.logaddexp(x1 * math.log(2.0), x2 * math.log(2.0)) / math.log(2.0)


fmax = binary("fmax", "The larger element; the other one if either is NaN.", _fallback(lambda a, b: ops.maximum(a, b)))
fmin = binary("fmin", "The smaller element; the other one if either is NaN.", _fallback(lambda a, b: ops.minimum(a, b)))
fmod = binary("fmod", "The remainder with the sign of ``x1``, as in C.", _fmod)
gcd = binary("gcd", "The greatest common divisor of integers.", _gcd, example=_INTS)
lcm = binary("lcm", "The least common multiple of integers.", _lcm, example=_INTS)
heaviside = binary("heaviside", "0 where ``x1`` is negative, 1 where it is positive, ``x2`` where it is 0.", _heaviside)
ldexp = binary("ldexp", "``x1`` times two to the power ``x2``.", lambda a, b: _as_float(a) * ops.exp2(_as_float(b)))
logaddexp2 = binary("logaddexp2", "The base 2 logarithm of the sum of powers of two, without overflow.", _logaddexp2)

__all__ = [
    "angle", "cbrt", "conj", "conjugate", "deg2rad", "erfc", "fmax", "fmin", "fmod", "gcd", "heaviside", "i0", "imag",
    "isneginf", "isposinf", "isreal", "lcm", "ldexp", "logaddexp2", "rad2deg", "real", "signbit", "sinc",
]  # fmt: skip
