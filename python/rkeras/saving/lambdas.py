"""Code of nameless functions inside records: marshalled bytes, run only when the user trusts the file."""

from __future__ import annotations

import base64
import marshal
import types
from collections.abc import Sequence
from typing import Any


def dump_lambda(function: types.FunctionType) -> tuple[str, Any, Any]:
    """Returns (code in base64, defaults, contents of the closure) of a Python function."""
    code = base64.b64encode(marshal.dumps(function.__code__)).decode("ascii")
    closure = tuple(cell.cell_contents for cell in function.__closure__ or ()) or None
    return code, function.__defaults__, closure


def load_lambda(value: str | Sequence[Any], globals_: dict[str, Any] | None = None) -> types.FunctionType:
    """Makes a function of what `dump_lambda` gave. Never call it with data from a source that is not trusted.

    Args:
        value: code in base64, or a sequence of (code, defaults, closure contents).
        globals_: global names that the code sees; by default the built-ins alone.

    Raises:
        ValueError: if the code was written by another version of Python or is damaged.
    """
    parts: Sequence[Any] = (value, None, None) if isinstance(value, str) else value
    code, defaults, closure = parts
    try:
        decoded = marshal.loads(base64.b64decode(code))
    except (ValueError, EOFError, TypeError) as error:
        raise ValueError(
            "The code of this lambda cannot be read: it is damaged or was written by another version of "
            "Python. Name the function and register it with `@register_keras_serializable()` instead."
        ) from error
    if not isinstance(decoded, types.CodeType):
        raise ValueError("The record of a lambda holds something other than code.")
    cells = tuple(types.CellType(item) for item in closure) if closure else None
    names = globals_ if globals_ is not None else {"__builtins__": __builtins__}
    return types.FunctionType(decoded, names, "<lambda>", tuple(defaults) if defaults else None, cells)
