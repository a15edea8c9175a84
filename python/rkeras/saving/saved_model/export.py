"""Writing a model's inference graph as a TensorFlow SavedModel."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

# These register their translations.
import rkeras.saving.saved_model.arrays
import rkeras.saving.saved_model.chance_and_losses
import rkeras.saving.saved_model.windows  # noqa: F401
from rkeras import tree
from rkeras.dtype_policies import standardize_dtype
from rkeras.saving.atomic import atomic_directory
from rkeras.saving.saved_model import protobuf as pb
from rkeras.saving.saved_model.checkpoint import write_checkpoint
from rkeras.saving.saved_model.emitter import emit_program
from rkeras.saving.saved_model.graph_def import Function, Ref, node_def
from rkeras.saving.saved_model.program import Varying, trace_program
from rkeras.saving.saved_model.protobuf import DType
from rkeras.saving.saved_model.structures import (
    MAIN,
    OBJECTS,
    SERVE,
    SIGNATURE,
    TensorSpec,
    flat,
    object_graph,
    signature_def,
)

# A message of protocol buffers cannot be longer.
_LIMIT = 2**31 - 1
# The release whose ops and formats these are.
_TENSORFLOW = "2.15.0"
_VERSIONS = pb.number(1, 1882) + pb.number(2, 12)
# One of these is in every directory that holds a model.
_OF_MODELS = {"saved_model.pb", "config.json"}


def export_saved_model(model: Any, directory: Any, input_signature: Any = None) -> None:
    """Writes what ``model`` computes in inference as a SavedModel, which TensorFlow loads and serves.

    Args:
        model: a model, or another built layer of one argument.
        directory: where to; it is replaced if it exists, once everything has been written.
        input_signature: for models that do not know their inputs: anything with ``shape`` (None for unknown
            sizes) and ``dtype``, or a list or dict of such.

    Raises:
        ValueError: the inputs are not known; the graph does not fit a file (2 GB).
        FileExistsError: ``directory`` is a file, or holds other things than a model.
        NotImplementedError: an op has no counterpart in TensorFlow; it is named.

    Example:
        >>> import tempfile, pathlib
        >>> from rkeras import Input, Sequential, layers
        >>> model = Sequential([Input((3,)), layers.Dense(2)])
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "model"
        >>> export_saved_model(model, path)
        >>> sorted(entry.name for entry in path.iterdir())
        ['saved_model.pb', 'variables']
    """
    path = os.fspath(directory)
    refuse_others(path)
    with atomic_directory(path) as new:
        write_saved_model(model, new, input_signature)


def write_saved_model(model: Any, directory: Path, input_signature: Any = None) -> None:
    """Writes the files of a SavedModel into a directory that exists; see `export_saved_model`."""
    content = saved_model(model, input_signature)
    with open(directory / "saved_model.pb", "wb") as file:
        file.writelines(content.parts if isinstance(content, pb.Message) else [content])
    write_checkpoint(directory / "variables", OBJECTS)


def refuse_others(directory: str) -> None:
    """Raises if what is there is no model: all of it would be gone.

    Raises:
        FileExistsError: ``directory`` is a file, or holds other things than a model.
    """
    target = Path(directory)
    if target.is_dir():
        names = {entry.name for entry in target.iterdir()}
        if names and not names & _OF_MODELS:
            raise FileExistsError(
                f"'{target}' is a directory of other files ({', '.join(sorted(names)[:3])}, …), and exporting would "
                "replace it; give a new name"
            )
    elif target.exists():
        raise FileExistsError(f"'{target}' is a file, a SavedModel is a directory; give another name")


def saved_model(model: Any, input_signature: Any = None) -> pb.Encoded:
    """The contents of ``saved_model.pb`` for a model."""
    inputs = _input_specs(model, input_signature)
    arguments = flat(inputs)
    structure: list[Any] = []

    def run(tensors: list[Any]) -> list[Any]:
        given = iter(tensors)
        outputs = model(_filled(inputs, given), training=False)
        structure[:] = [outputs]
        return flat(outputs)

    _check_size(model, sum(v.numpy().nbytes for v in model.variables))
    try:
        program = trace_program(run, [(spec.shape, spec.dtype) for spec in arguments])
    finally:
        # Those of the traces have no numbers.
        model._clear_losses()
    outputs = _output_specs(structure[0], program.outputs)
    results = flat(outputs)
    serve = Function(SERVE)
    emit_program(program, serve, _identifiers(arguments), _identifiers(results))
    library = (serve.definition(), _wrapper(arguments, results))
    graph, signature = _serving_graph(arguments, results)
    graph += pb.text(2, pb.repeated(1, library)) + pb.text(4, _VERSIONS)
    meta_info = pb.repeated(4, ["serve"]) + pb.text(5, _TENSORFLOW)
    meta_graph = (
        pb.text(1, meta_info)
        + pb.text(2, graph)
        + pb.mapping(5, {MAIN: signature})
        + pb.text(7, object_graph(inputs, outputs, arguments, results))
    )
    content = pb.number(1, 1) + pb.text(2, meta_graph)
    _check_size(model, len(content))
    return content


def _check_size(model: Any, count: int) -> None:
    if count > _LIMIT:
        raise ValueError(
            f"model {model.name!r} is too large for a SavedModel with its weights in the graph: "
            f"{count / 2**30:.1f} GB, at most 2 GB fit; save it as .keras instead"
        )


def _input_specs(model: Any, input_signature: Any) -> Any:
    """Specs in the structure that the model is called with."""
    if input_signature is not None:
        signature = input_signature
        if isinstance(signature, (list, tuple)) and len(signature) == 1:
            signature = signature[0]
        return _named(signature, model)
    network = getattr(model, "_network", None)
    if network is not None:
        structure = network.inputs_struct
        if isinstance(structure, (list, tuple)) and len(structure) == 1:
            structure = structure[0]
        return _named(structure, model)
    shapes = dict(getattr(model, "_build_shapes", None) or {})
    if len(shapes) != 1 or None in shapes.values():
        raise ValueError(
            f"model {model.name!r} cannot be exported without knowing its inputs: call it on data or "
            "build(input_shape) first, or pass input_signature"
        )
    return _named(tree.map_shape_structure(_Shaped, next(iter(shapes.values()))), model)


class _Shaped:
    """Something of a shape that a layer was built for; the size of the batch does not matter."""

    def __init__(self, shape: Sequence[int | None]) -> None:
        self.shape = (None, *tuple(shape)[1:])
        self.dtype: str | None = None
        self.name: str | None = None


def _named(structure: Any, model: Any) -> Any:
    """Specs with a name each: that of the input, its key, or that of the argument as Keras writes it."""
    taken: set[str] = set()
    several = isinstance(structure, (list, tuple, dict))

    def spec(x: Any, place: str) -> TensorSpec:
        name = place if isinstance(structure, dict) else getattr(x, "name", None) or place
        name = _unlike(name, taken)
        taken.add(name)
        dtype = model.compute_dtype if x.dtype is None else standardize_dtype(x.dtype)
        return TensorSpec(name, tuple(x.shape), dtype)

    if isinstance(structure, dict):
        return {key: spec(structure[key], key) for key in structure}
    if not several:
        return spec(structure, "args_0")
    return [spec(x, "args_0") for x in structure]


def _unlike(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken."""
    number = 0
    candidate = name
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _filled(structure: Any, values: Any) -> Any:
    """The structure of specs with the next values in their places."""
    if isinstance(structure, dict):
        filled = {key: _filled(structure[key], values) for key in sorted(structure)}
        return {key: filled[key] for key in structure}
    if isinstance(structure, list):
        return [_filled(item, values) for item in structure]
    return next(values)


def _output_specs(structure: Any, outputs: Sequence[Any]) -> Any:
    """Specs in the structure that the model returns: ``output_0`` and so on, or the keys of a dict."""
    count = iter(range(len(outputs)))

    def spec(name: str | None) -> TensorSpec:
        i = next(count)
        x = outputs[i]
        shape = tuple(None if isinstance(size, Varying) else size for size in x.shape)
        return TensorSpec(name or f"output_{i}", shape, x.dtype)

    def build(part: Any, name: str | None) -> Any:
        if isinstance(part, dict):
            made = {str(key): build(part[key], str(key)) for key in sorted(part)}
            return {str(key): made[str(key)] for key in part}
        if isinstance(part, (list, tuple)):
            return [build(item, None) for item in part]
        return spec(name)

    return build(structure, None)


def _identifiers(specs: Sequence[TensorSpec]) -> list[str]:
    """Names that arguments and results of functions may have: small letters, digits and underscores."""
    names: list[str] = []
    for spec in specs:
        name = re.sub(r"[^a-z0-9_]", "_", spec.name.lower())
        name = name if re.match("[a-z]", name) else f"x{name}"
        names.append(_unlike(name, names))
    return names


def _types(specs: Sequence[TensorSpec]) -> list[DType]:
    return [DType(spec.dtype) for spec in specs]


def _by_name(specs: Sequence[TensorSpec]) -> list[int]:
    return sorted(range(len(specs)), key=lambda i: specs[i].name)


def _wrapper(arguments: Sequence[TensorSpec], results: Sequence[TensorSpec]) -> pb.Encoded:
    """The function of the signature: it calls the other one; arguments and results are in the order of names."""
    wrapper = Function(SIGNATURE)
    names = _identifiers(arguments)
    given: dict[int, Ref] = {}
    for i in _by_name(arguments):
        given[i] = wrapper.argument(names[i], arguments[i].dtype)
    outputs = wrapper.call(SERVE, [given[i] for i in range(len(arguments))], _types(results))
    names = _identifiers(results)
    for i in _by_name(results):
        wrapper.result(names[i], outputs[i])
    return wrapper.definition()


def _serving_graph(arguments: Sequence[TensorSpec], results: Sequence[TensorSpec]) -> tuple[pb.Encoded, pb.Encoded]:
    """Nodes of the graph that servers run, and its signature."""
    placeholders = [f"{MAIN}_{name}" for name in _identifiers(arguments)]
    nodes = [
        node_def(name, "Placeholder", [], {"dtype": DType(spec.dtype), "shape": pb.text(7, pb.shape(spec.shape))})
        for name, spec in zip(placeholders, arguments, strict=True)
    ]
    call = "StatefulPartitionedCall"
    attrs = {"Tin": _types(arguments), "Tout": _types(results), "f": pb.text(10, pb.text(1, SERVE))}
    nodes.append(node_def(call, call, placeholders, attrs))
    inputs = {spec.name: spec.info(f"{name}:0") for name, spec in zip(placeholders, arguments, strict=True)}
    outputs = {spec.name: spec.info(f"{call}:{i}") for i, spec in enumerate(results)}
    return pb.repeated(1, nodes), signature_def(inputs, outputs)
