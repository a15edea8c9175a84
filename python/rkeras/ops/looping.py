"""Functions applied over axes: all prefixes at once, a choice among functions, functions of one element."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rkeras import _engine, ops, tree
from rkeras.ops._dispatch import symbolic

__all__ = ["associative_scan", "switch", "vectorize"]


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """The result of one of several functions, by a number that may be traced.

    Args:
        index: integer scalar; one that is out of range takes the nearest function.
        branches: the functions; all give the same structure, shapes and dtypes.
        operands: their arguments.

    Returns:
        What the chosen function returns. Inside a trace all are computed and one result is selected.

    Raises:
        ValueError: there are no functions.

    Example:
        >>> import rkeras
        >>> float(rkeras.ops.switch(1, [lambda x: x + 1, lambda x: x * 10], 3.0))
        30.0
    """
    if not branches:
        raise ValueError("switch needs at least one function")
    if not getattr(index, "is_traced", False):
        return branches[min(max(int(index), 0), len(branches) - 1)](*operands)
    results = [branch(*operands) for branch in branches]

    def chosen(*leaves: Any) -> Any:
        found = leaves[-1]
        for i in reversed(range(len(leaves) - 1)):
            found = ops.where(ops.less_equal(index, i), leaves[i], found)
        return found

    return tree.map_structure(chosen, *results)


@symbolic
def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """What an associative function gives for all beginnings of a sequence, in as few rounds as its length has bits.

    Args:
        f: takes two tensors, or two structures of them, of as many elements along the axis, and combines them pairwise.
        elems: tensor, or a structure of tensors of one size along the axis.
        reverse: from the end.
        axis: the axis.

    Returns:
        The results, in the structure and shapes of ``elems``.

    Example:
        >>> import rkeras
        >>> rkeras.ops.associative_scan(lambda a, b: a + b, rkeras.ops.arange(5)).tolist()
        [0, 1, 3, 6, 10]
    """
    elems = tree.map_structure(_engine.convert, elems)

    def cut(x: Any, first: int | None, last: int | None) -> Any:
        return x[(*[slice(None)] * (axis % x.ndim), slice(first, last))]

    if reverse:
        elems = tree.map_structure(lambda x: ops.flip(x, axis), elems)
    size = tree.flatten(elems)[0].shape[axis]
    step = 1
    while step < size:
        step_ = step
        later = tree.map_structure(lambda x, s=step_: cut(x, s, None), elems)
        earlier = tree.map_structure(lambda x, s=step_: cut(x, None, -s), elems)
        met = f(earlier, later)
        elems = tree.map_structure(
            lambda x, new, s=step_: ops.concatenate([cut(x, None, s), new], axis=axis), elems, met
        )
        step *= 2
    return tree.map_structure(lambda x: ops.flip(x, axis), elems) if reverse else elems


_SIDES = re.compile(r"^(\([\w,]*\)(?:,\([\w,]*\))*)->(\([\w,]*\)(?:,\([\w,]*\))*)$")


def _core_axes(signature: str | None, count: int) -> list[list[str]]:
    """The names of the axes that each argument's elements have themselves."""
    if signature is None:
        return [[]] * count
    match = _SIDES.match(signature.replace(" ", ""))
    if match is None:
        raise ValueError(f"vectorize: a signature looks like '(n),(n)->()', got {signature!r}")
    found = [[name for name in group.split(",") if name] for group in re.findall(r"\(([\w,]*)\)", match[1])]
    if len(found) != count:
        raise ValueError(f"vectorize: the signature {signature!r} has {len(found)} arguments, the call {count}")
    return found


def _broadcast(shapes: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    found = []
    for sizes in itertools.zip_longest(*[reversed(shape) for shape in shapes], fillvalue=1):
        others = {n for n in sizes if n != 1}
        if len(others) > 1:
            raise ValueError(f"vectorize: the arguments' shapes {list(shapes)} do not broadcast")
        found.append(others.pop() if others else 1)
    return tuple(reversed(found))


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Iterable[int | str] | None = None, signature: str | None = None
) -> Callable[..., Any]:
    """A function of single elements as one of tensors, whose shapes broadcast.

    Args:
        pyfunc: takes scalars, or what ``signature`` says.
        excluded: the arguments, by number or name, that are handed on as they are.
        signature: the axes that elements have themselves, as ``"(n),(n)->()"`` for a function of two vectors.

    Returns:
        A function of tensors; it calls ``pyfunc`` for each element.

    Raises:
        ValueError: an unreadable signature, or shapes that do not broadcast.

    Example:
        >>> import rkeras
        >>> longer = rkeras.ops.vectorize(lambda a, b: rkeras.ops.maximum(a, b))
        >>> longer([1, 5], [[3], [4]]).tolist()
        [[3, 5], [4, 5]]
    """
    left_out = frozenset(excluded or ())

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        names = [k for k in kwargs if k not in left_out]
        places = [i for i in range(len(args)) if i not in left_out]
        given = [_engine.convert(args[i]) for i in places] + [_engine.convert(kwargs[k]) for k in names]
        cores = [len(axes) for axes in _core_axes(signature, len(given))]
        outer = [x.shape[: x.ndim - core] for x, core in zip(given, cores, strict=True)]
        shape = _broadcast(outer)
        flat = []
        for x, core in zip(given, cores, strict=True):
            own = x.shape[x.ndim - core :]
            flat.append(ops.reshape(ops.broadcast_to(x, (*shape, *own)), (-1, *own)))
        results = []
        for i in range(flat[0].shape[0] if flat else 1):
            call = list(args)
            for place, x in zip(places, flat, strict=False):
                call[place] = x[i]
            named = dict(zip(names, [x[i] for x in flat[len(places) :]], strict=True))
            results.append(pyfunc(*call, **{**kwargs, **named}))
        return tree.map_structure(
            lambda *parts: ops.reshape(ops.stack(parts), (*shape, *_engine.convert(parts[0]).shape)), *results
        )

    return wrapper
