"""The base class of initializers."""

from __future__ import annotations

from typing import Any


class Initializer:
    """Makes the first value of a variable.

    Subclasses define ``__call__(shape, dtype=None)`` and, to be saved, ``get_config``.

    Example:
        >>> class Sevens(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         import rkeras
        ...         return rkeras.ops.full(shape, 7.0, dtype)
        >>> Sevens()((2,)).tolist()
        [7.0, 7.0]
    """

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """The value for a variable of this shape."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(shape, dtype)")

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Makes an initializer from ``get_config``."""
        return cls(**config)

    def clone(self) -> Initializer:
        """Another one with the same arguments."""
        return type(self).from_config(self.get_config())

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({arguments})"
