"""Per-output arguments: lists, dicts by output name, or one value, brought to one list in the order of the
outputs."""

from __future__ import annotations

from typing import Any

from rkeras.training.structure import is_container


def flat_outputs(outputs: Any, names: list[str] | None) -> tuple[list[Any], list[str]]:
    """The output tensors in order, and a name for each.

    Args:
        outputs: a tensor, or nested lists and dicts of tensors, as the model returned it.
        names: the model's output names, or None if it has none (subclassed models).
    """
    tensors: list[Any] = []
    keys: list[str] = []

    def walk(value: Any, key: str) -> None:
        if isinstance(value, dict):
            inside = set(value)
            order = [n for n in names if n in inside] if names and inside == set(names) else sorted(value)
            for name in order:
                walk(value[name], f"{key}/{name}" if key else str(name))
        elif isinstance(value, (list, tuple)):
            for item in value:
                walk(item, key)
        elif value is not None:
            tensors.append(value)
            keys.append(key)

    walk(outputs, "")
    if names and len(names) == len(tensors) and not all(keys):
        return tensors, list(names)
    unique = all(keys) and len(set(keys)) == len(keys)
    return tensors, keys if unique else [f"output_{i + 1}" for i in range(len(tensors))]


def per_output(value: Any, names: list[str], what: str, *, default: Any = None) -> list[Any]:
    """One entry of ``value`` for each output.

    Args:
        value: one value for all outputs; a list with an entry for each; or a dict by output name, in which
            names may be missing.
        names: the output names in order.
        what: the argument's name, for messages.
        default: the entry for outputs that a dict does not name.

    Raises:
        ValueError: if a list has another length, or a dict names something that is no output.

    >>> per_output({"b": "mse"}, ["a", "b"], "loss"), per_output("mse", ["a", "b"], "loss")
    ([None, 'mse'], ['mse', 'mse'])
    """
    if isinstance(value, dict):
        nested = _nested_names(value)
        unknown = [k for k in nested if k not in names]
        if unknown:
            if (
                len(names) == 1 and len(nested) == 1
            ):  # an output's name matters little where there is only one
                return list(nested.values())
            raise ValueError(f"`{what}` has the keys {unknown}, but the model's outputs are called {names}.")
        return [nested.get(name, default) for name in names]
    if isinstance(value, (list, tuple)):
        flat = list(value) if len(value) == len(names) else _flatten(value)
        if len(flat) != len(names):
            raise ValueError(
                f"`{what}` has {len(flat)} entries, but the model has {len(names)} outputs: {names}."
            )
        if any(isinstance(v, dict) for v in flat):
            flat = _flatten(value)
        return flat
    return [value] * len(names)


def _nested_names(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict):
            found.update(_nested_names(item, f"{name}/"))
        else:
            found[name] = item
    return found


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in _flatten(value[key])]
    if is_container(value):
        return [leaf for item in value for leaf in _flatten(item)]
    return [value]
