"""The parts of a SavedModel around its functions: signatures and the objects that Python gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rkeras.saving.saved_model import protobuf as pb

# The function that Python calls, and the one of the signature, whose arguments all have names.
SERVE = "__inference_serve_0"
SIGNATURE = "__inference_signature_wrapper_0"
MAIN = "serving_default"


@dataclass(frozen=True)
class TensorSpec:
    """What is known of an argument or a result before it is met.

    Args:
        name: its name in the signature.
        shape: sizes, None for unknown ones.
        dtype: name of the element type.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def info(self, tensor: str) -> pb.Encoded:
        """A ``TensorInfo`` for a tensor of the graph."""
        return pb.text(1, tensor) + pb.number(2, pb.DTYPES[self.dtype]) + pb.text(3, pb.shape(self.shape))

    def value(self) -> pb.Encoded:
        """A ``StructuredValue``."""
        spec = pb.text(1, self.name) + pb.text(2, pb.shape(self.shape)) + pb.number(3, pb.DTYPES[self.dtype])
        return pb.text(33, spec)


def structured(value: Any) -> pb.Encoded:
    """A ``StructuredValue``: of specs, strings, None, lists, tuples and dicts."""
    if isinstance(value, TensorSpec):
        return value.value()
    if value is None:
        return pb.text(1, b"")
    if isinstance(value, bool):
        return pb.number(14, value)
    if isinstance(value, str):
        return pb.text(13, value)
    if isinstance(value, dict):
        return pb.text(53, pb.mapping(1, {key: structured(item) for key, item in value.items()}))
    if isinstance(value, (list, tuple)):
        return pb.text(52 if isinstance(value, tuple) else 51, pb.repeated(1, map(structured, value)))
    raise TypeError(f"{type(value).__name__} cannot stand in the signature of a SavedModel")


def flat(structure: Any) -> list[Any]:
    """The leaves in TensorFlow's order: dicts by sorted key."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flat(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in flat(item)]
    return [structure]


def signature_def(inputs: Mapping[str, pb.Encoded], outputs: Mapping[str, pb.Encoded]) -> pb.Encoded:
    """A ``SignatureDef`` with the tensors of each name."""
    return pb.mapping(1, inputs) + pb.mapping(2, outputs) + pb.text(3, "tensorflow/serving/predict")


def _concrete_function(inputs: Any, outputs: Any) -> pb.Encoded:
    return pb.text(3, structured(inputs)) + pb.text(4, structured(outputs))


def _function_spec() -> pb.Encoded:
    """A ``FunctionSpec`` for ``serve(inputs)``."""
    fields: dict[str, Any] = {
        "args": ["inputs"],
        "varargs": None,
        "varkw": None,
        "defaults": None,
        "kwonlyargs": [],
        "kwonlydefaults": None,
        "annotations": {},
    }
    pairs = (pb.text(1, name) + pb.text(2, structured(value)) for name, value in fields.items())
    named = pb.text(54, pb.text(1, "FullArgSpec") + pb.repeated(2, pairs))
    return pb.text(1, named) + pb.text(5, structured(None))


# Numbers of the objects, the root first, with the children of each.
OBJECTS: Sequence[Mapping[str, int]] = (
    {"__call__": 1, "serve": 1, "signatures": 2},
    {},
    {MAIN: 3},
    {},
)


def object_graph(
    inputs: Any, outputs: Any, arguments: Sequence[TensorSpec], results: Sequence[TensorSpec]
) -> pb.Encoded:
    """A ``SavedObjectGraph``: an object that can be called, and its signatures.

    Args:
        inputs: specs in the structure that ``serve`` takes.
        outputs: specs in the structure that it returns.
        arguments: the arguments of the signature.
        results: its results.
    """
    version = pb.text(2, pb.number(1, 1) + pb.number(2, 1))
    kinds = (
        pb.text(4, pb.text(1, "_generic_user_object") + version),
        pb.text(6, pb.text(1, SERVE) + pb.text(2, _function_spec())),
        pb.text(4, pb.text(1, "signature_map") + version),
        pb.text(
            8,
            pb.text(1, SIGNATURE)
            + pb.repeated(2, sorted(spec.name for spec in arguments))
            + pb.number(3, int(len(arguments) == 1)),
        ),
    )
    nodes = (
        b"".join(pb.text(1, pb.number(1, number) + pb.text(2, name)) for name, number in children.items()) + kind
        for children, kind in zip(OBJECTS, kinds, strict=True)
    )
    by_name = {spec.name: spec for spec in arguments}
    functions = {
        SERVE: _concrete_function(((inputs,), {}), outputs),
        SIGNATURE: _concrete_function(((), by_name), {spec.name: spec for spec in results}),
    }
    return pb.repeated(1, nodes) + pb.mapping(2, functions)
