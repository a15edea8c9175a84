"""Weights files that are damaged, or ask for more than they hold or for other files."""

import io
import subprocess
import sys

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rkeras
from rkeras import layers
from saving.hostile import archive, attempt, limit_memory, load, members, refused, saved

GOOD = saved()
PARTS = members(GOOD)
WEIGHTS = PARTS["model.weights.h5"]
PLACE = "layers/dense/vars"
SHAPE = (3, 4)


def changed(change):
    """An archive whose weights file a function has changed."""
    file = io.BytesIO(WEIGHTS)
    with h5py.File(file, "r+") as weights:
        change(weights)
    return archive({**PARTS, "model.weights.h5": file.getvalue()})


def in_place_of_the_kernel(make):
    def change(file):
        del file[PLACE]["0"]
        make(file[PLACE])

    return changed(change)


def virtual(group):
    layout = h5py.VirtualLayout(SHAPE, "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", SHAPE)
    group.create_virtual_dataset("0", layout)


def unknown_filter(group):
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk(SHAPE)
    # Optional, so that the file can be written without it.
    settings.set_filter(32_000, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple(SHAPE)
    h5py.h5d.create(group.id, b"0", h5py.h5t.NATIVE_FLOAT, space, settings)


DATASETS = {
    "another shape": lambda g: g.create_dataset("0", data=np.ones((4, 3), "f4")),
    "2^50 elements": lambda g: g.create_dataset("0", (1 << 50,), "f4", chunks=(1 << 20,), compression="gzip"),
    "2^50 elements with a fill value": lambda g: g.create_dataset("0", (1 << 25, 1 << 25), "f4", chunks=(1, 1 << 20), fillvalue=1),
    "the shape of a product that overflows": lambda g: g.create_dataset("0", (1 << 33, 1 << 31), "f4", chunks=(1, 1024)),
    "rank 32": lambda g: g.create_dataset("0", (1,) * 32, "f4"),
    "a scalar": lambda g: g.create_dataset("0", data=np.float32(1)),
    "no numbers at all": lambda g: g.create_dataset("0", data=h5py.Empty("f4")),
    "external storage": lambda g: g.create_dataset("0", SHAPE, "f4", external=[("/etc/passwd", 0, 48)]),
    "virtual": virtual,
    "an external link": lambda g: g.__setitem__("0", h5py.ExternalLink("/etc/passwd", "/")),
    "a soft link": lambda g: g.__setitem__("0", h5py.SoftLink("/layers/dense_1/vars/0")),
    "a group": lambda g: g.create_group("0"),
    "a link to the parent": lambda g: g.__setitem__("0", g.parent),
    "strings": lambda g: g.create_dataset("0", data=[["a"] * 4] * 3, dtype=h5py.string_dtype()),
    "fixed strings": lambda g: g.create_dataset("0", SHAPE, "S1000"),
    "lists": lambda g: g.create_dataset("0", SHAPE, h5py.vlen_dtype(np.dtype("f4"))),
    "records": lambda g: g.create_dataset("0", SHAPE, np.dtype([("a", "u1"), ("b", "u1")])),
    "complex": lambda g: g.create_dataset("0", SHAPE, "c8"),
    "references": lambda g: g.create_dataset("0", SHAPE, h5py.ref_dtype),
    "an unknown filter": unknown_filter,
}


@pytest.mark.parametrize("kind", DATASETS)
def test_datasets_that_hold_something_else(kind):
    refused(in_place_of_the_kernel(DATASETS[kind]), r"nothing was loaded|layers/dense/vars", ValueError)


def move_to_another_file(file):
    file["layers"].move("dense", "elsewhere")
    file["layers"]["dense"] = h5py.SoftLink("/layers/elsewhere")


def link_in_the_middle(file):
    file.move("layers", "elsewhere")
    file["layers"] = h5py.ExternalLink("other.h5", "/layers")


@pytest.mark.parametrize("change", [move_to_another_file, link_in_the_middle])
def test_links_on_the_way(change):
    refused(changed(change), "is a link to")


def test_a_cycle_of_links_is_not_followed():
    def change(file):
        file["layers/dense/again"] = file["layers"]
        file["layers/dense/vars/layers"] = file["/"]

    refused(changed(change), "3 in 'layers/dense/vars'")


def test_external_files_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with h5py.File(tmp_path / "other.h5", "w") as other, h5py.File(io.BytesIO(WEIGHTS), "r") as weights:
        weights.copy("layers", other)
    refused(changed(link_in_the_middle), "is a link to")
    np.full(SHAPE, 7, "f4").tofile(tmp_path / "raw")
    refused(in_place_of_the_kernel(lambda g: g.create_dataset("0", SHAPE, "f4", external=[("raw", 0, 48)])), "another file")


def test_other_forms_of_good_numbers():
    def change(group):
        group.create_dataset("0", data=np.arange(12.0).reshape(SHAPE), chunks=(2, 2), compression="gzip", shuffle=True, fletcher32=True)

    loaded = load(in_place_of_the_kernel(change))
    np.testing.assert_array_equal(loaded.get_layer("hidden").kernel.numpy(), np.arange(12.0).reshape(SHAPE))


def test_the_state_of_another_optimizer_is_left_alone():
    def change(file):
        del file["optimizer/vars/3"]

    with pytest.warns(UserWarning, match="optimizer's state is not loaded"):
        assert int(load(changed(change)).optimizer.iterations.numpy()) == 0


def test_seeds_that_do_not_fit_are_left_alone():
    model = rkeras.Sequential([rkeras.Input((2,)), layers.Dropout(0.5)])
    parts = members(saved(model))
    for value in (np.ones((2, 2)), np.ones((1, 2), "f4"), np.ones((1, 3), "i8")):
        file = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(file, "r+") as weights:
            group = weights["_rkeras/seeds/layers/dropout"]
            del group["states"]
            group["states"] = value
        assert load(archive({**parts, "model.weights.h5": file.getvalue()})).built


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_flipped_bits_of_an_archive(place, bits):
    data = bytearray(GOOD)
    data[place] ^= bits
    attempt(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, len(GOOD)), st.binary(max_size=40))
def test_pieces_of_an_archive(start, end, middle):
    data = GOOD[:start] + middle + GOOD[end:]
    if data != GOOD:
        attempt(data)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(WEIGHTS) - 1))
def test_weights_that_are_cut_off(end):
    refused(archive({**PARTS, "model.weights.h5": WEIGHTS[:end]}), kind=ValueError)


def test_flipped_bits_of_weights():
    """In a process of its own: HDF5 is a large library in C, and its crash would end all other tests too."""
    code = (
        "from saving.test_hostile_weights import flip; import warnings; warnings.simplefilter('ignore'); flip(800)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd="tests", capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]


def flip(count):
    """Loads many files with some bytes of their weights changed, under checksums that fit, in little memory."""
    limit_memory(1 << 30)
    rng = np.random.default_rng(0)
    # Most bytes of an HDF5 file are room for more: change those that say something.
    telling = np.flatnonzero(np.frombuffer(WEIGHTS, np.uint8))
    for _ in range(count):
        data = np.frombuffer(WEIGHTS, np.uint8).copy()
        places = rng.choice(telling, rng.integers(1, 4))
        data[places] = rng.integers(0, 256, len(places))
        attempt(archive({**PARTS, "model.weights.h5": data.tobytes()}))
