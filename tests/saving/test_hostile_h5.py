"""HDF5 files of whole models that are meant to hurt, or damaged: all are refused, clearly and cheaply."""

import base64
import io
import json
import marshal
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rkeras
from saving.hostile import EXECUTED, REFUSED, harmless, limit_memory, model, replaced, slots
from saving.old_files import dense1
from saving.test_hostile_config import GADGETS, canary

CODE = base64.b64encode(marshal.dumps(canary.__code__)).decode()


def saved():
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "m.h5"
        model().save(path)
        return path.read_bytes()


GOOD = saved()
with h5py.File(io.BytesIO(GOOD), "r") as good_file:
    CONFIG = json.loads(good_file.attrs["model_config"])
    TRAINING = json.loads(good_file.attrs["training_config"])
KERNEL = "model_weights/hidden/hidden/kernel"
SHAPE = (3, 4)


def changed(change, data=GOOD):
    """The file after a function has changed it."""
    file = io.BytesIO(data)
    with h5py.File(file, "r+") as inside:
        change(inside)
    return file.getvalue()


def with_config(config, name="model_config"):
    def change(file):
        del file.attrs[name]
        file.attrs[name] = config if isinstance(config, (bytes, str)) else json.dumps(config).encode()

    return changed(change)


def load(data, **options):
    with tempfile.NamedTemporaryFile(suffix=".h5") as file:
        file.write(data)
        file.flush()
        return rkeras.models.load_model(file.name, **options)


def refused(data, match=None, kind=REFUSED, traced=True, **options):
    with harmless(traced=traced), pytest.raises(kind, match=match) as caught:
        load(data, **options)
    assert len(str(caught.value)) < 5000


def attempt(data):
    """The model of a file that may or may not be good; None if it was refused, without harm."""
    with harmless(traced=False) as outcome:
        try:
            loaded = load(data)
        except REFUSED as error:
            assert len(str(error)) < 5000
            return None
        outcome["loaded"] = True
    return loaded


def lambda_layer(**config):
    return {"class_name": "Lambda", "config": {"name": "evil", "arguments": {}, **config}}


LAMBDAS = {
    "Keras 1": lambda_layer(function=[CODE, None, None], function_type="lambda", output_shape=None, output_shape_type="raw"),
    "a list": lambda_layer(function=[CODE, None, None]),
    "Keras 3": lambda_layer(function={"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}),
    "its shape": lambda_layer(function="relu", function_type="function", output_shape=[CODE, None, None], output_shape_type="lambda"),
    "a tag": lambda_layer(function={"class_name": "__lambda__", "config": {"value": [CODE, None, None]}}),
}


def sequential(*layers):
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3], "name": "in"}}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [first, *layers]}}


def wrapped(layer):
    return {"class_name": "TimeDistributed", "config": {"name": "w", "layer": layer}}


@pytest.mark.parametrize("kind", LAMBDAS)
def test_code_is_not_run(kind):
    layer = LAMBDAS[kind]
    for config in (
        sequential(layer),
        sequential(sequential(layer)),
        sequential(wrapped(layer)),
        sequential(wrapped(sequential(layer))),
        [layer],
        sequential({"class_name": "Activation", "config": {"activation": layer}}),
        sequential({**dense1("d", 1), "config": {"units": 1, "kernel_initializer": layer["config"]["function"]}}),
    ):
        refused(with_config(config), traced=False)
        with harmless(traced=False), pytest.raises(REFUSED):
            rkeras.models.model_from_json(json.dumps(config))
    code = layer["config"]["function"]
    for name in ("loss", "metrics", "optimizer_config", "weighted_metrics", "loss_weights"):
        attempt(with_config({**TRAINING, name: code}, "training_config"))
        attempt(with_config({**TRAINING, name: [layer]}, "training_config"))
    assert EXECUTED == []


def test_code_is_run_when_asked_for():
    data = changed(lambda f: f.pop("model_weights") and f.create_group("model_weights"), with_config(sequential(LAMBDAS["a list"])))
    assert load(data, safe_mode=False, compile=False).layers[-1].name == "evil"
    assert EXECUTED


@pytest.mark.parametrize(("module", "name"), GADGETS)
def test_only_classes_of_the_library_are_made(module, name, monkeypatch):
    def forbidden(*args, **kwargs):
        EXECUTED.append(args)

    for place in ("os.system", "subprocess.Popen", "pickle.loads", "urllib.request.urlopen", "rkeras.saving.load_model"):
        monkeypatch.setattr(place, forbidden)
    wishes = [{"class_name": name, "config": {"name": "evil"}}, {"module": module, "class_name": name, "config": {"name": "evil"}}]
    for wish in wishes:
        for config in (
            wish,
            sequential(wish),
            sequential(wrapped(wish)),
            sequential({"class_name": "Dense", "config": {"units": 1, "kernel_initializer": wish}}),
            sequential({"class_name": "Lambda", "config": {"function": wish}}),
            sequential({"class_name": "Lambda", "config": {"function": name, "function_type": "function", "module": module}}),
            {**CONFIG, "class_name": name},
        ):
            refused(with_config(config), traced=False)
        refused(with_config({**TRAINING, "optimizer_config": wish}, "training_config"), traced=False)
        refused(with_config({**TRAINING, "loss": {**wish, "config": {}}}, "training_config"), traced=False)
    assert EXECUTED == []


def in_place_of_the_kernel(make):
    def change(file):
        del file[KERNEL]
        make(file["model_weights/hidden/hidden"], "kernel")

    return changed(change)


def virtual(group, name):
    layout = h5py.VirtualLayout(SHAPE, "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", SHAPE)
    group.create_virtual_dataset(name, layout)


def large_chunks(group, name):
    data = group.create_dataset(name, SHAPE, "f4", chunks=(4096, 4096), maxshape=(None, None), compression="gzip")
    data[...] = 0


def bomb(group, name):
    """A chunk that becomes a hundred times what it should."""
    data = group.create_dataset(name, SHAPE, "f4", chunks=SHAPE, compression="gzip")
    data.id.write_direct_chunk((0, 0), zlib.compress(bytes(1 << 26)))


def small_bomb(group, name):
    data = group.create_dataset(name, SHAPE, "f4", chunks=SHAPE, compression="gzip")
    data.id.write_direct_chunk((0, 0), zlib.compress(bytes(1 << 20)))


def short(group, name):
    data = group.create_dataset(name, SHAPE, "f4", chunks=SHAPE, compression="gzip")
    data.id.write_direct_chunk((0, 0), zlib.compress(bytes(8)))


DATASETS = {
    "external storage": (lambda g, n: g.create_dataset(n, SHAPE, "f4", external=[("/etc/passwd", 0, 48)]), "another file"),
    "a virtual dataset": (virtual, "another file"),
    "a soft link": (lambda g, n: g.__setitem__(n, h5py.SoftLink("/" + KERNEL.replace("kernel", "bias"))), "is a link"),
    "an external link": (lambda g, n: g.__setitem__(n, h5py.ExternalLink("/etc/passwd", "/")), "is a link"),
    "a group": (lambda g, n: g.create_group(n), "no dataset"),
    "2^50 elements": (lambda g, n: g.create_dataset(n, (1 << 25, 1 << 25), "f4", chunks=(1024, 1024)), "shape"),
    "2^50 elements, packed": (lambda g, n: g.create_dataset(n, (1 << 50,), "f4", chunks=(1 << 20,), compression="gzip"), "shape"),
    "a high rank": (lambda g, n: g.create_dataset(n, (1,) * 32, "f4"), "shape"),
    "nothing": (lambda g, n: g.create_dataset(n, data=h5py.Empty("f4")), "shape"),
    "texts": (lambda g, n: g.create_dataset(n, SHAPE, h5py.string_dtype()), "not numbers"),
    "lists": (lambda g, n: g.create_dataset(n, SHAPE, h5py.vlen_dtype(np.dtype("f4"))), "not numbers"),
    "references": (lambda g, n: g.create_dataset(n, SHAPE, h5py.ref_dtype), "not numbers"),
    "large chunks": (large_chunks, "chunks of"),
    "a bomb": (bomb, "a chunk of"),
    "a small bomb": (small_bomb, "damaged"),
    "a short chunk": (short, "damaged"),
    "an unknown filter": (lambda g, n: g.create_dataset(n, SHAPE, "f4", chunks=SHAPE, compression="lzf"), "filter"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DATASETS)
def test_datasets_that_are_no_weights(kind):
    make, message = DATASETS[kind]
    refused(in_place_of_the_kernel(make), message, ValueError)


@pytest.mark.parametrize("kind", DATASETS)
def test_the_same_for_the_optimizer(kind):
    """Its state is left alone then; the model is what counts."""
    make, message = DATASETS[kind]

    def change(file):
        del file["optimizer_weights/adam/hidden_kernel_momentum"]
        make(file["optimizer_weights/adam"], "hidden_kernel_momentum")

    data = changed(change)
    with harmless() as outcome, pytest.warns(UserWarning, match=message):
        loaded = load(data)
        outcome["loaded"] = True
    assert int(loaded.optimizer.iterations.numpy()) == 0


def test_weights_in_chunks():
    good = np.arange(12.0).reshape(SHAPE)
    for options in (
        {"chunks": (2, 3)},
        {"chunks": (2, 3), "compression": "gzip"},
        {"chunks": (2, 3), "shuffle": True, "compression": "gzip", "fletcher32": True},
        {"chunks": (64, 64), "maxshape": (None, None), "shuffle": True},
        {"dtype": ">f8", "chunks": (3, 1), "fletcher32": True},
        {"dtype": "i2", "chunks": (1, 4)},
    ):
        data = in_place_of_the_kernel(lambda g, n: g.create_dataset(n, data=good.astype(options.get("dtype", "f4")), **{k: v for k, v in options.items() if k != "dtype"}))
        np.testing.assert_array_equal(load(data).get_layer("hidden").kernel.numpy(), good)
    empty = in_place_of_the_kernel(lambda g, n: g.create_dataset(n, SHAPE, "f4", chunks=(2, 2), fillvalue=3))
    np.testing.assert_array_equal(load(empty).get_layer("hidden").kernel.numpy(), np.full(SHAPE, 3))


def move_to_another_file(file):
    file.move("model_weights", "elsewhere")
    file["model_weights"] = h5py.ExternalLink("other.h5", "/elsewhere")


def link_to_itself(file):
    del file["model_weights/hidden"]
    file["model_weights/hidden"] = h5py.SoftLink("/model_weights/hidden")


def link_of_the_optimizer(file):
    file.move("optimizer_weights", "elsewhere")
    file["optimizer_weights"] = h5py.SoftLink("/elsewhere")


@pytest.mark.parametrize("change", [move_to_another_file, link_to_itself, link_of_the_optimizer])
def test_links_on_the_way(change, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with h5py.File(tmp_path / "other.h5", "w") as other, h5py.File(io.BytesIO(GOOD), "r") as good:
        good.copy("model_weights", other, "elsewhere")
    refused(changed(change), "is a link to", ValueError)


def test_a_cycle_of_links_is_not_followed():
    def change(file):
        file["model_weights/hidden/again"] = file["model_weights"]
        file["model_weights/model_weights"] = file["/"]

    with harmless() as outcome:
        assert load(changed(change)).built
        outcome["loaded"] = True


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "a/b", "..", ".", "/", "", "a//b", "x\0y", "\udc80", "a" * 100_000, 7, None, ["x"]])
def test_names_never_reach_the_file_system(tmp_path, name):
    config = json.loads(json.dumps(CONFIG).replace('"hidden"', json.dumps(name)))
    loaded = attempt(with_config(config))
    if loaded is None:
        return
    outside = sorted(tmp_path.parent.iterdir())
    try:
        loaded.save(tmp_path / "m.h5")
    except (ValueError, TypeError):
        assert not list(tmp_path.iterdir())
    else:
        assert [p.name for p in tmp_path.iterdir()] == ["m.h5"]
        again = rkeras.models.load_model(tmp_path / "m.h5")
        for a, b in zip(loaded.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert sorted(tmp_path.parent.iterdir()) == outside


ATTRIBUTES = {
    "no text": 7,
    "numbers": np.ones(3),
    "other names": np.array([b"../../x", b"hidden", b"out"]),
    "twice": np.array([b"x", b"hidden", b"hidden", b"bn", b"out"]),
    "too few": np.array([b"x", b"hidden"]),
    "not UTF-8": np.array([b"x", b"\xff\xfe"]),
    "nothing": h5py.Empty("S1"),
    "a record": np.zeros(2, [("a", "S4")]),
    "bytes alone": b"hidden",
    "up": np.array([b"..", b".", b"/", b"", b"hidden/.."]),
}


@pytest.mark.parametrize("kind", ATTRIBUTES)
@pytest.mark.parametrize("place", ["model_weights:layer_names", "model_weights/hidden:weight_names", "optimizer_weights:weight_names"])
def test_lists_of_names(kind, place):
    group, attribute = place.split(":")

    def change(file):
        del file[group].attrs[attribute]
        file[group].attrs[attribute] = ATTRIBUTES[kind]

    if group.startswith("optimizer"):
        with pytest.warns(UserWarning, match="optimizer's state is not loaded"):
            assert attempt(changed(change)) is not None
    else:
        refused(changed(change), kind=ValueError)


def test_names_that_are_all_the_same_long_text():
    def change(file):
        del file["model_weights"].attrs["layer_names"]
        file["model_weights"].attrs["layer_names"] = np.array(["x" * (1 << 16)] * 4000, object)

    refused(changed(change), "too large|does not fit|layers with weights", ValueError)


@pytest.mark.parametrize("name", ["model_config", "training_config"])
@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"7", b"null", b'"text"', b"[]", b"\xff", b"[" * 100_000, b"9" * 100_000, b'{"a": NaN}',
     b'{"class_name": "Sequential"}', b'{"class_name": 7, "config": {}}', b'{"class_name": "Sequential", "config": 7}',
     b'{"class_name": "Sequential", "config": {"layers": {}}}', b'{"class_name": "Model", "config": {"layers": [7]}}'],
)  # fmt: skip
def test_texts_that_are_no_config(name, text):
    if name == "model_config":
        refused(with_config(text))
    else:
        loaded = attempt(with_config(text, name))
        assert loaded is None or loaded.optimizer is None or text == b'{"a": NaN}'


def test_a_long_config():
    with harmless(limit=1 << 28), pytest.raises(ValueError, match="more than"):
        load(with_config(b" " * ((1 << 25) + 1)))


def test_attributes_that_are_no_text():
    for value in (7, np.ones(3), h5py.Empty("S1"), np.array([b"{}", b"{}"])):
        refused(changed(lambda f: f.attrs.__setitem__("model_config", value)), kind=ValueError)


def test_files_that_are_no_models():
    refused(changed(lambda f: f.attrs.__delitem__("model_config")), r"load_weights\(\)", ValueError)
    refused(changed(lambda f: f.__delitem__("model_weights")), "no group 'model_weights'", ValueError)
    refused(b"", "neither")
    refused(b"\x89HDF\r\n\x1a\n", "no HDF5 file, or is damaged", ValueError)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("units", [10**8, 10**12, 2**63, 10**18])
def test_a_model_larger_than_its_file(units, old):
    record = dense1("d", units) if old else {"class_name": "Dense", "config": {"units": units, "name": "d"}}
    refused(with_config(sequential(record)))


VALUES = [None, True, -1, 10**18, 1e308, "text", "", [], {}, [[]], {"class_name": "Dense", "config": {}}, [None, None], "\0"]
PLACES = [("model_config", CONFIG, path) for path in slots(CONFIG)] + [
    ("training_config", TRAINING, path) for path in slots(TRAINING)
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(VALUES))
def test_wrong_types_in_every_slot(place, value):
    name, config, path = place
    attempt(with_config(replaced(config, path, value), name))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1))
def test_files_that_are_cut_off(end):
    refused(GOOD[:end], kind=ValueError, traced=False)


def test_texts_that_never_end():
    """HDF5 would go on for ever from a piece of free space without a size."""
    heap = GOOD.index(b"GCOL")
    for index, size in ((0, 0), (0, 8), (0, 1 << 40), (1, (1 << 64) - 1), (1, 1 << 40)):
        data = bytearray(GOOD)
        data[heap + 16 : heap + 32] = struct.pack("<HHIQ", index, 1, 0, size)
        refused(bytes(data), "the texts at byte", ValueError)
    refused(GOOD[:13] + b"\4\4" + GOOD[15:], "64 bits", ValueError)


def test_flipped_bits():
    """In a process of its own: HDF5 is a large library in C, and its crash would end all other tests too."""
    code = "from saving.test_hostile_h5 import flip; import warnings; warnings.simplefilter('ignore'); flip(400)"
    result = subprocess.run([sys.executable, "-c", code], cwd="tests", capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]


def flip(count):
    """Loads many files with some bytes changed, in little memory."""
    limit_memory(1 << 30)
    rng = np.random.default_rng(0)
    # Most bytes of an HDF5 file are room for more: change those that say something.
    telling = np.flatnonzero(np.frombuffer(GOOD, np.uint8))
    for _ in range(count):
        data = np.frombuffer(GOOD, np.uint8).copy()
        places = rng.choice(telling, rng.integers(1, 4))
        data[places] = rng.integers(0, 256, len(places))
        attempt(data.tobytes())
