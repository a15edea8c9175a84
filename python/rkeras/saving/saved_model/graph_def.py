"""Building TensorFlow functions: nodes and the names of their results."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rkeras.saving.saved_model import protobuf as pb
from rkeras.saving.saved_model.protobuf import DType
from rkeras.saving.saved_model.signatures import SIGNATURES, STATEFUL

# Constants of so many elements at most are compared with those that are there.
_SHARED = 64


@dataclass(frozen=True, eq=False)
class Ref:
    """A tensor in a function being built; arithmetic with it adds nodes.

    Args:
        function: where it is.
        name: how nodes refer to it.
        dtype: name of the element type.
    """

    function: Function
    name: str
    dtype: str

    def __add__(self, other: Any) -> Ref:
        return self.function("AddV2", self, other)

    def __radd__(self, other: Any) -> Ref:
        return self.function("AddV2", other, self)

    def __sub__(self, other: Any) -> Ref:
        return self.function("Sub", self, other)

    def __rsub__(self, other: Any) -> Ref:
        return self.function("Sub", other, self)

    def __mul__(self, other: Any) -> Ref:
        return self.function("Mul", self, other)

    def __rmul__(self, other: Any) -> Ref:
        return self.function("Mul", other, self)

    def __truediv__(self, other: Any) -> Ref:
        return self.function("RealDiv", self, other)

    def __rtruediv__(self, other: Any) -> Ref:
        return self.function("RealDiv", other, self)

    def __neg__(self) -> Ref:
        return self.function("Neg", self)

    def __gt__(self, other: Any) -> Ref:
        return self.function("Greater", self, other)

    def __lt__(self, other: Any) -> Ref:
        return self.function("Less", self, other)


@functools.cache
def _signature(op: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Types of an op's inputs, and names and types of its outputs."""
    inputs, outputs = SIGNATURES[op].split("->")
    return inputs.split(), [tuple(part.split(":")) for part in outputs.split()]  # type: ignore[misc]


def node_def(name: str, op: str, inputs: Sequence[str], attrs: dict[str, Any]) -> pb.Encoded:
    """A ``NodeDef``; attributes that are bytes are encoded already."""
    encoded = {key: value if isinstance(value, bytes) else pb.attribute(value) for key, value in attrs.items()}
    return pb.text(1, name) + pb.text(2, op) + pb.repeated(3, inputs) + pb.mapping(5, encoded)


class Function:
    """A function being built. Call it with an op's name, operands and attributes to add a node.

    Args:
        name: its name in the library.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._inputs: list[tuple[str, str]] = []
        self._outputs: list[tuple[str, Ref]] = []
        self._nodes: list[pb.Encoded] = []
        self._counts: dict[str, int] = {}
        self._stateful = False
        self._constants: dict[Any, Ref] = {}

    def argument(self, name: str, dtype: str) -> Ref:
        """A new argument."""
        self._inputs.append((name, dtype))
        return Ref(self, name, dtype)

    def result(self, name: str, ref: Ref) -> None:
        """Makes a tensor a result of the function."""
        # A node between them: an argument cannot be returned under another name otherwise.
        self._outputs.append((name, self("Identity", ref)))

    def constant(self, value: Any, dtype: str | None = None) -> Ref:
        """A constant node; small ones are shared."""
        array = np.asarray(value)
        if dtype is not None:
            array = array.astype(_numpy_dtype(dtype))
        key = (array.dtype.name, array.shape, array.tobytes()) if array.size <= _SHARED else None
        if key is not None and key in self._constants:
            return self._constants[key]
        name = self._node("Const", [], {"value": array, "dtype": DType(array.dtype.name)})
        ref = Ref(self, f"{name}:output:0", array.dtype.name)
        if key is not None:
            self._constants[key] = ref
        return ref

    def __call__(self, op: str, *operands: Any, **attrs: Any) -> Ref:
        """Adds a node and gives its (first) result.

        Args:
            op: TensorFlow's name of the op.
            operands: tensors; Python numbers become constants of the type that the others have.
            attrs: attributes, but for those that follow from the operands.
        """
        return self.results(op, *operands, **attrs)[0]

    def results(self, op: str, *operands: Any, **attrs: Any) -> list[Ref]:
        """Likewise, with all results."""
        inputs, outputs = _signature(op)
        types: dict[str, str] = {}
        for kind, operand in zip(inputs, operands, strict=True):
            items = operand if kind.startswith("N*") else [operand]
            for item in items:
                if isinstance(item, Ref):
                    types.setdefault(kind.removeprefix("N*"), item.dtype)
        names: list[str] = []
        for kind, operand in zip(inputs, operands, strict=True):
            items = operand if kind.startswith("N*") else [operand]
            base = kind.removeprefix("N*")
            if kind.startswith("N*"):
                attrs["N"] = len(items)
            for item in items:
                if not isinstance(item, Ref):
                    item = self.constant(item, types.get(base, "int32" if base not in pb.DTYPES else base))
                    types.setdefault(base, item.dtype)
                elif item.dtype != types[base]:
                    raise TypeError(f"{op}: operands of types {types[base]} and {item.dtype}")
                names.append(item.name)
        for base, dtype in types.items():
            if base not in pb.DTYPES:
                attrs.setdefault(base, DType(dtype))
        name = self._node(op, names, attrs)
        if outputs[0][1].startswith("num_split*"):
            dtype = types[outputs[0][1].removeprefix("num_split*")]
            return [Ref(self, f"{name}:{outputs[0][0]}:{i}", dtype) for i in range(attrs["num_split"])]
        return [Ref(self, f"{name}:{out}:0", str(attrs.get(kind, kind))) for out, kind in outputs]

    def call(self, name: str, operands: Sequence[Ref], types: Sequence[DType]) -> list[Ref]:
        """Calls another function of the library.

        Args:
            name: the function's.
            operands: its arguments.
            types: dtypes of its results.
        """
        attrs = {
            "Tin": [DType(x.dtype) for x in operands],
            "Tout": list(types),
            "f": pb.text(10, pb.text(1, name)),
        }
        node = self._node("StatefulPartitionedCall", [x.name for x in operands], attrs)
        return [Ref(self, f"{node}:output:{i}", dtype) for i, dtype in enumerate(types)]

    def _node(self, op: str, inputs: Sequence[str], attrs: dict[str, Any]) -> str:
        self._stateful = self._stateful or op in STATEFUL
        count = self._counts[op] = self._counts.get(op, -1) + 1
        name = f"{op}_{count}" if count else op
        self._nodes.append(node_def(name, op, inputs, attrs))
        return name

    def cast(self, x: Ref, dtype: str) -> Ref:
        """The same numbers in another type."""
        return x if x.dtype == dtype else self("Cast", x, DstT=DType(dtype))

    def definition(self) -> pb.Encoded:
        """The ``FunctionDef``."""

        def arguments(field: int, items: Any) -> pb.Encoded:
            return pb.repeated(field, (pb.text(1, name) + pb.number(3, pb.DTYPES[dtype]) for name, dtype in items))

        signature = (
            pb.text(1, self.name)
            + arguments(2, self._inputs)
            + arguments(3, [(name, ref.dtype) for name, ref in self._outputs])
            + pb.number(17, self._stateful)
        )
        returns = b"".join(pb.text(4, pb.text(1, name) + pb.text(2, ref.name)) for name, ref in self._outputs)
        return pb.text(1, signature) + pb.repeated(3, self._nodes) + returns


def _numpy_dtype(name: str) -> Any:
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return np.dtype(name)
