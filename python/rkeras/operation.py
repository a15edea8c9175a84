"""Operations: what symbolic tensors can be passed to. Layers are operations with weights."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable
from typing import Any

from rkeras import tree
from rkeras.dtype_policies import DTypePolicy
from rkeras.graph import LayerGraph, Node, topological_order
from rkeras.keras_tensor import KerasTensor
from rkeras.naming import auto_name
from rkeras.symbolic import any_symbolic, compute_output_spec

_PLAIN = (str, int, float, bool, type(None))


class Operation:
    """A named computation on tensors.

    Args:
        name: made from the class name if not given.
    """

    _inbound_nodes: list[Node]
    _outbound_nodes: list[Node]
    # What `get_config` falls back to for a class that does not define it.
    _init_arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Operation:  # noqa: D102
        instance = object.__new__(cls)
        if is_default(cls.get_config):
            object.__setattr__(instance, "_init_arguments", (args, kwargs))
        return instance

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"the name of a {type(self).__name__} must be a string without '/', got name={name!r}"
            )
        self._inbound_nodes = []
        self._outbound_nodes = []
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Computes on tensors, or adds a node for symbolic ones."""
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Adds a node and returns the symbolic results."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation."""
        raise NotImplementedError(f"{type(self).__name__} does not define `call`")

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Shapes and dtypes of the results, found by tracing ``call``."""
        return compute_output_spec(self.call, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the operation again.

        Raises:
            NotImplementedError: if the class does not define it and its arguments are more than plain values.
        """
        config: dict[str, Any] = {"name": self.name}
        if is_default(self.get_config):
            config.update(self._plain_arguments(config))
        return config

    def _plain_arguments(self, config: dict[str, Any]) -> dict[str, Any]:
        args, kwargs = self._init_arguments
        signature = inspect.signature(type(self).__init__)
        kinds = {p.name: p.kind for p in signature.parameters.values()}
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError:
            bound = None
        if bound is not None:
            bound.apply_defaults()
            values = dict(bound.arguments)
            values.pop(next(iter(kinds)))
            for name in [n for n, kind in kinds.items() if kind is inspect.Parameter.VAR_KEYWORD]:
                values.update(values.pop(name, {}))
            varargs = [
                values.pop(n, ()) for n, kind in kinds.items() if kind is inspect.Parameter.VAR_POSITIONAL
            ]
            values.pop("name", None)
            if not any(varargs) and all(isinstance(leaf, _PLAIN) for leaf in tree.flatten(values)):
                if "name" not in kinds and inspect.Parameter.VAR_KEYWORD not in kinds.values():
                    config.pop("name", None)
                return values
        raise NotImplementedError(
            f"{type(self).__name__} cannot be saved by itself: arguments of its __init__ are not plain "
            "numbers, "
            "strings, lists or dicts. Define get_config, for instance\n"
            "    def get_config(self):\n"
            "        return {**super().get_config(), 'units': self.units}"
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes the operation from what ``get_config`` returned."""
        if isinstance(config.get("dtype"), dict):
            from rkeras import dtype_policies

            config = {**config, "dtype": dtype_policies.deserialize(config["dtype"])}
        if isinstance(config.get("dtype"), DTypePolicy):
            config = {**config, "dtype": config["dtype"].name}
        try:
            return cls(**config)
        except TypeError as error:
            raise TypeError(
                f"cannot make a {cls.__name__} from its config {reprlib.repr(config)}: {error}. "
                "If its arguments differ from its config, define from_config too."
            ) from error

    @property
    def input(self) -> Any:
        """The symbolic tensor(s) of the first call."""
        return self._of_first_call("input_tensors", "input")

    @property
    def output(self) -> Any:
        """The symbolic tensor(s) that the first call returned."""
        return self._of_first_call("output_tensors", "output")

    def _of_first_call(self, attribute: str, what: str) -> Any:
        if not self._inbound_nodes:
            raise AttributeError(
                f"{self.name!r} has no {what}: it was never called on a symbolic tensor. Build the model "
                "with the "
                "functional API, or put an Input first in a Sequential."
            )
        tensors = getattr(self._inbound_nodes[0], attribute)
        return tensors[0] if len(tensors) == 1 else tensors

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def default(method: Any) -> Any:
    """Marks a method of a base class, so that overriding it can be noticed."""
    method._is_default = True
    return method


def is_default(method: Any) -> bool:
    """Whether a method is still the base class' one."""
    return getattr(method, "_is_default", False)


default(Operation.get_config)


class OpCall(Operation):
    """A function of tensors as a node of a model; made when an op is called on symbolic tensors.

    Args:
        function: the op's name in ``rkeras.ops``, or a name for ``fn``.
        fn: the function, looked up by that name if not given.
        name: made from the op's name if not given.
        constants: arguments that every call is given.
    """

    def __init__(
        self,
        function: str,
        fn: Callable[..., Any] | None = None,
        name: str | None = None,
        constants: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(name=name or auto_name(function))
        self.function = function
        self.fn = fn or _find_op(function)
        self.constants = constants or {}

    def __getstate__(self) -> dict[str, Any]:
        # The function behind a public op is not importable under a name of its own, the op is.
        return {name: value for name, value in self.__dict__.items() if name != "fn"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.fn = _find_op(self.function)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Computes it."""
        return self.fn(*args, **{**self.constants, **kwargs})

    def get_config(self) -> dict[str, Any]:
        """The op's name and constants; other arguments belong to its calls."""
        return {"function": self.function, "name": self.name, "constants": self.constants}


def _find_op(name: str) -> Callable[..., Any]:
    from rkeras import ops
    from rkeras.ops._dispatch import SYMBOLIC_OPS

    getattr(ops, name, None)
    if name not in SYMBOLIC_OPS:
        raise ValueError(f"there is no op called {name!r} in rkeras.ops")
    return SYMBOLIC_OPS[name]


class Function(Operation):
    """A graph of operations as one operation, without the training and saving that models have.

    Args:
        inputs: a symbolic tensor or a structure of them.
        outputs: likewise, computed from the inputs.
        name: made up if not given.

    Example:
        >>> x = KerasTensor((None, 2))
        >>> f = Function(x, x * 2)
        >>> import numpy as np
        >>> f(np.ones((1, 2), "float32")).tolist()
        [[2.0, 2.0]]
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._inputs_struct = inputs
        self._outputs_struct = outputs
        self._graph = LayerGraph(tree.flatten(inputs), tree.flatten(outputs))

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic tensors where it begins."""
        return self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic tensors it computes."""
        return self._graph.outputs

    @property
    def operations(self) -> list[Any]:
        """The operations, each after those it needs."""
        return self._graph.operations

    def call(self, inputs: Any) -> Any:
        """Computes the outputs from values for the inputs."""
        tree.assert_same_structure(self._inputs_struct, inputs)
        values = self._graph.run(tree.flatten(inputs), lambda op, args, kwargs: op(*args, **kwargs))
        return tree.pack_sequence_as(self._outputs_struct, values)


def get_source_inputs(tensor: Any) -> list[KerasTensor]:
    """The model inputs that a symbolic tensor is computed from."""
    ordered, _ = topological_order((), tree.flatten(tensor))
    return [x for node in ordered if node.is_input for x in node.outputs]
