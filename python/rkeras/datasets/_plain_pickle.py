"""Pickles that hold data only, read without Python's unpickler: nothing in a file can make anything run.

Some data sets have been published as pickles: lists of numbers of several lengths, and dictionaries of arrays. The
format is a program for a stack machine (PEP 3154, ``pickletools``); of its instructions, those that build numbers,
text, lists, tuples, dictionaries and arrays of numbers are known here. Of the functions that a pickle may ask for,
the few that make arrays are recognised by name and done here; no module is looked at.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

_BYTE, _TWO_BYTES, _STOP = ord("K"), ord("M"), ord(".")

_KNOWN = {
    ("numpy", "dtype"): "dtype",
    ("numpy", "ndarray"): "ndarray",
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "_reconstruct"): "array",
    # How Python 3 writes bytes in the protocols of Python 2.
    ("_codecs", "encode"): "encode",
}


def load_plain(data: bytes) -> Any:
    """What a pickle holds.

    Args:
        data: the pickle, of protocol 2 to 4. Text of Python 2 becomes bytes.

    Returns:
        Numbers, bytes, text, lists, tuples, dictionaries, and arrays of numbers or of these.

    Raises:
        ValueError: it is damaged, or holds anything else.

    Example:
        >>> import pickle
        >>> load_plain(pickle.dumps({"numbers": [1, 2000, -3]}, protocol=2))
        {'numbers': [1, 2000, -3]}
        >>> load_plain(pickle.dumps(print))
        Traceback (most recent call last):
        ValueError: a data file asks for 'builtins.print', which is no data
    """
    try:
        return _Reader(data).run()
    except (AttributeError, IndexError, KeyError, TypeError, OverflowError, UnicodeError, struct.error) as error:
        raise ValueError(f"a data file is damaged ({type(error).__name__}: {error})") from error


class _Name(str):
    """A function that a pickle asks for: a value of ``_KNOWN``."""


class _Unfinished:
    """An array or a dtype before its state has come; ``key`` is its place in the memo."""

    def __init__(self, kind: str, code: Any = None) -> None:
        self.kind = kind
        self.code = code
        self.key: int | None = None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        data, stack, at = self.data, self.stack, 0
        while True:
            op = data[at]
            # Nearly all that these files hold are small integers.
            if op == _BYTE:
                stack.append(data[at + 1])
                at += 2
            elif op == _TWO_BYTES:
                stack.append(data[at + 1] | data[at + 2] << 8)
                at += 3
            elif op == _STOP:
                if isinstance(stack[-1], (_Name, _Unfinished)):
                    raise ValueError("a data file has a function or half an array in place of data")
                return stack[-1]
            else:
                step = _STEPS.get(op)
                if step is None:
                    raise ValueError(f"a data file has the instruction {bytes([op])!r} at {at}, which is not for data")
                self.at = at + 1
                step(self)
                at = self.at

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise ValueError("a data file is cut off")
        found = self.data[self.at : end]
        self.at = end
        return found

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise ValueError("a data file is cut off")
        found = self.data[self.at : end].decode("ascii")
        self.at = end + 1
        return found

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        mark = self.marks.pop()
        found = self.stack[mark:]
        del self.stack[mark:]
        return found

    def top(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise ValueError(f"a data file treats a {type(self.stack[-1]).__name__} as a {kind.__name__}")
        return self.stack[-1]

    def extend(self, items: list[Any]) -> None:
        self.top(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        self.top(dict).update(zip(items[::2], items[1::2], strict=True))

    def two(self) -> list[Any]:
        return [self.stack.pop(-2), self.stack.pop()]

    def put(self, key: int) -> None:
        value = self.stack[-1]
        self.memo[key] = value
        if isinstance(value, _Unfinished):
            value.key = key

    def name(self, module: Any, name: Any) -> None:
        if (module, name) not in _KNOWN:
            raise ValueError(f"a data file asks for '{module}.{name}', which is no data")
        self.push(_Name(_KNOWN[module, name]))

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, _Name) or function == "ndarray":
            raise ValueError(f"a data file calls a {type(function).__name__}")
        if function == "encode":
            text, encoding = arguments
            if encoding != "latin1":
                raise ValueError(f"a data file has bytes encoded as {encoding!r}")
            self.push(text.encode("latin1"))
        else:
            self.push(_Unfinished(function, arguments[0]))

    def build(self) -> None:
        state, what = self.stack.pop(), self.stack.pop()
        if not isinstance(what, _Unfinished):
            raise ValueError(f"a data file gives a state to a {type(what).__name__}")
        done = _dtype(what.code, state) if what.kind == "dtype" else _array(state)
        if what.key is not None:
            self.memo[what.key] = done
        self.push(done)


def _dtype(code: Any, state: Any) -> Any:
    code = code.decode("ascii") if isinstance(code, bytes) else code
    order, *parts = (text.decode("ascii") if isinstance(text, bytes) else text for text in state[1:5])
    if any(part is not None for part in parts) or np.dtype(code).kind not in "biufO":
        raise ValueError(f"a data file has an array of {code!r}; arrays of numbers are expected")
    return np.dtype(code).newbyteorder(order)


def _array(state: Any) -> Any:
    _, shape, dtype, columns_first, content = state
    count = math.prod(shape)
    if not isinstance(dtype, np.dtype) or isinstance(content, list) != dtype.hasobject:
        raise ValueError("a data file has an array whose content is not of its dtype")
    if len(content) != count * (1 if dtype.hasobject else dtype.itemsize):
        raise ValueError(f"a data file has an array of shape {shape} with content of another size")
    flat = np.fromiter(content, dtype, count) if dtype.hasobject else np.frombuffer(content, dtype).copy()
    return flat.reshape(shape, order="F" if columns_first else "C")


_STEPS: dict[int, Callable[[_Reader], Any]] = {
    ord(code): step
    for code, step in {
        "\x80": lambda r: r.take(1),
        "\x95": lambda r: r.take(8),
        "(": lambda r: r.marks.append(len(r.stack)),
        # Constants and numbers
        "N": lambda r: r.push(None),
        "\x88": lambda r: r.push(True),
        "\x89": lambda r: r.push(False),
        "J": lambda r: r.push(r.number("<i")),
        "\x8a": lambda r: r.push(int.from_bytes(r.take(r.number("<B")), "little", signed=True)),
        "G": lambda r: r.push(r.number(">d")),
        # Bytes of Python 2, bytes of Python 3, and text; each behind its length
        "U": lambda r: r.push(r.take(r.number("<B"))),
        "T": lambda r: r.push(r.take(r.number("<I"))),
        "C": lambda r: r.push(r.take(r.number("<B"))),
        "B": lambda r: r.push(r.take(r.number("<I"))),
        "\x8e": lambda r: r.push(r.take(r.number("<Q"))),
        "\x8c": lambda r: r.push(r.take(r.number("<B")).decode()),
        "X": lambda r: r.push(r.take(r.number("<I")).decode()),
        "\x8d": lambda r: r.push(r.take(r.number("<Q")).decode()),
        # Containers
        "]": lambda r: r.push([]),
        "}": lambda r: r.push({}),
        ")": lambda r: r.push(()),
        "\x85": lambda r: r.push((r.stack.pop(),)),
        "\x86": lambda r: r.push(tuple(r.two())),
        "\x87": lambda r: r.push((r.stack.pop(-3), *r.two())),
        "t": lambda r: r.push(tuple(r.since_mark())),
        "a": lambda r: r.extend([r.stack.pop()]),
        "e": lambda r: r.extend(r.since_mark()),
        "s": lambda r: r.set_items(r.two()),
        "u": lambda r: r.set_items(r.since_mark()),
        # The memo
        "q": lambda r: r.put(r.number("<B")),
        "r": lambda r: r.put(r.number("<I")),
        "\x94": lambda r: r.put(len(r.memo)),
        "h": lambda r: r.push(r.memo[r.number("<B")]),
        "j": lambda r: r.push(r.memo[r.number("<I")]),
        # Arrays
        "c": lambda r: r.name(r.line(), r.line()),
        "\x93": lambda r: r.name(*r.two()),
        "R": lambda r: r.call(),
        "b": lambda r: r.build(),
    }.items()
}  # fmt: skip
