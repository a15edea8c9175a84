"""``tf.Variable`` and ``tf.Module``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import rkeras
from rkeras import _engine
from rkeras.compat.tf.dtypes import as_dtype


class _AnyVariable(type):
    """The weights of layers count as instances too."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _engine.Variable)


class Variable(rkeras.Variable, metaclass=_AnyVariable):
    """A tensor that can be assigned to, made with the arguments that TensorFlow has.

    Args:
        initial_value: an array, a number, a tensor, or a function that gives one.
        trainable: whether gradients are taken with respect to it.
        validate_shape: of no meaning.
        caching_device: of no meaning.
        name: made up if not given.
        variable_def: of no meaning.
        dtype: that of the value by default.
        import_scope: of no meaning.
        constraint: what optimizers apply after an update.
        options: ``synchronization``, ``aggregation`` and ``shape``, of no meaning.

    Example:
        >>> v = Variable([1.0, 2.0], name="w")
        >>> v.assign_add([1.0, 1.0]).numpy().tolist(), isinstance(v, rkeras.Variable)
        ([2.0, 3.0], True)
    """

    def __new__(
        cls,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        **options: Any,
    ) -> Any:
        if initial_value is None:
            raise ValueError("tf.Variable needs an initial_value")
        if callable(initial_value):
            initial_value = initial_value()
        kind = None if dtype is None else as_dtype(dtype).name
        return super().__new__(cls, initial_value, dtype=kind, trainable=trainable is not False)

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        **options: Any,
    ) -> None:
        # Names there may be paths.
        own_name = name.replace("/", "_") if name else None
        super().__init__(initial_value, trainable=trainable is not False, name=own_name)
        self.constraint = constraint

    def assign(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Replaces the value, and returns the new one."""
        return super().assign(value)

    def assign_add(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Adds to the value, and returns the new one."""
        return super().assign_add(value)

    def assign_sub(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Subtracts from the value, and returns the new one."""
        return super().assign_sub(value)

    def read_value(self) -> Any:
        """The current value as a tensor."""
        return self.read()


class Module:
    """A holder of variables, found in its attributes and in the modules and layers among them.

    Args:
        name: the name of the module; its class's name in lower case by default.

    Example:
        >>> class Line(Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.slope, self.offset = Variable(1.0), Variable(0.0, trainable=False)
        >>> len(Line().variables), len(Line().trainable_variables)
        (2, 1)
    """

    def __init__(self, name: str | None = None) -> None:
        self._name = name or rkeras.naming.to_snake_case(type(self).__name__)

    @property
    def name(self) -> str:
        """The module's name."""
        return self._name

    @property
    def name_scope(self) -> Any:
        """A context in which the paths of new variables begin with the module's name."""
        return rkeras.name_scope(self._name)

    @property
    def variables(self) -> tuple[Any, ...]:
        """All variables, in the order of the names of the attributes that hold them."""
        return tuple(_unique(_held(self, set()), _engine.Variable))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The variables that gradients are taken with respect to."""
        return tuple(v for v in self.variables if v.trainable)

    @property
    def non_trainable_variables(self) -> tuple[Any, ...]:
        """The other variables."""
        return tuple(v for v in self.variables if not v.trainable)

    @property
    def submodules(self) -> tuple[Any, ...]:
        """The modules and layers among the attributes, and those within them."""
        return tuple(x for x in _unique(_held(self, set()), (Module, rkeras.Layer)) if x is not self)

    @classmethod
    def with_name_scope(cls, method: Any) -> Any:
        """A decorator of methods that opens the module's name scope."""
        import functools

        @functools.wraps(method)
        def wrapper(self: Module, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return wrapper


def _held(value: Any, seen: set[int]) -> Iterator[Any]:
    """The value and what it holds: variables, modules, layers, in the order of attributes' names."""
    if id(value) in seen:
        return
    seen.add(id(value))
    yield value
    if isinstance(value, Module):
        for name in sorted(vars(value)):
            yield from _held(vars(value)[name], seen)
    elif isinstance(value, rkeras.Layer):
        yield from value.variables
    elif isinstance(value, dict):
        for key in value:
            yield from _held(value[key], seen)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _held(part, seen)


def _unique(values: Iterator[Any], kind: Any) -> list[Any]:
    return list({id(value): value for value in values if isinstance(value, kind)}.values())
