"""SavedModels: what is in the file, read back without the writer's code; what TensorFlow computes, where there is one."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rkeras
from rkeras import layers, ops
from rkeras.saving.saved_model import export_saved_model
from rkeras.saving.saved_model.signatures import SIGNATURES

# Fields of the messages that the tests look at: name, and the message's own fields or how to read it.
INT, TEXT, RAW = "int", "text", "raw"
SHAPE = {2: ("dim", {1: ("size", INT)})}
TENSOR = {1: ("dtype", INT), 2: ("shape", SHAPE), 4: ("content", RAW)}
VALUE = {2: ("s", TEXT), 3: ("i", INT), 5: ("b", INT), 6: ("type", INT), 8: ("tensor", TENSOR), 1: ("list", RAW)}
NODE = {1: ("name", TEXT), 2: ("op", TEXT), 3: ("input", TEXT), 5: ("attr", {1: ("key", TEXT), 2: ("value", VALUE)})}
ARG = {1: ("name", TEXT), 3: ("type", INT)}
FUNCTION = {
    1: ("signature", {1: ("name", TEXT), 2: ("input", ARG), 3: ("output", ARG)}),
    3: ("node", NODE),
    4: ("ret", {1: ("key", TEXT), 2: ("value", TEXT)}),
}
INFO = {1: ("name", TEXT), 2: ("dtype", INT), 3: ("shape", SHAPE)}
ENTRY = {1: ("key", TEXT), 2: ("value", INFO)}
SIGNATURE = {1: ("input", ENTRY), 2: ("output", ENTRY), 3: ("method", TEXT)}
META = {
    1: ("info", {4: ("tag", TEXT)}),
    2: ("graph", {1: ("node", NODE), 2: ("library", {1: ("function", FUNCTION)})}),
    5: ("signature", {1: ("key", TEXT), 2: ("value", SIGNATURE)}),
}
SAVED_MODEL = {1: ("version", INT), 2: ("meta_graph", META)}


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value - (1 << 64) if value >> 63 else value, at


def decode(data: bytes, fields: dict[int, Any]) -> dict[str, list[Any]]:
    """Every known field of a message as a list; unknown ones are passed over."""
    result: dict[str, list[Any]] = {name: [] for name, _ in fields.values()}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        field, wire = tag >> 3, tag & 7
        value: Any
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 5:
            (value,), at = struct.unpack("<f", data[at : at + 4]), at + 4
        else:
            assert wire == 2
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
            assert len(value) == size
        if field in fields:
            name, kind = fields[field]
            if isinstance(kind, dict):
                value = decode(value, kind)
            result[name].append(value.decode() if kind == TEXT else value)
    assert at == len(data)
    return result


class Saved:
    """What is in a ``saved_model.pb``."""

    def __init__(self, directory: Path) -> None:
        model = decode((directory / "saved_model.pb").read_bytes(), SAVED_MODEL)
        assert model["version"] == [1]
        (self.meta,) = model["meta_graph"]
        functions = self.meta["graph"][0]["library"][0]["function"]
        self.functions = {f["signature"][0]["name"][0]: f for f in functions}
        self.nodes = self.functions["__inference_serve_0"]["node"]

    def ops(self) -> list[str]:
        return [node["op"][0] for node in self.nodes if node["op"] != ["Const"]]

    def node(self, op: str) -> dict[str, Any]:
        """The only node of an op: its inputs, and its attributes."""
        (node,) = [node for node in self.nodes if node["op"] == [op]]
        return {"input": node["input"], **{a["key"][0]: a["value"][0] for a in node["attr"]}}

    def constants(self) -> dict[str, np.ndarray]:
        """The arrays of constant nodes by the name of their result."""
        dtypes = {1: "float32", 2: "float64", 3: "int32", 9: "int64", 10: "bool"}
        found = {}
        for node in self.nodes:
            if node["op"] == ["Const"]:
                (tensor,) = next(a["value"][0]["tensor"] for a in node["attr"] if a["key"] == ["value"])
                array = np.frombuffer(tensor["content"][0], dtypes[tensor["dtype"][0]])
                found[node["name"][0] + ":output:0"] = array.reshape(sizes(tensor["shape"]))
        return found

    def signature(self) -> dict[str, Any]:
        (entry,) = self.meta["signature"]
        assert entry["key"] == ["serving_default"]
        return entry["value"][0]


def sizes(shape: list[Any]) -> list[int]:
    return [dim["size"][0] for dim in shape[0]["dim"]] if shape else []


def tensors(entries: list[Any]) -> dict[str, list[int]]:
    return {entry["key"][0]: sizes(entry["value"][0]["shape"]) for entry in entries}


def exported(model: Any, path: Path, **kwargs: Any) -> Saved:
    export_saved_model(model, path / "model", **kwargs)
    return Saved(path / "model")


def mlp() -> Any:
    return rkeras.Sequential(
        [rkeras.Input((4,), name="x"), layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax")]
    )


class Residual(rkeras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.features = rkeras.Sequential([layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization()])
        self.dropout = layers.Dropout(0.5)
        self.pool = layers.GlobalAveragePooling2D()
        self.head = layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.head(self.pool(self.dropout(ops.relu(self.features(x)) + x[..., :1])))


def test_graph_of_a_dense_network(tmp_path: Path) -> None:
    model = mlp()
    saved = exported(model, tmp_path)
    assert saved.meta["info"][0]["tag"] == ["serve"]
    assert saved.ops() == ["MatMul", "AddV2", "Relu", "MatMul", "AddV2", "Softmax", "Identity"]
    arrays = saved.constants()
    for weight in model.weights:
        assert any(array.shape == weight.shape and np.array_equal(array, weight.numpy()) for array in arrays.values())


def test_large_weights_are_all_there(tmp_path: Path) -> None:
    model = rkeras.Sequential([rkeras.Input((40,)), *(layers.Dense(40) for _ in range(5))])
    arrays = [array for array in exported(model, tmp_path).constants().values() if array.shape == (40, 40)]
    np.testing.assert_array_equal(arrays, [layer.kernel.numpy() for layer in model.layers])


def test_every_input_names_a_result(tmp_path: Path) -> None:
    model = rkeras.Sequential([rkeras.Input((8, 8, 1)), Residual()])
    model.build()
    for function in exported(model, tmp_path).functions.values():
        known = {arg["name"][0] for arg in function["signature"][0]["input"]}
        nodes = {"PartitionedCall", "StatefulPartitionedCall"}
        for node in function["node"]:
            assert set(node["input"]) <= known, node
            op = node["op"][0]
            results = ["output:T"] if op in nodes | {"Const"} else SIGNATURES[op].split("->")[1].split()
            known |= {f"{node['name'][0]}:{result.split(':')[0]}:0" for result in results}
        assert {ret["value"][0] for ret in function["ret"]} <= known
        names = [arg["name"][0] for arg in function["signature"][0]["output"]]
        assert names == [ret["key"][0] for ret in function["ret"]]


def test_signature_names_inputs_and_outputs(tmp_path: Path) -> None:
    title, tags = rkeras.Input((6,), name="title"), rkeras.Input((None, 2), name="Tags")
    joined = layers.Concatenate()([title, layers.GlobalMaxPooling1D()(tags)])
    model = rkeras.Model([title, tags], {"priority": layers.Dense(1)(joined), "Text": layers.Dense(4)(joined)})
    signature = exported(model, tmp_path).signature()
    assert tensors(signature["input"]) == {"title": [-1, 6], "Tags": [-1, -1, 2]}
    assert tensors(signature["output"]) == {"priority": [-1, 1], "Text": [-1, 4]}
    assert signature["method"] == ["tensorflow/serving/predict"]


def test_outputs_of_a_list_are_numbered(tmp_path: Path) -> None:
    x = rkeras.Input((3,))
    saved = exported(rkeras.Model(x, [layers.Dense(i)(x) for i in range(1, 13)]), tmp_path)
    wanted = {f"output_{i}": [-1, i + 1] for i in range(12)}
    assert tensors(saved.signature()["output"]) == wanted


def test_convolution_attributes(tmp_path: Path) -> None:
    model = rkeras.Sequential([rkeras.Input((9, 9, 2)), layers.Conv2D(4, 3, strides=(2, 1), padding="same")])
    conv = exported(model, tmp_path).node("Conv2D")
    assert conv["padding"]["s"] == ["SAME"]
    assert conv["strides"]["list"] == [b"\x18\x01\x18\x02\x18\x01\x18\x01"]


def test_unknown_batch_size_is_minus_one_in_a_reshape(tmp_path: Path) -> None:
    saved = exported(rkeras.Sequential([rkeras.Input((4, 3)), layers.Flatten()]), tmp_path)
    _, target = saved.node("Reshape")["input"]
    assert saved.constants()[target].tolist() == [-1, 12]


def test_last_step_of_a_sequence_of_unknown_length(tmp_path: Path) -> None:
    model = rkeras.Sequential([rkeras.Input((None, 3)), layers.Lambda(lambda x: x[:, -1])])
    saved = exported(model, tmp_path)
    # Its place comes from the length met when the function runs.
    assert "Shape" in saved.ops()
    assert tensors(saved.signature()["output"]) == {"output_0": [-1, 3]}


def test_inference_drops_nothing_and_keeps_state(tmp_path: Path) -> None:
    model = Residual()
    model.build((None, 8, 8, 1))
    before = [weight.numpy().copy() for weight in model.weights]
    saved = exported(model, tmp_path)
    assert not any("Random" in op for op in saved.ops())
    for old, weight in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())
    assert model.losses == []


def test_operators_work_as_before_afterwards(tmp_path: Path) -> None:
    from rkeras import _engine

    before = [_engine.apply, _engine.convert, _engine.Tensor.__add__, _engine.Variable.__rsub__, _engine.Variable.read]
    exported(mlp(), tmp_path)
    after = [_engine.apply, _engine.convert, _engine.Tensor.__add__, _engine.Variable.__rsub__, _engine.Variable.read]
    assert before == after
    assert (2.0 - _engine.convert([1.0, 2.0])).tolist() == [1.0, 0.0]


def test_model_export_and_input_signature(tmp_path: Path) -> None:
    class Plain(rkeras.Model):
        def call(self, x: Any) -> Any:
            return ops.cast(x, "float32") * 2.0

    model = Plain()
    with pytest.raises(ValueError, match="without knowing its inputs"):
        model.export(tmp_path / "model")
    model.export(tmp_path / "model", input_signature=[rkeras.KerasTensor((None, 5), "int32")])
    signature = Saved(tmp_path / "model").signature()
    assert list(tensors(signature["input"]).values()) == [[-1, 5]]
    assert signature["input"][0]["value"][0]["dtype"] == [3]
    with pytest.raises(ValueError, match="format must be"):
        model.export(tmp_path / "other", format="onnx")


def test_failure_keeps_the_old_directory(tmp_path: Path) -> None:
    path = tmp_path / "model"
    export_saved_model(mlp(), path)
    before = (path / "saved_model.pb").read_bytes()
    x = rkeras.Input((4, 4, 1))
    pads = layers.Lambda(lambda x: rkeras._engine.apply("average_pool", x, pool_size=[2], padding=[1, 1, 1, 1]))
    with pytest.raises(NotImplementedError, match="'average_pool'"):
        export_saved_model(rkeras.Model(x, pads(x)), path)
    assert (path / "saved_model.pb").read_bytes() == before
    assert os.listdir(tmp_path) == ["model"]


def test_an_op_without_counterpart_is_named(tmp_path: Path) -> None:
    x = rkeras.Input((4,))
    slope = layers.Lambda(lambda x: rkeras._engine.apply("relu_grad", x, x))
    with pytest.raises(NotImplementedError, match="'relu_grad'"):
        export_saved_model(rkeras.Model(x, slope(x)), tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_python_branches_on_the_batch_size_are_refused(tmp_path: Path) -> None:
    x = rkeras.Input((4,))
    branch = layers.Lambda(lambda x: ops.tanh(x) if x.shape[0] > 5 else x, output_shape=(4,))
    with pytest.raises(NotImplementedError, match="batch size"):
        export_saved_model(rkeras.Model(x, branch(x)), tmp_path / "model")


def test_replaces_models_but_no_other_directories(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("…")
    (tmp_path / "file").write_text("…")
    for name in ("mine", "file"):
        with pytest.raises(FileExistsError, match="name"):
            export_saved_model(mlp(), tmp_path / name)
    assert (tmp_path / "mine" / "thesis.txt").exists()
    (tmp_path / "empty").mkdir()
    export_saved_model(mlp(), tmp_path / "empty")
    export_saved_model(mlp(), tmp_path / "empty")
    assert sorted(os.listdir(tmp_path)) == ["empty", "file", "mine"]


def test_too_large_for_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rkeras.saving.saved_model.export._LIMIT", 100)
    with pytest.raises(ValueError, match="too large"):
        export_saved_model(mlp(), tmp_path / "model")


def test_checkpoint_names_the_objects(tmp_path: Path) -> None:
    export_saved_model(mlp(), tmp_path / "model")
    index = (tmp_path / "model" / "variables" / "variables.index").read_bytes()
    assert index[-8:] == struct.pack("<Q", 0xDB4775248B80FB57)
    assert b"_CHECKPOINTABLE_OBJECT_GRAPH" in index
    data = (tmp_path / "model" / "variables" / "variables.data-00000-of-00001").read_bytes()
    length, at = varint(data, 0)
    child = {1: ("node_id", INT), 2: ("name", TEXT)}
    nodes = decode(data[at + 4 :], {1: ("node", {1: ("child", child)})})["node"]
    assert len(data) - at - 4 == length
    assert [[c["name"][0] for c in node["child"]] for node in nodes] == [
        ["__call__", "serve", "signatures"], [], ["serving_default"], [],
    ]  # fmt: skip


def image_model() -> Any:
    return rkeras.Sequential(
        [
            rkeras.Input((9, 9, 3)),
            layers.Conv2D(6, 3, padding="same", activation="leaky_relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.DepthwiseConv2D(3, dilation_rate=2, padding="same"),
            layers.Conv2DTranspose(4, 3, strides=2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="sigmoid"),
        ]
    )


def text_model() -> Any:
    return rkeras.Sequential(
        [
            rkeras.Input((None,), dtype="int32"),
            layers.Embedding(9, 4),
            layers.TimeDistributed(layers.Dense(3, activation="tanh")),
            layers.Conv1D(5, 3, padding="causal"),
            layers.LayerNormalization(),
            layers.GlobalAveragePooling1D(),
        ]
    )


def residual_model() -> Any:
    model = Residual()
    model.build((None, 8, 8, 1))
    return model


def recurrent_model() -> Any:
    return rkeras.Sequential(
        [
            rkeras.Input((5, 3)),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.GRU(3),
        ]
    )


def test_recurrent_layers_are_written_with_common_ops(tmp_path: Path) -> None:
    found = exported(recurrent_model(), tmp_path).ops()
    # Three gates each way and two of the other layer, in each of five steps.
    assert found.count("Sigmoid") == 5 * (3 + 3 + 2) and found.count("Tanh") == 5 * (2 + 2 + 1)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (mlp, (4,)),
        (image_model, (9, 9, 3)),
        (text_model, (7,)),
        (residual_model, (8, 8, 1)),
        (recurrent_model, (5, 3)),
    ],
)
def test_tensorflow_computes_the_same(make: Any, shape: tuple[int, ...], tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    model = make()
    export_saved_model(model, tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    for batch in (1, 6):
        rng = np.random.default_rng(batch)
        x = rng.integers(0, 9, (batch, *shape)).astype("int32") if make is text_model else rng.normal(size=(batch, *shape))
        x = x if make is text_model else x.astype("float32")
        wanted = model.predict(x, verbose=0)
        np.testing.assert_allclose(loaded(x), wanted, rtol=1e-4, atol=1e-5)
        served = loaded.signatures["serving_default"](tf.constant(x))["output_0"]
        np.testing.assert_allclose(served, wanted, rtol=1e-4, atol=1e-5)


def test_signatures_are_those_of_tensorflow() -> None:
    registry = pytest.importorskip("tensorflow.python.framework.op_def_registry")
    for op, text in SIGNATURES.items():
        outputs = [part.split(":")[0] for part in text.split("->")[1].split()]
        assert [arg.name for arg in registry.get(op).output_arg] == outputs
        assert len(registry.get(op).input_arg) == len(text.split("->")[0].split())
