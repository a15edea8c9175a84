"""One implementation of the ``get``, ``serialize`` and ``deserialize`` that each family of objects offers."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rkeras.naming import to_snake_case
from rkeras.saving.deserialization import deserialize_keras_object
from rkeras.saving.object_registration import get_registered_object
from rkeras.saving.serialization import serialize_keras_object


class ObjectTable:
    """The named classes and functions of one family.

    Args:
        kind: what the family's members are called in error messages.
        members: classes and functions; classes are found by their name and its snake case form.
        aliases: further names.
        default: what ``None`` stands for.
        fold_case: whether names are compared in lower case.
    """

    def __init__(
        self,
        kind: str,
        members: Iterable[Any],
        aliases: Mapping[str, Any] | None = None,
        default: Any = None,
        fold_case: bool = False,
    ) -> None:
        self.kind = kind
        self.default = default
        self._fold = fold_case
        self.objects: dict[str, Any] = {}
        functions = [member for member in members if not inspect.isclass(member)]
        classes = [member for member in members if inspect.isclass(member)]
        for cls in classes:
            self.objects[to_snake_case(cls.__name__)] = cls
        # A function wins over the snake case form of a class: "mean_squared_error" is the function.
        for member in (*functions, *classes):
            self.objects[member.__name__] = member
        self.objects.update(aliases or {})
        if fold_case:
            self.objects.update({name.lower(): member for name, member in list(self.objects.items())})

    def find(self, name: str) -> Any:
        """The class or function of that name: the user's first, then the family's; None if there is none."""
        found = get_registered_object(name)
        return found if found is not None else self.objects.get(name.lower() if self._fold else name)

    def function(self, name: str) -> Callable[..., Any] | None:
        """The family's own function of that name, or None."""
        found = self.objects.get(name)
        return found if isinstance(found, types.FunctionType) else None

    def get(self, identifier: Any) -> Any:
        """Turns what a user wrote into an object of the family.

        Args:
            identifier: a name, a record, a class, an instance or another callable, or None.

        Raises:
            ValueError: if it names nothing known.
        """
        if identifier is None:
            return self.default
        found = identifier
        if isinstance(identifier, str):
            found = self.find(identifier)
        elif isinstance(identifier, dict):
            found = self.deserialize(identifier)
        if inspect.isclass(found):
            found = found()
        if not callable(found):
            raise ValueError(
                f"Could not interpret {self.kind} identifier: {identifier!r}. Expected a {self.kind}, its "
                f"config or one of the names {', '.join(sorted(self.objects))}."
            )
        return found

    def serialize(self, item: Any) -> Any:
        """Returns the record of ``item``."""
        return serialize_keras_object(item)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Returns the object that a record, or a function's name, stands for.

        Raises:
            TypeError: if it names nothing known.
        """
        if self._fold and isinstance(config, dict) and str(config.get("class_name")).lower() in self.objects:
            config = {**config, "class_name": str(config["class_name"]).lower()}
        return deserialize_keras_object(config, custom_objects=custom_objects, module_objects=self.objects)
