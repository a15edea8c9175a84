"""Zip files that no saving of a model made."""

import zipfile

import pytest

import rkeras
from saving.hostile import archive, harmless, load, members, raw_zip, refused, saved

GOOD = saved()
PARTS = members(GOOD)
NAMES = ("metadata.json", "config.json", "model.weights.h5")


def entries(**changes):
    """Those of a good file; ``local``/``central`` change the headers of the config."""
    local, central = changes.get("local", {}), changes.get("central", {})
    return [
        (name, PARTS[name], local if name == "config.json" else {}, central if name == "config.json" else {})
        for name in NAMES
    ]


def test_the_hand_made_file_is_good():
    load(raw_zip(entries()))
    load(archive(PARTS, zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"local": {"size": 5}}, "two headers"),
        ({"local": {"packed": 5}}, "two headers"),
        ({"local": {"crc": 5}}, "two headers"),
        ({"local": {"method": 8}}, "two headers"),
        ({"local": {"signature": b"PK\3\5"}}, "two headers"),
        ({"local": {"name": 3}}, "two headers"),
        ({"local": {"crc": 5}, "central": {"crc": 5}}, "checksum"),
        ({"local": {"flags": 0x801}, "central": {"flags": 0x801}}, "encrypted"),
        ({"local": {"method": 12}, "central": {"method": 12}}, "not supported"),
        ({"local": {"method": 8}, "central": {"method": 8}}, "damaged"),
        ({"central": {"size": 10}}, "two different sizes"),
        ({"central": {"size": 1 << 30, "packed": 1 << 30}}, "two headers"),
        (
            {"local": {"size": 1 << 30, "packed": 1 << 30}, "central": {"size": 1 << 30, "packed": 1 << 30}},
            "reaches into the directory",
        ),
        ({"central": {"offset": 0}}, "two headers"),
        ({"central": {"offset": 1 << 30}}, "outside"),
        ({"central": {"size": 0xFFFFFFFF}}, "sizes of the member"),
        ({"central": {"name": 200}}, "UTF-8|directory|name"),
    ],
)
def test_headers_that_lie(changes, match):
    refused(raw_zip(entries(**changes)), match)


def test_members_twice_or_overlapping():
    twice = [*entries(), ("config.json", b"{}", {}, {})]
    refused(raw_zip(twice), "twice")
    overlapping = [*entries(), ("a", b"", {}, {})]
    first = raw_zip(overlapping)
    assert load(first)
    inside = raw_zip([("config.json", raw_zip(entries()), {}, {}), ("metadata.json", b"", {}, {"offset": 41})])
    refused(inside, "overlaps|headers")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "c:\\x", "assets\\x", "a//b", ".", "x\0y"])
def test_names_that_leave_the_directory(name):
    refused(raw_zip([*entries(), (name, b"", {}, {})]), "has the name")


def test_many_members():
    refused(raw_zip([*entries(), *((f"assets/{i}", b"", {}, {}) for i in range(5000))]), "5,003 members")


def test_zip64_that_lies():
    end = GOOD.rindex(b"PK\5\6")
    refused(GOOD[: end + 10] + b"\xff\xff" + GOOD[end + 12 :], "zip64|volumes")
    refused(GOOD[: end + 16] + b"\xff\xff\xff\xff" + GOOD[end + 20 :], "zip64")


def test_what_stands_before_and_behind():
    refused(GOOD + b"x", "behind its end")
    refused(b"x" + GOOD, "directory is not where")
    for end in range(0, len(GOOD), 997):
        refused(GOOD[:end])


def test_bombs():
    spaces = b" " * (100 << 20)
    refused(archive({**PARTS, "config.json": spaces}, zipfile.ZIP_DEFLATED), "grow from|more than")
    refused(archive({**PARTS, "model.weights.h5": bytes(100 << 20)}, zipfile.ZIP_DEFLATED), "grow from")
    big = b" " * (40 << 20)
    parts = {**PARTS, "config.json": big}
    packed = archive(parts)
    refused(packed, "has 41,943,040 bytes")
    # Other members may be of any size: they are not read.
    with harmless():
        data = archive({**PARTS, "assets/a": bytes(10 << 20)}, zipfile.ZIP_DEFLATED)
    assert load(data).built


def test_missing_members():
    for name in ("config.json", "model.weights.h5"):
        refused(archive({key: data for key, data in PARTS.items() if key != name}), name)
    refused(archive({"model.weights.npz": b"", "config.json": PARTS["config.json"]}), "pickles")
    assert load(archive({key: PARTS[key] for key in ("config.json", "model.weights.h5")})).built


def test_the_members_of_a_directory_are_plain_files(tmp_path):
    import os

    rkeras.saving.save_model(load(GOOD), tmp_path / "m", zipped=False)
    os.unlink(tmp_path / "m" / "config.json")
    os.mkfifo(tmp_path / "m" / "config.json")
    with harmless(), pytest.raises(ValueError, match=r"config\.json"):
        rkeras.models.load_model(tmp_path / "m")
