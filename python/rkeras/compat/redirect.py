"""Lets ``import keras`` and ``import tensorflow`` find rkeras."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import rkeras
from rkeras.compat.keras_root import KERAS
from rkeras.compat.old_paths import OLD_MODULES, ROOTS, canonical
from rkeras.compat.tensor_methods import add_tensor_methods, remove_tensor_methods


def install_as_keras(force: bool = False) -> None:
    """Makes ``keras``, ``tf_keras`` and ``tensorflow`` importable, as names of rkeras.

    ``keras.layers`` then is the very module ``rkeras.layers``, under old paths as well
    (``tensorflow.python.keras``, ``keras.layers.core``, …), and ``tensorflow`` is a thin layer over
    ``rkeras.ops``. ``keras.__version__`` is that of the Keras which rkeras is like. Shapes and dtypes of tensors
    get the methods they had in TensorFlow. Whether the real ones are installed makes no difference. Calling it
    again does nothing.

    Args:
        force: whether to go on if the real Keras or TensorFlow is in use already; modules that imported them
            keep what they have.

    Raises:
        ImportError: the real Keras or TensorFlow was imported before.

    Example:
        >>> install_as_keras()
        >>> import keras, rkeras
        >>> keras.layers.Dense is rkeras.layers.Dense
        True
        >>> uninstall_as_keras()
    """
    if _FINDER in sys.meta_path:
        return
    taken = _imported_names()
    if taken and not force:
        raise ImportError(
            f"{', '.join(sorted(name for name in taken if '.' not in name))} was imported before "
            "rkeras.install_as_keras(), so this program has parts of both. Call install_as_keras() before "
            "anything imports them (python -m rkeras script.py does), or pass force=True to put rkeras in "
            "their place for imports from now on."
        )
    for name in taken:
        del sys.modules[name]
    add_tensor_methods()
    sys.meta_path.insert(0, _FINDER)
    for path, sources in OLD_MODULES.items():
        _add_old_module(path, sources)


def uninstall_as_keras() -> None:
    """Takes back what ``install_as_keras`` did to imports and tensors; modules keep what they imported."""
    if _FINDER not in sys.meta_path:
        return
    sys.meta_path.remove(_FINDER)
    remove_tensor_methods()
    for name in _imported_names():
        del sys.modules[name]
    for path in reversed(OLD_MODULES):
        parent, _, child = path.rpartition(".")
        module = sys.modules.get(path)
        if isinstance(module, OldModule):
            del sys.modules[path]
            vars(sys.modules[parent]).pop(child, None)
        elif module is not None and isinstance(vars(module).get("__getattr__"), _Names):
            del module.__getattr__


def _imported_names() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] in ROOTS]


class _Names:
    """The ``__getattr__`` of a module that shows the names of others.

    Args:
        path: the module's name.
        sources: the modules whose names it shows, in order.
    """

    def __init__(self, path: str, sources: Sequence[str]) -> None:
        self.path = path
        self.sources = sources

    def __call__(self, name: str) -> Any:
        if not name.startswith("__"):
            for source in self.sources:
                try:
                    return getattr(importlib.import_module(source), name)
                except AttributeError:
                    continue
        where = f" (its names live in {', '.join(self.sources)})" if self.sources else ""
        raise AttributeError(f"{self.path}.{name} is not in rkeras{where}")


class OldModule(ModuleType):
    """A module that older code imports from; its names live elsewhere today.

    Args:
        path: its name.
        sources: the modules whose names it shows, in order.

    Example:
        >>> import rkeras
        >>> OldModule("rkeras.layers.merge", ["rkeras.layers"]).Add is rkeras.layers.Add
        True
    """

    def __init__(self, path: str, sources: Sequence[str]) -> None:
        super().__init__(path, "A module of former times.")
        self.__path__: list[str] = []
        vars(self)["__getattr__"] = _Names(path, sources)
        self._sources = tuple(sources)

    def __dir__(self) -> list[str]:
        names = set(vars(self))
        for source in self._sources:
            names.update(dir(importlib.import_module(source)))
        return sorted(names)


class CallableOldModule(OldModule):
    """A module in one version of Keras whose name was a function's in another: ``keras.layers.merge``.

    Args:
        path: its name.
        sources: the modules whose names it shows, in order.
        function: what a call of the module calls.
    """

    def __init__(self, path: str, sources: Sequence[str], function: Callable[..., Any]) -> None:
        super().__init__(path, sources)
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function."""
        return self._function(*args, **kwargs)


def _add_old_module(path: str, sources: Sequence[str]) -> None:
    parent, _, child = path.rpartition(".")
    package = importlib.import_module(parent)
    if path in sys.modules or PathFinder.find_spec(path, list(package.__path__)):
        # The name is in use for a part of rkeras: it shows the old names too.
        module = importlib.import_module(path)
        if not hasattr(module, "__getattr__"):
            module.__getattr__ = _Names(path, sources)  # type: ignore[method-assign]
        return
    function = getattr(package, child, None)
    module = CallableOldModule(path, sources, function) if callable(function) else OldModule(path, sources)
    sys.modules[path] = module
    setattr(package, child, module)


class _Finder(MetaPathFinder):
    """Finds the modules of Keras and TensorFlow in rkeras, and nowhere else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        name = canonical(fullname)
        if name is None:
            return None
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: it is not in rkeras ({name} would be its place)", name=fullname
            ) from None
        return ModuleSpec(fullname, _Loader(KERAS if module is rkeras else module))


class _Loader(Loader):
    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def exec_module(self, module: ModuleType) -> None:
        # The import system takes what it finds here instead of the module that it made.
        sys.modules[module.__name__] = self.module


_FINDER = _Finder()
