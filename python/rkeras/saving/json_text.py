"""JSON from strangers: limits to its size are checked before anything is made of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

MAX_BYTES = 1 << 25
MAX_DEPTH = 256
MAX_VALUES = 1_000_000
MAX_RECORDS = 100_000
_MAX_DIGITS = 40

# For each byte, how much deeper it leads, and whether it parts values.
_STEP = np.zeros(256, np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
_IS_MARK = _STEP != 0
_IS_MARK[ord(",")] = True


def read_json(text: str | bytes, what: str) -> Any:
    """Parses JSON that describes a model.

    Args:
        text: the JSON, as UTF-8 if bytes.
        what: what it is called in errors.

    Returns:
        The value.

    Raises:
        ValueError: if it is no JSON, has a key twice, or is larger, deeper or longer than configs are.

    Example:
        >>> read_json('{"a": [1, 2]}', "example")
        {'a': [1, 2]}
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    _check_size(data, what)
    objects = _Objects()
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=objects, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise ValueError(f"{what} is not UTF-8: {error}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{what} is no valid JSON: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} cannot be used: {error}") from None


def _check_size(data: bytes, what: str) -> None:
    if len(data) > MAX_BYTES:
        raise ValueError(f"{what} has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
    # What is escaped in strings goes, pairs of backslashes first; then the strings.
    bare = np.frombuffer(data.replace(b"\\\\", b"").replace(b'\\"', b""), np.uint8)
    bare = bare[np.bitwise_xor.accumulate((bare == ord('"')).view(np.uint8)) == 0]
    marks = bare[_IS_MARK[bare]]
    if marks.size > 2 * MAX_VALUES:
        raise ValueError(f"{what} has more than {MAX_VALUES:,} values.")
    depth = int(np.cumsum(_STEP[marks], dtype=np.int32).max(initial=0))
    if depth > MAX_DEPTH:
        raise ValueError(f"{what} is nested {depth:,} deep; at most {MAX_DEPTH} levels are read.")


class _Objects:
    """Makes the dicts; counts those that ask for an object of ours."""

    def __init__(self) -> None:
        self._records = 0

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for i, key in enumerate(keys) if key in keys[:i])
            raise ValueError(f"the key {twice[:100]!r} stands twice in one object")
        if "class_name" in found:
            self._records += 1
            if self._records > MAX_RECORDS:
                raise ValueError(f"it describes more than {MAX_RECORDS:,} objects")
        return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"it has an integer of {len(digits):,} digits")
    return int(digits)
