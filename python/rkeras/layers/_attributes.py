"""Attributes of layers: noticing what is assigned to them."""

from __future__ import annotations

from typing import Any

from rkeras.layers.tracking import TrackedDict, TrackedList, TrackedSet, track, untracked
from rkeras.operation import Operation
from rkeras.tracing import CompiledFunction
from rkeras.variables import Variable

# Classes whose values need no look when they are assigned to an attribute.
_NEVER_TRACKED = frozenset((int, float, bool, str, bytes, type(None)))


# Counts changes to layers that may change what they compute, so that compiled calls notice.
_version = 0


def version() -> int:
    """A number that is another one after an attribute of any layer was assigned."""
    return _version


def note_change() -> None:
    """Counts a change that compiled calls have to notice."""
    global _version
    _version += 1


class LayerAttributes(Operation):
    """The part of ``Layer`` that collects layers, variables and metrics from its attributes."""

    name: str
    built: bool
    _trainable: bool
    _layers: list[Any]
    _metrics: list[Any]
    _seed_generators: list[Any]
    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]
    # Whether assigning an attribute may change what the layer computes.
    _attributes_matter = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls, *args, **kwargs)
        # Not in `__init__`, so that attributes may be assigned before `super().__init__()`.
        put = object.__setattr__
        for name in (
            "_layers",
            "_metrics",
            "_seed_generators",
            "_trainable_variables",
            "_non_trainable_variables",
        ):
            put(instance, name, [])
        put(instance, "_trainable", True)
        put(instance, "built", False)
        return instance

    def __setattr__(self, name: str, value: Any) -> None:
        old = self.__dict__.get(name)
        if self._attributes_matter or name == "call":
            note_change()
        if value.__class__ in _NEVER_TRACKED and old.__class__ in _NEVER_TRACKED:
            object.__setattr__(self, name, value)
            return
        object.__setattr__(self, name, track(self, value))
        if old is not None and old is not value:
            self._untrack(old)

    def __delattr__(self, name: str) -> None:
        old = self.__dict__.get(name)
        object.__delattr__(self, name)
        self._untrack(old)

    def __getstate__(self) -> dict[str, Any]:
        # Methods that were compiled for this object are compiled anew for a copy.
        return {k: v for k, v in self.__dict__.items() if not isinstance(v, CompiledFunction)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        with untracked():
            for name, value in state.items():
                object.__setattr__(self, name, value)
        own = ("_layers", "_metrics", "_seed_generators", "_trainable_variables", "_non_trainable_variables")
        for name, value in state.items():
            if name not in own and isinstance(value, (list, dict, set)):
                object.__setattr__(self, name, track(self, value))

    def _list_for(self, kind: str, value: Any) -> list[Any]:
        if kind == "variables":
            return self._trainable_variables if value.trainable else self._non_trainable_variables
        found: list[Any] = getattr(self, f"_{kind}")
        return found

    def _track(self, kind: str, value: Any) -> None:
        if kind == "variables" and any(
            value is v for v in (*self._trainable_variables, *self._non_trainable_variables)
        ):
            return
        owned = self._list_for(kind, value)
        if not any(value is item for item in owned):
            owned.append(value)
            if kind == "variables" and not self._trainable:
                value.trainable = False

    def _untrack(self, value: Any) -> None:
        """Forgets what was assigned, unless another attribute still has it."""
        for item in value if isinstance(value, (list, set)) else [value]:
            if getattr(type(item), "_tracked_as", None) is None or self._refers_to(item):
                continue
            for owned in (
                self._layers,
                self._metrics,
                self._seed_generators,
                self._trainable_variables,
                self._non_trainable_variables,
            ):
                owned[:] = [x for x in owned if x is not item]

    def _refers_to(self, item: Any) -> bool:
        for value in self.__dict__.values():
            if value is item:
                return True
            if isinstance(value, (TrackedList, TrackedSet, tuple)) and any(x is item for x in value):
                return True
            if isinstance(value, TrackedDict) and any(x is item for x in value.values()):
                return True
        return False
