"""Noticing layers, variables and metrics that are assigned to attributes, also inside lists and dicts."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    def __init__(self) -> None:
        self.off = 0


_state = _State()


class untracked:
    """A context (or decorator of a method) in which attributes can be assigned without being tracked."""

    def __enter__(self) -> None:
        _state.off += 1

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        _state.off -= 1

    def __call__(self, method: F) -> F:  # noqa: D102
        @functools.wraps(method)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self:
                return method(*args, **kwargs)

        return cast(F, wrapper)


def track(owner: Any, value: Any) -> Any:
    """Notes what is worth noting in ``value`` on its owner.

    A class says in ``_tracked_as`` which list it belongs to: ``layers``, ``metrics``, ``seed_generators``,
    ``variables``.

    Returns:
        The value to assign: lists, dicts and sets become ones that go on noticing.
    """
    if _state.off:
        return value
    kind = getattr(type(value), "_tracked_as", None)
    if kind is not None:
        owner._track(kind, value)
        return value
    wrapper = _WRAPPERS.get(type(value))
    if wrapper is not None:
        return wrapper(value, owner)
    if isinstance(value, tuple):
        tracked = [track(owner, item) for item in value]
        if hasattr(value, "_fields"):
            return type(value)(*tracked)
        return tuple(tracked) if type(value) is tuple else value
    return value


class TrackedList(list[Any]):
    """A list that tells its owner what is put in."""

    def __init__(self, values: Iterable[Any] = (), owner: Any = None) -> None:
        self._owner = owner
        super().__init__(track(owner, value) for value in values)

    def append(self, value: Any) -> None:
        """Adds an item."""
        super().append(track(self._owner, value))

    def insert(self, index: Any, value: Any) -> None:
        """Adds an item at a place."""
        super().insert(index, track(self._owner, value))

    def extend(self, values: Iterable[Any]) -> None:
        """Adds items."""
        super().extend([track(self._owner, value) for value in values])

    def __iadd__(self, values: Iterable[Any]) -> TrackedList:  # type: ignore[misc]
        self.extend(values)
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        old = self[key]
        super().__setitem__(
            key,
            [track(self._owner, v) for v in value] if isinstance(key, slice) else track(self._owner, value),
        )
        self._forget(old if isinstance(key, slice) else [old])

    def __delitem__(self, key: Any) -> None:
        old = self[key]
        super().__delitem__(key)
        self._forget(old if isinstance(key, slice) else [old])

    def pop(self, index: Any = -1) -> Any:
        """Removes and returns an item."""
        value = super().pop(index)
        self._forget([value])
        return value

    def remove(self, value: Any) -> None:
        """Removes an item."""
        super().remove(value)
        self._forget([value])

    def clear(self) -> None:
        """Removes all items."""
        old = list(self)
        super().clear()
        self._forget(old)

    def _forget(self, values: Iterable[Any]) -> None:
        for value in values:
            self._owner._untrack(value)

    def __reduce__(self) -> Any:
        # The owner wraps its lists again when it is restored.
        return list, (list(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        import copy

        return [copy.deepcopy(value, memo) for value in self]


class TrackedDict(dict[Any, Any]):
    """A dict that tells its owner what is put in."""

    def __init__(self, values: Any = (), owner: Any = None) -> None:
        self._owner = owner
        super().__init__({key: track(owner, value) for key, value in dict(values).items()})

    def __setitem__(self, key: Any, value: Any) -> None:
        old = self.get(key)
        super().__setitem__(key, track(self._owner, value))
        if old is not value:
            self._owner._untrack(old)

    def __delitem__(self, key: Any) -> None:
        self.pop(key)

    def pop(self, key: Any, *default: Any) -> Any:
        """Removes and returns a value."""
        value = super().pop(key, *default)
        self._owner._untrack(value)
        return value

    def popitem(self) -> tuple[Any, Any]:
        """Removes and returns the last pair."""
        key, value = super().popitem()
        self._owner._untrack(value)
        return key, value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The value at a key, put there if there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Takes over other pairs."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def clear(self) -> None:
        """Removes all pairs."""
        for key in list(self):
            self.pop(key)

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        import copy

        return {key: copy.deepcopy(value, memo) for key, value in self.items()}


class TrackedSet(set[Any]):
    """A set that tells its owner what is put in."""

    def __init__(self, values: Iterable[Any] = (), owner: Any = None) -> None:
        self._owner = owner
        super().__init__(track(owner, value) for value in values)

    def add(self, value: Any) -> None:
        """Adds an item."""
        super().add(track(self._owner, value))

    def update(self, *others: Iterable[Any]) -> None:
        """Adds items."""
        for values in others:
            for value in values:
                self.add(value)

    def discard(self, value: Any) -> None:
        """Removes an item if it is there."""
        super().discard(value)
        self._owner._untrack(value)

    def remove(self, value: Any) -> None:
        """Removes an item."""
        super().remove(value)
        self._owner._untrack(value)

    def __reduce__(self) -> Any:
        return set, (set(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        import copy

        return {copy.deepcopy(value, memo) for value in self}


_WRAPPERS: dict[type, Callable[..., Any]] = {list: TrackedList, dict: TrackedDict, set: TrackedSet}
