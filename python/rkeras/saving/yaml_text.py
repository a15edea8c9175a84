"""YAML that describes a model, as older Keras wrote it; PyYAML reads and writes it."""

from __future__ import annotations

import itertools
import json
import re
from types import ModuleType
from typing import Any

from rkeras.saving.json_text import MAX_DEPTH, MAX_VALUES, read_json

# PyYAML is a hundred times slower than the reader of JSON, and slower still for each bracket that is open.
MAX_BYTES = 1 << 20
MAX_BRACKETS = 16
_TUPLE = "tag:yaml.org,2002:python/tuple"


def write_yaml(config: Any, **kwargs: Any) -> str:
    """The YAML of a config; ``kwargs`` are those of ``yaml.dump``."""
    text: str = _pyyaml().safe_dump(config, **{"sort_keys": False, **kwargs})
    return text


def read_yaml(text: str, what: str) -> Any:
    """Parses YAML that describes a model.

    Args:
        text: the YAML. Of tags for Python's own types it may have that of tuples, which become lists.
        what: what it is called in errors.

    Returns:
        The value, of what JSON knows only.

    Raises:
        ValueError: if it is no YAML of this kind, or is larger or deeper than configs are.
    """
    yaml = _pyyaml()
    if len(text) > MAX_BYTES:
        raise ValueError(f"{what} has {len(text):,} characters; at most {MAX_BYTES:,} are read.")
    depths = itertools.accumulate(1 if mark in "[{" else -1 for mark in re.findall(r"[\[\]{}]", text))
    if max(depths, default=0) > MAX_BRACKETS:
        raise ValueError(f"{what} has more than {MAX_BRACKETS} brackets within each other; write it in block style.")

    class Loader(yaml.SafeLoader):  # type: ignore[name-defined, misc]
        """Makes lists of tuples, and no other objects of Python."""

    Loader.add_constructor(_TUPLE, yaml.SafeLoader.construct_yaml_seq)
    try:
        value = yaml.load(text, Loader)
        _check_size(value, {}, 0)
        return read_json(json.dumps(value), what)
    except yaml.YAMLError as error:
        raise ValueError(f"{what} cannot be used: {error}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{what} cannot be used: {error}") from None


def _check_size(value: Any, known: dict[int, int], depth: int) -> int:
    """The number of values within, aliases written out: a short text can stand for a huge one."""
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) not in known:
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_check_size(item, known, depth + 1) for item in items)
    if known[id(value)] > MAX_VALUES:
        raise ValueError(f"it has more than {MAX_VALUES:,} values")
    return known[id(value)]


def _pyyaml() -> ModuleType:
    try:
        import yaml
    except ImportError:
        raise ImportError(
            "YAML needs PyYAML, which is not installed: pip install pyyaml. `to_json` and `model_from_json` do without."
        ) from None
    module: ModuleType = yaml
    return module
