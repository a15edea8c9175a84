"""Nested structures of lists, tuples, named tuples and dicts. Dicts go in the order of their sorted keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any


class MAP_TO_NONE:
    """What a function given to ``traverse`` returns to put a ``None`` in place."""


def is_nested(structure: Any) -> bool:
    """Whether this is a container that the functions here look into.

    Example:
        >>> is_nested([1]), is_nested({}), is_nested("text")
        (True, True, False)
    """
    return isinstance(structure, (list, tuple, dict))


def _keys(mapping: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError:
        # Keys of several types have no order of their own; the order of insertion is at least a stable one.
        return list(mapping)


def _children(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [structure[key] for key in _keys(structure)]
    return list(structure)


def _rebuild(structure: Any, children: Sequence[Any]) -> Any:
    """A container like ``structure`` with other children; dicts keep their own order of keys."""
    if isinstance(structure, dict):
        values = dict(zip(_keys(structure), children, strict=True))
        return {key: values[key] for key in structure}
    if isinstance(structure, tuple):
        if hasattr(structure, "_fields"):
            return type(structure)(*children)
        return tuple(children)
    return list(children)


def flatten(structure: Any) -> list[Any]:
    """The leaves of a structure in order; ``None`` is a leaf.

    Example:
        >>> flatten({"b": [1, 2], "a": (3, None)})
        [3, None, 1, 2]
    """
    if not isinstance(structure, (list, tuple, dict)):
        return [structure]
    leaves: list[Any] = []
    _flatten_into(structure, leaves)
    return leaves


def _flatten_into(structure: Any, leaves: list[Any]) -> None:
    for child in _children(structure):
        if isinstance(child, (list, tuple, dict)):
            _flatten_into(child, leaves)
        else:
            leaves.append(child)


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves together with the keys and indices that lead to them.

    Example:
        >>> flatten_with_path({"a": [7]})
        [(('a', 0), 7)]
    """
    if not is_nested(structure):
        return [((), structure)]
    keys: Iterable[Any] = _keys(structure) if isinstance(structure, dict) else range(len(structure))
    return [
        ((key, *path), leaf)
        for key, child in zip(keys, _children(structure), strict=True)
        for path, leaf in flatten_with_path(child)
    ]


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Applies a function to the leaves of structures of one form.

    Args:
        func: takes as many arguments as there are structures.
        structures: structures of equal form.
        none_is_leaf: if False, ``None`` stays ``None`` and the function does not see it.

    Returns:
        A structure of that form with the results.

    Raises:
        ValueError: if the forms differ.

    Example:
        >>> map_structure(lambda a, b: a + b, {"x": 1}, {"x": 2})
        {'x': 3}
    """
    if not structures:
        raise ValueError("map_structure needs at least one structure")
    first = structures[0]
    if not is_nested(first):
        if len(structures) > 1 and any(is_nested(other) for other in structures[1:]):
            raise ValueError("the structures have different forms")
        if first is None and not none_is_leaf:
            return None
        return func(*structures)
    for other in structures[1:]:
        _check_level(first, other)
    columns = zip(*(_children(s) for s in structures), strict=True)
    return _rebuild(first, [map_structure(func, *column, none_is_leaf=none_is_leaf) for column in columns])


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Applies a function to the parts of structures that sit where ``shallow_structure`` has its leaves.

    Example:
        >>> map_structure_up_to([0, 0], len, [[1, 2], [3]])
        [2, 1]
    """
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _check_level(shallow_structure, other)
    columns = zip(*(_children(s) for s in (shallow_structure, *structures)), strict=True)
    return _rebuild(shallow_structure, [map_structure_up_to(c[0], func, *c[1:]) for c in columns])


def _check_level(a: Any, b: Any) -> None:
    same = is_nested(b) and isinstance(a, dict) == isinstance(b, dict) and len(a) == len(b)
    if same and isinstance(a, dict):
        same = a.keys() == b.keys()
    elif same:
        same = isinstance(a, tuple) == isinstance(b, tuple)
    if not same:
        raise ValueError(f"the structures have different forms: {_form(a)} and {_form(b)}")


def _form(structure: Any) -> str:
    if isinstance(structure, dict):
        return f"dict with keys {list(structure)}"
    if is_nested(structure):
        return f"{type(structure).__name__} of {len(structure)}"
    return type(structure).__name__


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raises ValueError unless both structures have one form."""
    del check_types
    if not is_nested(a):
        if is_nested(b):
            raise ValueError(f"the structures have different forms: {_form(a)} and {_form(b)}")
        return
    _check_level(a, b)
    for left, right in zip(_children(a), _children(b), strict=True):
        assert_same_structure(left, right)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raises ValueError unless the same keys and indices lead to leaves in both structures."""
    left = {path for path, _ in flatten_with_path(a)}
    right = {path for path, _ in flatten_with_path(b)}
    if left != right:
        raise ValueError(
            f"the structures have different paths; only in the first: {sorted(map(str, left - right))}, "
            f"only in the second: {sorted(map(str, right - left))}"
        )


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any]) -> Any:
    """Puts a flat sequence into the form of a structure; the inverse of ``flatten``.

    Raises:
        ValueError: if there are more or fewer items than leaves.

    Example:
        >>> pack_sequence_as([0, (0, 0)], [1, 2, 3])
        [1, (2, 3)]
    """
    if not is_nested(structure) and len(flat_sequence) == 1:
        return flat_sequence[0]
    items: Iterator[Any] = iter(flat_sequence)
    missing = object()

    def take(_: Any) -> Any:
        item = next(items, missing)
        if item is missing:
            raise ValueError(
                f"too few items ({len(flat_sequence)}) for a structure of {len(flatten(structure))} leaves"
            )
        return item

    packed = map_structure(take, structure)
    if next(items, missing) is not missing:
        raise ValueError(
            f"too many items ({len(flat_sequence)}) for a structure of {len(flatten(structure))} leaves"
        )
    return packed


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Rebuilds a structure, replacing every part for which the function returns something.

    Args:
        func: gets containers and leaves; ``None`` means "go on", ``MAP_TO_NONE`` puts a ``None``.
        structure: any structure.
        top_down: whether containers are asked before what they contain.
    """
    if top_down:
        result = func(structure)
        if result is None:
            return _traverse_children(func, structure, top_down)
    else:
        structure = _traverse_children(func, structure, top_down)
        result = func(structure)
        if result is None:
            return structure
    return None if result is MAP_TO_NONE else result


def _traverse_children(func: Callable[[Any], Any], structure: Any, top_down: bool) -> Any:
    if not is_nested(structure):
        return structure
    return _rebuild(structure, [traverse(func, child, top_down) for child in _children(structure)])


def lists_to_tuples(structure: Any) -> Any:
    """The same structure with tuples in place of lists.

    Example:
        >>> lists_to_tuples([1, [2]])
        (1, (2,))
    """
    if isinstance(structure, list):
        return tuple(lists_to_tuples(child) for child in structure)
    if is_nested(structure):
        return _rebuild(structure, [lists_to_tuples(child) for child in _children(structure)])
    return structure


def is_shape(structure: Any) -> bool:
    """Whether this is one shape: a list or tuple of ints and Nones."""
    return isinstance(structure, (list, tuple)) and all(
        d is None or (isinstance(d, int) and not isinstance(d, bool)) or type(d).__module__ == "numpy"
        for d in structure
    )


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Like ``map_structure``, with shapes as leaves.

    Example:
        >>> map_shape_structure(len, {"a": (None, 3), "b": (2,)})
        {'a': 2, 'b': 1}
    """
    if is_shape(structure):
        return func(tuple(structure))
    if not is_nested(structure):
        raise ValueError(f"expected shapes (tuples of ints and Nones), got {structure!r}")
    return _rebuild(structure, [map_shape_structure(func, child) for child in _children(structure)])
