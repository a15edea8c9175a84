"""Functions of older code made from ops of the same meaning: their parameters had other names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import ops

_DOC = """``{public}``, computed by ``rkeras.ops.{op}``.

Args:
    {parameters}: those of the op, in its order; ``name`` is accepted and has no meaning.

Returns:
    A tensor.
"""


def adapted(public: str, row: str, function: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A function of TensorFlow or of the old backend from a row of a table.

    Args:
        public: what scripts call it.
        row: the op's name in ``rkeras.ops``, then the parameters in the order that both share. ``a:b`` is
            called ``a`` by scripts and ``b`` in the op, ``a|b:c`` has gone by two names, and ``a=0`` has
            another default than in the op.
        function: what is called instead of the op itself, with the op's parameters.

    Example:
        >>> adapted("tf.transpose", "transpose a:x perm:axes")(a=[[1, 2]], perm=[1, 0]).tolist()
        [[1], [2]]
        >>> adapted("K.argmax", "argmax x axis=-1")([[1, 2], [4, 3]]).tolist()
        [1, 0]
    """
    op, *parameters = row.split()
    function = function or getattr(ops, op)
    order: list[str] = []
    renames: dict[str, str] = {}
    defaults: dict[str, int] = {}
    for parameter in parameters:
        spelled, _, default = parameter.partition("=")
        names, _, target = spelled.partition(":")
        order.append(names.partition("|")[0])
        target = target or order[-1]
        renames.update(dict.fromkeys(names.split("|"), target))
        if default:
            defaults[target] = int(default)
    # Where in the order a default comes in: what is passed by position must not be passed again.
    places = {target: [renames[name] for name in order].index(target) for target in defaults}

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(order):
            raise TypeError(f"{public} takes up to {len(order)} positional arguments, got {len(args)}")
        renamed: dict[str, Any] = {name: value for name, value in defaults.items() if places[name] >= len(args)}
        for name, value in kwargs.items():
            if name in renames:
                renamed[renames[name]] = value
            elif name != "name":
                raise TypeError(f"{public} has no argument {name!r} in rkeras; it takes {', '.join(order)}")
        return function(*args, **renamed)

    call.__name__ = call.__qualname__ = public.rpartition(".")[2]
    call.__doc__ = _DOC.format(public=public, op=op, parameters=", ".join(order))
    return call
