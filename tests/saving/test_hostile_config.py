"""Configs that name what a model must not reach, ask for more than their file holds, or make no sense."""

import base64
import json
import marshal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rkeras
from rkeras import layers
from saving.hostile import (
    EXECUTED,
    REFUSED,
    archive,
    attempt,
    harmless,
    layer_in,
    load,
    members,
    refused,
    replaced,
    saved,
    slots,
    with_config,
)

GOOD = saved()
CONFIG = json.loads(members(GOOD)["config.json"])
WEIGHTS = members(GOOD)["model.weights.h5"]


def canary(x):
    from saving.hostile import EXECUTED

    EXECUTED.append(x)
    return x


CODE = base64.b64encode(marshal.dumps(canary.__code__)).decode()
LAMBDAS = {
    "today": {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}},
    "value": {"class_name": "__lambda__", "config": {"value": [CODE, None, None]}},
    "text": {"class_name": "__lambda__", "config": {"value": CODE}},
}


def lambda_layer(function, **more):
    return {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "evil", "function": function, "arguments": {}, **more},
        "registered_name": None,
    }


def sequential(*records):
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": list(records)}}


INPUT = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 2, 3], "name": "in"}}
RELU = {"module": "keras.layers", "class_name": "ReLU", "config": {}}


def dense(**more):
    return {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1, **more}}


def wrapped(record, by="TimeDistributed"):
    return {"module": "keras.layers", "class_name": by, "config": {"name": "w", "layer": record}}


def model_of(*records):
    return archive({"config.json": json.dumps(sequential(INPUT, *records)), "model.weights.h5": WEIGHTS})


@pytest.mark.parametrize("kind", LAMBDAS)
@pytest.mark.parametrize(
    "place",
    [
        lambda code: model_of(lambda_layer(code)),
        lambda code: model_of(lambda_layer("relu", output_shape=code)),
        lambda code: model_of(lambda_layer("relu", mask=code)),
        lambda code: model_of(lambda_layer("relu", arguments={"x": code})),
        lambda code: model_of(sequential(INPUT, lambda_layer(code))),
        lambda code: model_of(wrapped(lambda_layer(code))),
        lambda code: model_of(wrapped(sequential(lambda_layer(code)))),
        lambda code: model_of({**RELU, "class_name": "Activation", "config": {"activation": code}}),
        lambda code: with_config(GOOD, lambda c: c["compile_config"].update(loss=code)),
        lambda code: with_config(GOOD, lambda c: c["compile_config"].update(metrics=[[code]])),
        lambda code: with_config(GOOD, lambda c: c["compile_config"].update(optimizer=code)),
        lambda code: with_config(GOOD, lambda c: c["compile_config"]["optimizer"]["config"].update(learning_rate=code)),
        lambda code: with_config(GOOD, lambda c: layer_in(c, "out")["config"].update(kernel_initializer=code)),
        lambda code: with_config(GOOD, lambda c: layer_in(c, "out")["config"].update(kernel_regularizer=code)),
        lambda code: with_config(GOOD, lambda c: layer_in(c, "out")["inbound_nodes"][0]["kwargs"].update(x=code)),
        lambda code: with_config(GOOD, lambda c: layer_in(c, "out").update(build_config={"input_shape": code})),
    ],
)
def test_code_is_not_run(kind, place):
    refused(place(LAMBDAS[kind]))


def test_code_is_run_when_asked_for():
    EXECUTED.clear()
    loaded = load(model_of(lambda_layer(LAMBDAS["value"])), safe_mode=False)
    assert EXECUTED
    assert [layer.name for layer in loaded.layers] == ["evil"]
    # The same through the other ways in, which are always safe.
    EXECUTED.clear()
    record = sequential(INPUT, lambda_layer(LAMBDAS["value"]))
    for read in (
        lambda: rkeras.models.model_from_json(json.dumps(record)),
        lambda: rkeras.saving.deserialize_keras_object(record),
        lambda: rkeras.Sequential.from_config(record["config"]),
        lambda: layers.deserialize(lambda_layer(LAMBDAS["today"])),
        lambda: layers.Lambda.from_config(lambda_layer(LAMBDAS["today"])["config"]),
    ):
        with harmless(), pytest.raises(ValueError, match="safe_mode=False"):
            read()


# Module and name of what a file could wish for.
GADGETS = [
    ("builtins", "eval"), ("builtins", "exec"), ("builtins", "__import__"), ("os", "system"), ("posix", "system"),
    ("subprocess", "Popen"), ("pickle", "loads"), ("marshal", "loads"), ("importlib", "import_module"),
    ("keras.utils", "get_file"), ("keras.src.utils.file_utils", "get_file"), ("keras.utils", "plot_model"),
    ("keras.models", "load_model"), ("keras.saving", "load_model"), ("keras.models", "model_from_json"),
    ("keras.config", "enable_unsafe_deserialization"), ("keras.utils", "PyDataset"), ("keras", "Function"),
    ("keras.callbacks", "CSVLogger"), ("keras.layers", "deserialize"), ("keras.layers", "TFSMLayer"),
    ("keras.layers", "../Dense"), ("keras.layers", "Dense.__init__"), ("keras.layers", "__builtins__"),
    ("keras.layers", "_NAMES"), ("keras.layers", "lazy"), ("keras.layers", "Any"), ("keras.layers", "Dense\0"),
    ("keras.layers", "D\u0435nse"), ("keras.l\u0430yers", "Dense"), ("\uff4beras.layers", "Dense"),
    ("keras.layers", "\uff24ense"),
    ("keras.layers..os", "system"), ("rkeras.saving.lambdas", "load_lambda"), ("rkeras.saving", "load_model"),
    ("rkeras._engine", "apply"), ("rkeras.config", "enable_unsafe_deserialization"), ("numpy", "load"),
    ("numpy.testing._private.utils", "runstring"), ("keras.src.saving.saving_lib", "load_model"),
    ("keras.losses", "TABLE"), ("keras.optimizers", "Optimizer.__class__"), (None, "eval"), (["os"], "system"),
    ("", ""), ("keras.ops", "get_file"), ("keras.src.ops.numpy", "System"), ("keras.src.ops.core", "__import__"),
]  # fmt: skip


def as_class(module, name):
    return {"module": module, "class_name": name, "config": {"name": "evil"}, "registered_name": name}


def as_function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": "function"}


@pytest.mark.parametrize(("module", "name"), GADGETS)
def test_only_classes_of_the_library_are_made(module, name, monkeypatch):
    def forbidden(*args, **kwargs):
        EXECUTED.append(args)

    for place in ("os.system", "subprocess.Popen", "pickle.loads", "urllib.request.urlopen", "rkeras.saving.load_model"):
        monkeypatch.setattr(place, forbidden)
    wish = as_class(module, name)
    for data in (
        model_of(wish),
        model_of(wrapped(wish)),
        with_config(GOOD, lambda c: wish),
        with_config(GOOD, lambda c: c["config"]["layers"].append({**wish, "name": "evil"})),
    ):
        refused(data, traced=False)
    for wish in (as_class(module, name), as_function(module, name), f"{module}.{name}"):
        for data in (
            model_of(lambda_layer(wish)),
            model_of({**RELU, "class_name": "Activation", "config": {"activation": wish}}),
            model_of(dense(kernel_initializer=wish)),
            model_of(dense(kernel_constraint=wish)),
            model_of(dense(dtype=wish)),
            with_config(GOOD, lambda c: c["compile_config"].update(optimizer=wish)),
        ):
            refused(data, traced=False)
        for key, value in (("loss", wish), ("metrics", [wish])):
            loaded = attempt(with_config(GOOD, lambda c: c["compile_config"].update({key: value})))
            if loaded is not None:  # names are looked up when they are first needed
                with pytest.raises(REFUSED):
                    loaded.evaluate(np.ones((2, 3)), np.ones((2, 1)), verbose=0)
    assert EXECUTED == []


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "a/b", "..", "", "x\0y", "a" * 100_000, 7, None, ["x"]])
def test_names_never_reach_the_file_system(tmp_path, name):
    data = with_config(GOOD, lambda c: json.dumps(c).replace('"hidden"', json.dumps(name)))
    loaded = attempt(data)
    if loaded is None:
        return
    rkeras.saving.save_model(loaded, tmp_path / "m.keras")
    rkeras.saving.save_model(loaded, tmp_path / "d", zipped=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "m.keras"]
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == ["config.json", "metadata.json", "model.weights.h5"]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: layer_in(c, "out")["config"].update(units=10**12),
        lambda c: layer_in(c, "out")["config"].update(units=10**8),
        lambda c: layer_in(c, "x")["config"].update(batch_shape=[None, 10**9]),
        lambda c: layer_in(c, "hidden")["config"].update(units=10**18),
        lambda c: layer_in(c, "hidden")["config"].update(units=2**63),
        lambda c: c["compile_config"].update(
            metrics=[{"module": "keras.metrics", "class_name": "AUC", "config": {"num_thresholds": 10**8}}]
        ),
    ],
)
def test_a_model_larger_than_its_file(change):
    refused(with_config(GOOD, change))


@pytest.mark.parametrize(
    "record",
    [
        {"class_name": "Embedding", "config": {"input_dim": 10**9, "output_dim": 10**3}},
        {"class_name": "Conv1D", "config": {"filters": 10**6, "kernel_size": 10**6, "padding": "same"}},
        {"class_name": "ZeroPadding1D", "config": {"padding": 10**9}},
        {"class_name": "UpSampling1D", "config": {"size": 10**12}},
        {"class_name": "EinsumDense", "config": {"equation": "abc,cd->abd", "output_shape": [2, 10**9]}},
    ],
)
def test_layers_of_any_size(record):
    refused(model_of({"module": "keras.layers", **record}), "bytes|memory", (*REFUSED, MemoryError))


def test_the_limit_is_for_the_whole_model():
    stack = [{"module": "keras.layers", "class_name": "Dense", "config": {"units": 1000}} for _ in range(100)]
    refused(model_of(*stack), "safe_mode=False")


def test_models_that_call_each_other_without_end():
    inner = {"module": "keras", "class_name": "Sequential", "config": {"name": "m0", "layers": [
        {**INPUT, "config": {"batch_shape": [None, None, 3], "name": "i"}}, RELU]}}  # fmt: skip
    for depth in range(1, 12):
        name = f"m{depth - 1}"
        nodes = []
        for i in range(10):
            place = ["x", 0, 0] if i == 0 else [name, i - 1, 0]
            tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, None, 3], "dtype": "float32", "keras_history": place}}
            nodes.append({"args": [tensor], "kwargs": {}})
        x = {**INPUT, "name": "x", "inbound_nodes": [], "config": {"batch_shape": [None, None if depth < 11 else 7, 3], "name": "x"}}
        inner = {"module": "keras.models", "class_name": "Functional", "config": {
            "name": f"m{depth}", "layers": [x, {**inner, "name": name, "inbound_nodes": nodes}],
            "input_layers": ["x", 0, 0], "output_layers": [name, 9, 0]}}  # fmt: skip
    refused(archive({"config.json": json.dumps(inner), "model.weights.h5": WEIGHTS}), "call each other", traced=False)


def nested(depth):
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (nested(100_000), "nested 100,000 deep"),
        ("[" * 5_000_000, "more than|deep"),
        ("[" + "1," * 3_000_000 + "1]", "more than 1,000,000 values"),
        ('"' + '\\"' * 3_000_000, "no valid JSON"),
        ("[" + '{"class_name":1},' * 200_000 + "1]", "100,000 objects"),
        ("[" + '{"class\\u005fname":1},' * 200_000 + "1]", "100,000 objects"),
        ('{"class_name": "Dense", "class_name": "Lambda"}', "stands twice"),
        ("1" * 5_000, "5,000 digits"),
        ('{"a": -' + "9" * 100 + "}", "101 digits"),
        ("{", "no valid JSON"), ("", "no valid JSON"), ("nul", "no valid JSON"), ("[1] x", "no valid JSON"),
        ("[]", "no model"), ("1", "no model"), ("null", "no model"), ('"relu"', "no model"), ("{}", "no model"),
        (b"\xff\xfe{}", "not UTF-8"),
        ('{"class_name": "Dense"}', "no model"),
        (json.dumps(RELU), "no model"),
        (json.dumps(as_function("builtins", "relu")), "no model"),
    ],
)  # fmt: skip
def test_json_that_is_no_config(text, match):
    refused(archive({"config.json": text, "model.weights.h5": WEIGHTS}), match, ValueError)


def test_json_from_a_string_has_the_same_limits():
    with harmless(), pytest.raises(ValueError, match="deep"):
        rkeras.models.model_from_json(nested(1000))


@pytest.mark.parametrize("history", [["out", 0, 0], ["bn", 1, 0], ["no", 0, 0], ["x", -1, 0], ["x", 0, 9], ["x", 0], 7,
                                     ["x", 10**30, 0], ["x", 0.5, 0], [None, 0, 0], [["x"], 0, 0], ["x", True, 0]])  # fmt: skip
def test_wiring_that_leads_nowhere(history):
    def change(config):
        layer_in(config, "hidden")["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = history

    refused(with_config(GOOD, change), kind=ValueError)
    if history != ["out", 0, 0]:
        refused(with_config(GOOD, lambda c: c["config"].update(output_layers=history)), kind=ValueError)


def test_calls_of_a_long_chain_in_reverse():
    def tensor(name):
        return {"class_name": "__keras_tensor__", "config": {"shape": [None, 2, 3], "dtype": "float32", "keras_history": [name, 0, 0]}}

    count = 400
    chain = [
        {**RELU, "name": f"r{i}", "config": {"name": f"r{i}"}, "inbound_nodes": [{"args": [tensor(f"r{i - 1}" if i else "in")], "kwargs": {}}]}
        for i in range(count)
    ]
    record = {"module": "keras", "class_name": "Model", "config": {
        "name": "m", "layers": [*chain[::-1], {**INPUT, "name": "in", "inbound_nodes": []}],
        "input_layers": [["in", 0, 0]], "output_layers": [[f"r{count - 1}", 0, 0]]}}  # fmt: skip
    assert len(rkeras.models.model_from_json(json.dumps(record)).layers) == count + 1
    chain[0]["inbound_nodes"][0]["args"] = [tensor(f"r{count - 1}")]
    with harmless(), pytest.raises(ValueError, match="loop"):
        rkeras.models.model_from_json(json.dumps(record))


def test_an_op_needs_a_tensor():
    def change(config):
        node = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Tanh")
        node.update(class_name="BroadcastTo", config={"name": node["config"]["name"], "shape": [10**9]})
        node["inbound_nodes"] = [{"args": [1.0], "kwargs": {}}]

    refused(with_config(GOOD, change), "on no tensor")


@pytest.mark.parametrize(
    "config",
    [
        {"value": [1.0], "dtype": "S2000000000"}, {"value": [1.0], "dtype": "object"}, {"value": ["x"], "dtype": "str"},
        {"value": [10**30], "dtype": "float32"}, {"value": [[1], [1, 2]], "dtype": "float32"}, {"value": [1.0]}, {},
        {"value": [1.0], "dtype": {"x": 1}}, {"value": {"a": [None]}, "dtype": "float32"}, [], 7,
    ],
)  # fmt: skip
@pytest.mark.parametrize("tag", ["__numpy__", "__tensor__"])
def test_arrays_that_are_none(config, tag):
    record = {"class_name": tag, "config": config}
    refused(with_config(GOOD, lambda c: layer_in(c, "out")["inbound_nodes"][0]["args"].append(record)))
    with harmless(), pytest.raises(REFUSED):
        rkeras.saving.deserialize_keras_object(record)


PATHS = list(slots(CONFIG))
WRONG = [None, True, -1, 0, 1.5, 10**18, 1e308, float("nan"), float("-inf"), "", "x", "../x", [], [[]], [None], {}, {"a": 1},
         {"class_name": "Dense", "config": {}}, {"class_name": 7, "config": 7}, {"class_name": "x", "config": None}]  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(PATHS) - 1), st.sampled_from(WRONG))
def test_wrong_types_in_every_slot(which, value):
    attempt(with_config(GOOD, lambda _: replaced(CONFIG, PATHS[which], value)))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(PATHS) - 1), st.integers(0, len(PATHS) - 1))
def test_parts_in_the_wrong_place(to, source):
    part = CONFIG
    for key in PATHS[source]:
        part = part[key]
    attempt(with_config(GOOD, lambda _: replaced(CONFIG, PATHS[to], part)))
