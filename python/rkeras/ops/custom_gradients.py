"""Functions that come with their derivatives."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rkeras import _engine, tree
from rkeras.symbolic import any_symbolic
from rkeras.tracing import mode

__all__ = ["custom_gradient"]


class CustomCall(NamedTuple):
    """A call of such a function, as tapes keep it.

    Args:
        name: of the function.
        inputs: its arguments, flattened.
        output: what it returned; no derivative flows through it by itself.
        gradient: the derivatives by the arguments, from those by the output.
    """

    name: str
    inputs: list[Any]
    output: Any
    gradient: Callable[..., Any]

    def input_gradients(self, upstream: Sequence[Any]) -> list[tuple[Any, Any]]:
        """The arguments that have derivatives, with these.

        Args:
            upstream: derivatives by the outputs, None where there are none.

        Raises:
            ValueError: their number or shapes are not those of the arguments.
        """
        outputs = tree.flatten(self.output)
        filled = [_engine.apply("multiply", y, 0.0) if g is None else g for g, y in zip(upstream, outputs, strict=True)]
        found = _called(self.gradient, self.inputs, tree.pack_sequence_as(self.output, filled), filled)
        flat = list(tree.flatten(found)) if isinstance(found, (list, tuple, dict)) else [found]
        if len(flat) != len(self.inputs):
            raise ValueError(
                f"custom_gradient: the derivative of {self.name} gave {len(flat)} tensors for its {len(self.inputs)} "
                "arguments; return one for each, or None for those without"
            )
        pairs = []
        for x, g in zip(self.inputs, flat, strict=True):
            if g is None or not isinstance(x, (_engine.Tensor, _engine.Variable)):
                continue
            g = _engine.convert(g)
            if g.shape != x.shape:
                raise ValueError(
                    f"custom_gradient: the derivative of {self.name} by an argument of shape {x.shape} has shape "
                    f"{g.shape}"
                )
            pairs.append((x, g))
        return pairs


def _called(gradient: Callable[..., Any], inputs: list[Any], upstream: Any, flat: list[Any]) -> Any:
    """The derivatives, asked for as JAX, TensorFlow or PyTorch do, by what arguments the function has."""
    signature = inspect.signature(gradient)
    for args, kwargs in (((upstream,), {}), (flat, {}), (inputs, {"upstream": upstream})):
        try:
            signature.bind(*args, **kwargs)
        except TypeError:
            continue
        return gradient(*args, **kwargs)
    raise TypeError(f"custom_gradient: the function of the derivatives takes {signature}; let it take `upstream`")


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a function whose derivative is given with its value.

    Args:
        f: function of tensors that gives a pair: its value, and a function that makes of the derivatives by the value
            those by each argument, as ``grad(upstream)``. With several outputs ``upstream`` has their structure;
            ``grad(first, second)`` and ``grad(*args, upstream)`` work as well.

    Returns:
        A function of the same arguments that gives the value.

    Raises:
        TypeError: on calls, ``f`` does not give a pair.
        ValueError: where derivatives are asked for, they do not have the shapes of the arguments.

    Example:
        >>> import rkeras
        >>> @custom_gradient
        ... def clipped_on_the_way_back(x):
        ...     return x, lambda upstream: rkeras.ops.clip(upstream, -1.0, 1.0)
        >>> x = rkeras.ops.array([1.0, 0.1])
        >>> with rkeras.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = clipped_on_the_way_back(x) * rkeras.ops.array([5.0, 0.5])
        >>> tape.gradient(y, x).tolist()
        [1.0, 0.5]
    """
    name = getattr(f, "__name__", type(f).__name__)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            from rkeras.operation import OpCall

            return OpCall(name, call)(*args, **kwargs)
        pair = f(*args, **kwargs)
        if not isinstance(pair, tuple) or len(pair) != 2 or not callable(pair[1]):
            raise TypeError(f"custom_gradient: {name} must return its value and a function of the derivatives")
        output, gradient = pair
        if not mode.recording:
            return output
        output = tree.map_structure(lambda y: _engine.apply("stop_gradient", y), output)
        made = CustomCall(name, list(tree.flatten(args)), output, gradient)
        for tape in mode.recording:
            tape.take_call(made)
        return output

    return call
