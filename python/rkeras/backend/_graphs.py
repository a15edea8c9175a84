"""Functions between symbolic tensors, and symbolic derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rkeras
from rkeras import _engine, ops, tree
from rkeras.keras_tensor import KerasTensor
from rkeras.layers.call_context import training_scope
from rkeras.operation import Function, Operation, get_source_inputs


def function(inputs: Any, outputs: Any, updates: Any = None, name: str | None = None) -> Callable[[Any], Any]:
    """A function of arrays from symbolic tensors of a model.

    Args:
        inputs: symbolic tensors; ``K.learning_phase()`` among them takes the mode of the layers.
        outputs: symbolic tensors computed from them, or one.
        updates: none; layers update their variables by themselves.
        name: of no meaning.

    Returns:
        A function that takes a list of arrays and returns a list of arrays, or one for one output.

    Example:
        >>> x = rkeras.Input((2,))
        >>> f = function([x], [x * 2.0, x + 1.0])
        >>> [y.tolist() for y in f([[[1.0, 2.0]]])]
        [[[2.0, 4.0]], [[2.0, 3.0]]]
    """
    del name
    if updates:
        raise ValueError("K.function takes no updates in rkeras; assign to variables in the call of a layer")
    given = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    tensors = [x for x in given if isinstance(x, KerasTensor)]
    graph = Function(tensors, tree.flatten(outputs), name="function")

    def run(values: Any) -> Any:
        values = values if isinstance(values, (list, tuple)) and isinstance(inputs, (list, tuple)) else [values]
        if len(values) != len(given):
            raise ValueError(f"this K.function takes {len(given)} inputs, got {len(values)}")
        pairs = list(zip(given, values, strict=True))
        phase = [bool(value) for x, value in pairs if not isinstance(x, KerasTensor)]
        arrays = [_engine.convert(value, x.dtype) for x, value in pairs if isinstance(x, KerasTensor)]
        with training_scope(phase[0] if phase else False):
            results = [ops.convert_to_numpy(y) for y in graph(arrays)]
        return results if isinstance(outputs, (list, tuple)) else results[0]

    return run


class _Gradients(Operation):
    """Derivatives of a symbolic tensor, as a node of a model."""

    def __init__(self, sources: list[Any], loss: Any, variables: list[Any]) -> None:
        super().__init__()
        self.symbols = [x for x in variables if isinstance(x, KerasTensor)]
        self.variables = variables
        # Up to the tensors that are derived by, and on from there.
        self.before = Function(sources, self.symbols, name="before") if self.symbols else None
        self.after = Function([*self.symbols, *sources], [loss], name="after")

    def call(self, *sources: Any) -> Any:
        with rkeras.GradientTape() as tape:
            tape.watch(list(sources))
            values = self.before(list(sources)) if self.before else []
            tape.watch(values)
            (loss,) = self.after([*values, *sources])
        at = iter(values)
        targets = [next(at) if isinstance(x, KerasTensor) else x for x in self.variables]
        return tape.gradient(loss, targets, unconnected_gradients="zero")


def gradients(loss: Any, variables: Any) -> list[Any]:
    """Derivatives of the sum of a symbolic tensor with respect to others, as symbolic tensors.

    Args:
        loss: a symbolic tensor.
        variables: symbolic tensors that it depends on, or weights; a list or a single one.

    Returns:
        A list of symbolic tensors; zeros where there is no influence.

    Raises:
        TypeError: if ``loss`` is no symbolic tensor.

    Example:
        >>> x = rkeras.Input((2,))
        >>> slope = function([x], gradients(ops.sum(x * x), x))
        >>> slope([[[1.0, 3.0]]])[0].tolist()
        [[2.0, 6.0]]
    """
    if not isinstance(loss, KerasTensor):
        raise TypeError(
            f"K.gradients derives symbolic tensors, such as those of a model; got {type(loss).__name__}. With numbers, "
            "compute the loss inside `with rkeras.GradientTape() as tape:` and ask tape.gradient(loss, variables)"
        )
    wanted = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    sources = get_source_inputs(loss)
    return list(_Gradients(sources, loss, wanted)(*sources))
