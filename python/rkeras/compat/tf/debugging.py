"""``tf.debugging``: checks that raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.compat.tf._namespace import namespace

# The checks of two tensors, by what must hold for every pair of elements.
_COMPARISONS = ("equal", "greater", "greater_equal", "less", "less_equal")


def _assertion(relation: str) -> Callable[..., None]:
    def check(x: Any, y: Any, message: str | None = None, summarize: Any = None, name: Any = None) -> None:
        del summarize, name
        if not bool(ops.all(getattr(ops, relation)(x, y))):
            raise ValueError(f"{message or ''} assert_{relation} does not hold of {x!r} and {y!r}".strip())

    check.__name__ = check.__qualname__ = f"assert_{relation}"
    check.__doc__ = f"Raises ``ValueError`` unless ``{relation}`` holds for all elements."
    return check


for _relation in _COMPARISONS:
    globals()[f"assert_{_relation}"] = _assertion(_relation)


def assert_near(x: Any, y: Any, rtol: float | None = None, atol: float | None = None, **options: Any) -> None:
    """Raises ``ValueError`` unless elements are close.

    Example:
        >>> assert_near([1.0], [1.0 + 1e-7])
    """
    del options
    a, b = np.asarray(x), np.asarray(y)
    tolerance = 1e-5
    if not np.allclose(a, b, tolerance if rtol is None else rtol, tolerance if atol is None else atol):
        raise ValueError(f"assert_near does not hold of {x!r} and {y!r}")


def assert_all_finite(x: Any, message: str, name: str | None = None) -> Any:
    """The tensor, if no element of it is infinite or NaN; else raises ``ValueError``."""
    del name
    if not bool(ops.all(ops.isfinite(x))):
        raise ValueError(f"{message}: not all elements are finite")
    return ops.convert_to_tensor(x)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Any:
    """As ``assert_all_finite``."""
    return assert_all_finite(tensor, message, name)


__getattr__, __dir__, _ = namespace(__name__, "tf.debugging", {})
