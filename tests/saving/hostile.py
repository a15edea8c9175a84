"""Archives made by hand, to be changed for the worse; and what must hold when they are loaded."""

import contextlib
import copy
import io
import json
import pathlib
import resource
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

import rkeras
from rkeras import _engine, layers, naming
from rkeras.saving import get_custom_objects

REFUSED = (ValueError, TypeError)
EXECUTED = []
BYSTANDER = rkeras.Sequential([rkeras.Input((2,)), layers.Dense(2)])


def model():
    inputs = rkeras.Input((3,), name="x")
    hidden = layers.Dense(4, activation="relu", name="hidden")(inputs)
    both = layers.Concatenate(name="both")([hidden, rkeras.ops.tanh(inputs) * 2.0])
    result = rkeras.Model(inputs, layers.Dense(1, name="out")(layers.BatchNormalization(name="bn")(both)), name="good")
    result.compile("adam", "mse", metrics=["mae"])
    result.fit(np.ones((4, 3), "float32"), np.ones((4, 1), "float32"), verbose=0)
    return result


def saved(what=None):
    file = io.BytesIO()
    rkeras.saving.save_model(what or model(), file)
    return file.getvalue()


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive(parts, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as out:
        for name, data in parts.items():
            out.writestr(name, data)
    return file.getvalue()


def with_config(data, change):
    """An archive whose config a function has changed, in place or by returning another."""
    parts = members(data)
    config = json.loads(parts["config.json"])
    config = change(config) or config
    return archive({**parts, "config.json": config if isinstance(config, (str, bytes)) else json.dumps(config)})


def layer_in(config, name):
    return next(layer for layer in config["config"]["layers"] if layer["config"]["name"] == name)


def slots(value, path=()):
    """The paths of everything in a structure."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from slots(item, (*path, key))


def replaced(value, path, new):
    value = copy.deepcopy(value)
    place = value
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = new
    return value


def load(data, **options):
    return rkeras.models.load_model(io.BytesIO(data), **options)


@contextlib.contextmanager
def harmless(limit=64 << 20, traced=True):
    """Nothing may be run, left behind or changed, and little memory used, by what is in here.

    Python's own memory is looked at if ``traced``, which takes time.
    """
    before = BYSTANDER.get_weights()
    names, custom, unsafe = naming.counts(), dict(get_custom_objects()), rkeras.config.is_unsafe_deserialization_enabled()
    EXECUTED.clear()
    live = _engine.live_bytes()
    if traced:
        tracemalloc.start()
    outcome = {"loaded": False}
    try:
        yield outcome
    finally:
        peak = tracemalloc.get_traced_memory()[1] if traced else 0
        tracemalloc.stop()
    assert peak < limit
    assert _engine.live_bytes() < live + limit
    assert EXECUTED == []
    assert outcome["loaded"] or naming.counts() == names
    assert naming.current_path() == ""
    assert get_custom_objects() == custom
    assert rkeras.config.is_unsafe_deserialization_enabled() == unsafe
    for a, b in zip(before, BYSTANDER.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def limit_memory(more):
    """This process gets so many bytes more than it has, at most."""
    used = int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, resource.RLIM_INFINITY))


def refused(data, match=None, kind=REFUSED, traced=True, **options):
    """Loading fails with a clear error, and does no harm."""
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


def raw_zip(entries, tail=b""):
    """A stored zip file from (name, data, local changes, central changes): changes replace header fields."""
    local, central = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L")
    names = ["signature", "version", "flags", "method", "time", "date", "crc", "packed", "size", "name", "extra"]
    out, directory = bytearray(), bytearray()
    for name, data, local_changes, central_changes in entries:
        fields = dict.fromkeys(names, 0) | {
            "signature": b"PK\3\4", "version": 20, "flags": 0x800, "crc": zlib.crc32(data),
            "packed": len(data), "size": len(data), "name": len(name.encode()),
        }  # fmt: skip
        offset = len(out)
        out += local.pack(*{**fields, **local_changes}.values()) + name.encode() + data
        more = {**fields, "signature": b"PK\1\2", "offset": offset, **central_changes}
        directory += central.pack(
            more["signature"], 20, more["version"], more["flags"], more["method"], 0, 0, more["crc"],
            more["packed"], more["size"], more["name"], 0, 0, 0, 0, 0, more["offset"],
        ) + name.encode()  # fmt: skip
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), len(out), 0)
    return bytes(out + directory + end + tail)
