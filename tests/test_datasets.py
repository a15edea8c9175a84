"""keras.datasets: files of the cache against figures from Keras (fixtures/make_datasets.py), and files from strangers."""

from __future__ import annotations

import importlib
import io
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras.datasets import _files
from rkeras.datasets._plain_pickle import load_plain
from tests.fixtures.dataset_cases import CALLS, batch, figure, write_archive, write_cache

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "datasets.json").read_text())


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    path = tmp_path_factory.mktemp("home")
    write_cache(path)
    return path


@pytest.fixture
def cache(home, monkeypatch):
    """A cache whose files are not those whose checksums are known; nothing of it can be downloaded."""
    monkeypatch.setenv("KERAS_HOME", str(home))
    unchecked = {name: _files.Source("file:///nowhere", None) for name in _files.SOURCES}
    monkeypatch.setattr(_files, "SOURCES", unchecked)
    return home


def test_there_is_a_figure_for_each_call():
    assert CALLS == [(name, function, kwargs) for name, function, kwargs, _ in FIGURES]


@pytest.mark.parametrize(("name", "function", "kwargs", "expected"), FIGURES)
def test_data_are_those_of_keras(cache, name, function, kwargs, expected):
    found = getattr(importlib.import_module(f"rkeras.datasets.{name}"), function)(**kwargs)
    assert figure(found) == expected


def test_arrays_may_be_written_to(cache):
    for name in ("mnist", "fashion_mnist", "cifar100"):
        for part in getattr(rkeras.datasets, name).load_data():
            assert all(array.flags.writeable for array in part)


def test_cifar10_is_five_batches_and_one(cache):
    random = np.random.default_rng(3)
    names = [f"data_batch_{i}" for i in (2, 1, 3, 4, 5)] + ["test_batch"]
    batches = {f"cifar-10-batches-py/{name}": batch(random, 2, **{"": 10}) for name in names}
    archive = cache / "datasets" / "cifar-10-batches-py-target_archive"
    write_archive(archive, {"cifar-10-batches-py/readme.html": b"<p>", **batches})
    (x, y), (x_test, y_test) = rkeras.datasets.cifar10.load_data()
    assert (x.shape, y.shape, x_test.shape, y_test.shape) == ((10, 32, 32, 3), (10, 1), (2, 32, 32, 3), (2, 1))
    assert {a.dtype.name for a in (x, y, x_test, y_test)} == {"uint8"}
    second = pickle.loads(batches["cifar-10-batches-py/data_batch_2"])
    assert (x[2:4].transpose(0, 3, 1, 2).reshape(2, -1) == second[b"data"]).all() and y[2:4, 0].tolist() == second[b"labels"]
    rkeras.config.set_image_data_format("channels_first")
    try:
        assert (rkeras.datasets.cifar10.load_data()[0][0] == x.transpose(0, 3, 1, 2)).all()
    finally:
        rkeras.config.set_image_data_format("channels_last")
    write_archive(archive, {"cifar-10-batches-py/data_batch_1": batches["cifar-10-batches-py/data_batch_1"]})
    with pytest.raises(ValueError, match="has no cifar-10-batches-py/data_batch_2"):
        rkeras.datasets.cifar10.load_data()


def test_a_file_may_have_another_name(cache):
    datasets = cache / "datasets"
    (datasets / "digits.npz").write_bytes((datasets / "mnist.npz").read_bytes())
    assert rkeras.datasets.mnist.load_data("digits.npz")[0][0].shape == (2, 28, 28)


def test_scripts_import_them_as_ever(cache):
    rkeras.install_as_keras()
    try:
        import tensorflow as tf
        from keras.datasets import mnist
        from tensorflow.keras.datasets import imdb

        assert mnist is rkeras.datasets.mnist is tf.keras.datasets.mnist and imdb is rkeras.datasets.imdb
    finally:
        rkeras.compat.redirect.uninstall_as_keras()
    with pytest.warns(DeprecationWarning, match="num_words=50"):
        (x, _), _ = rkeras.datasets.imdb.load_data(nb_words=50)
    assert max(map(max, x)) < 50


def test_what_cannot_be_is_refused(cache):
    with pytest.raises(ValueError, match="test_split"):
        rkeras.datasets.boston_housing.load_data(test_split=1.0)
    with pytest.raises(ValueError, match="'medium'"):
        rkeras.datasets.california_housing.load_data("medium")
    with pytest.raises(ValueError, match="'rough'"):
        rkeras.datasets.cifar100.load_data("rough")
    with pytest.raises(ValueError, match="maxlen=1"):
        rkeras.datasets.imdb.load_data(maxlen=1)
    with pytest.raises(TypeError, match="words"):
        rkeras.datasets.imdb.load_data(words=3)


def test_files_of_another_checksum_are_not_read(home, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_HOME", str(home))
    source = _files.SOURCES["mnist.npz"]._replace(origin="file:///nowhere/mnist.npz")
    monkeypatch.setitem(_files.SOURCES, "mnist.npz", source)
    with pytest.raises(OSError, match=r"put the file at .*mnist\.npz yourself"):
        rkeras.datasets.mnist.load_data()
    assert "incomplete or outdated" in capsys.readouterr().out


def test_damaged_files_say_so(cache):
    place = cache / "datasets" / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz"
    pictures = cache / "datasets" / "fashion-mnist" / "t10k-images-idx3-ubyte.gz"
    labels = place.read_bytes()
    try:
        place.write_bytes(pictures.read_bytes())
        with pytest.raises(ValueError, match="no IDX file of bytes with 1 axes"):
            rkeras.datasets.fashion_mnist.load_data()
    finally:
        place.write_bytes(labels)


DATA = {
    "numbers": [0, 255, 256, 65535, 65536, -1, -(2**31), 2**70, -(2**70), 0.5, True, False, None],
    "texts": ["a", "é" * 300, b"\x00\xff", b"x" * 300, ""],
    "containers": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}, {"a": [{}]}, list(range(3000))],
}


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("name", DATA)
def test_plain_data_are_as_python_reads_them(name, protocol):
    data = pickle.dumps(DATA[name], protocol)
    assert load_plain(data) == pickle.loads(data) == DATA[name]


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_arrays_are_as_python_reads_them(protocol):
    ragged = np.empty((2, 1), dtype=object)
    ragged[:, 0] = [[1, 2], [3]]
    given = [
        np.arange(6, dtype="uint8").reshape(2, 3), np.asfortranarray(np.ones((2, 3))), np.array(2.5),
        np.array([1, 2], ">i4"), ragged, np.array([True]),
    ]  # fmt: skip
    found = load_plain(pickle.dumps([*given, given[0]], protocol))
    for array, expected in zip(found, [*given, given[0]], strict=True):
        assert array.dtype == expected.dtype and array.shape == expected.shape and array.tolist() == expected.tolist()
    assert found[0] is found[-1]


def test_text_of_python_2_is_bytes():
    assert load_plain(b"\x80\x02}q\x01U\x06labelsq\x02]q\x03(K\x01K\x02es.") == {b"labels": [1, 2]}
    assert load_plain(b"\x80\x02T\x03\x00\x00\x00abc.") == b"abc"


class Command:
    """Runs a command when Python's unpickler reads it."""

    def __reduce__(self):
        return os.system, ("touch should_not_be_here",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_names_code_is_refused(protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in (Command(), [1, Command()], np.array([Command()], dtype=object), print, {1, 2}, np.float32(1)):
        with pytest.raises(ValueError, match="a data file"):
            load_plain(pickle.dumps(value, protocol))
    assert not list(tmp_path.iterdir())


def _with(change):
    array = np.empty(1, dtype=object)
    array[0] = [1, 2, 3]
    data = pickle.dumps([array, np.arange(3, dtype="int64")], 3)
    changed = change(data)
    assert changed != data
    return changed


FORGED = {
    "bytes for objects": lambda data: data.replace(b"X\x02\x00\x00\x00i8", b"X\x02\x00\x00\x00O8"),
    "objects for bytes": lambda data: data.replace(b"X\x02\x00\x00\x00O8", b"X\x02\x00\x00\x00i8"),
    "more than there is": lambda data: data.replace(b"K\x03\x85", b"K\x04\x85"),
    "a void": lambda data: data.replace(b"X\x02\x00\x00\x00i8", b"X\x02\x00\x00\x00V8"),
    "no dtype": lambda data: data.replace(b"X\x02\x00\x00\x00i8", b"X\x02\x00\x00\x00\x00\x00"),
    "a function as data": lambda data: b"\x80\x02cnumpy\ndtype\n.",
    "a call of a list": lambda data: b"\x80\x02](K\x01tR.",
    "a state for a list": lambda data: b"\x80\x02]}b.",
    "items for a tuple": lambda data: b"\x80\x02)K\x01a.",
    "an empty stack": lambda data: b"\x80\x02.",
    "no memo": lambda data: b"\x80\x02h\x05.",
    "a list as a key": lambda data: b"\x80\x02}]K\x01s.",
    "a length beyond the end": lambda data: b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fa.",
    "an open line": lambda data: b"\x80\x02cnumpy",
    "another encoding": lambda data: b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R.",
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_pickles_are_refused(name):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        load_plain(_with(FORGED[name]))


def test_pickles_cut_off_anywhere_are_refused():
    whole = pickle.dumps([{"a": np.arange(4)}, (1, 2.5, "text", b"bytes", 70000)], 2)
    for end in range(len(whole)):
        with pytest.raises(ValueError, match="a data file"):
            load_plain(whole[:end])


def test_arrays_of_objects_in_a_cache_are_data_only(cache):
    buffer = io.BytesIO()
    np.savez(buffer, x_train=np.array([Command()], dtype=object))
    (cache / "datasets" / "strange.npz").write_bytes(buffer.getvalue())
    for load in (rkeras.datasets.imdb.load_data, rkeras.datasets.mnist.load_data):
        with pytest.raises(ValueError, match=r"posix\.system|nt\.system"):
            load("strange.npz")
