"""What reading and writing records depend on beside their arguments, thread by thread."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from rkeras import config as global_config


class _State(threading.local):
    def __init__(self) -> None:
        self.safe_mode: bool | None = None
        self.shared_records: dict[int, Any] | None = None
        self.shared_objects: dict[Any, Any] | None = None


state = _State()


def in_safe_mode() -> bool | None:
    """The safe mode of the enclosing `SafeModeScope`; None outside of one."""
    return False if global_config.is_unsafe_deserialization_enabled() else state.safe_mode


class _Saved:
    """A context manager that restores some of the thread's state."""

    _values: dict[str, Any]

    def __enter__(self) -> None:
        self._outer = {name: getattr(state, name) for name in self._values}
        for name, value in self._values.items():
            setattr(state, name, value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, value in self._outer.items():
            setattr(state, name, value)


class SafeModeScope(_Saved):
    """While open, records that carry code are refused (``safe_mode=True``) or run."""

    def __init__(self, safe_mode: bool | None = True) -> None:
        self._values = {"safe_mode": safe_mode}


class ObjectSharingScope(_Saved):
    """While open, records get the id of their object, and those that share one are read as one object."""

    def __init__(self) -> None:
        self._values = {"shared_records": {}, "shared_objects": {}}
