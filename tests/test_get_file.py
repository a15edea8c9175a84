"""keras.utils.get_file, from files in place of servers."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from rkeras.utils import get_file


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def served(tmp_path):
    """Writes a file and gives its address and checksum."""

    def serve(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path.as_uri(), hashlib.sha256(content).hexdigest()

    return serve


def test_a_file_is_downloaded_once(home, served, capsys):
    origin, checksum = served("a.txt", b"one")
    path = get_file(origin=origin, file_hash=checksum)
    assert path == str(home / "datasets" / "a.txt") and Path(path).read_bytes() == b"one"
    assert capsys.readouterr().out.startswith(f"Downloading data from {origin}\n")
    served("a.txt", b"two")
    assert get_file(origin=origin, file_hash=checksum) == path and Path(path).read_bytes() == b"one"
    assert capsys.readouterr().out == ""
    assert get_file("a.txt", origin, force_download=True) == path and Path(path).read_bytes() == b"two"


def test_places_in_the_cache(home, served, tmp_path):
    origin, _ = served("a.txt", b"one")
    assert get_file("b.txt", origin, cache_subdir="other") == str(home / "other" / "b.txt")
    assert get_file("b.txt", origin, cache_dir=tmp_path / "there") == str(tmp_path / "there" / "datasets" / "b.txt")
    assert get_file("b.txt", origin, cache_subdir=str(tmp_path / "abs")) == str(tmp_path / "abs" / "b.txt")


def test_a_file_with_another_checksum_is_downloaded_again(home, served, capsys):
    origin, checksum = served("a.txt", b"one")
    path = get_file("a.txt", origin)
    Path(path).write_bytes(b"broken")
    assert get_file("a.txt", origin, md5_hash=hashlib.md5(b"one").hexdigest()) == path
    assert "downloaded again" in capsys.readouterr().out and Path(path).read_bytes() == b"one"
    # What comes is checked before it takes the place of what is there.
    served("a.txt", b"forged")
    with pytest.raises(ValueError, match=f"not {checksum}"):
        get_file("a.txt", origin, file_hash=checksum, force_download=True)
    assert Path(path).read_bytes() == b"one" and os.listdir(home / "datasets") == ["a.txt"]


def test_what_cannot_be_had_says_where_to_put_it(home, tmp_path):
    origin = (tmp_path / "missing.txt").as_uri()
    with pytest.raises(OSError, match=r"put the file at .*missing\.txt"):
        get_file(origin=origin)
    assert os.listdir(home / "datasets") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fname": "a.txt"}, "origin"),
        ({"origin": "https://there/"}, "file name"),
        ({"fname": "../a.txt", "origin": "https://there/a.txt"}, "directories"),
        ({"fname": "..", "origin": "https://there/a.txt"}, "directories"),
        ({"origin": "https://there/a.rar", "extract": True, "archive_format": "rar"}, "archive_format"),
    ],
)
def test_calls_that_make_no_sense(home, arguments, words):
    with pytest.raises(ValueError, match=words):
        get_file(**arguments)


def test_an_unknown_kind_of_checksum(home, served):
    with pytest.raises(ValueError, match="crc32"):
        get_file(origin=served("a.txt", b"one")[0], file_hash="0", hash_algorithm="crc32")


def _tar(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                archive.addfile(info)
    return buffer.getvalue()


def _zip(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _files(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in Path(path).rglob("*") if file.is_file()}


@pytest.mark.parametrize("pack", [_tar, _zip])
def test_archives_are_extracted(home, served, pack):
    origin, checksum = served("pictures.archive", pack({"pictures/a/1.txt": b"one", "pictures/2.txt": b"two"}))
    inside = {"pictures/a/1.txt": b"one", "pictures/2.txt": b"two"}
    # The archive's own name is free for the directory, as in Keras.
    for fname, place, archive in (
        ("flowers", "flowers", "flowers_archive"),
        ("flowers.tgz", "flowers_extracted", "flowers.tgz"),
        (None, "pictures.archive", "pictures.archive_archive"),
    ):
        path = get_file(fname, origin, extract=True, file_hash=checksum)
        assert path == str(home / "datasets" / place) and (home / "datasets" / archive).is_file()
        assert _files(path) == inside
    assert get_file("flowers", origin, untar=pack is _tar, extract=True) == str(home / "datasets" / "flowers")
    # What was extracted stays as it is, and is made again with its archive.
    extra = home / "datasets" / "flowers" / "extra.txt"
    extra.write_text("mine")
    get_file("flowers", origin, extract=True)
    assert extra.exists()
    get_file("flowers", origin, extract=True, force_download=True)
    assert not extra.exists() and _files(home / "datasets" / "flowers") == inside


def test_archives_do_not_reach_outside(home, served, tmp_path):
    members = {
        "../evil.txt": b"out",
        str(tmp_path / "absolute.txt"): b"out",
        "a/../../evil.txt": b"out",
        "here.txt": b"in",
        "copy": (tarfile.LNKTYPE, "here.txt"),
        "door": (tarfile.SYMTYPE, str(tmp_path)),
        "door/evil.txt": b"in",
        "loop": (tarfile.SYMTYPE, "loop"),
        "device": (tarfile.CHRTYPE, ""),
    }
    origin, _ = served("evil.tar.gz", _tar(members))
    with pytest.warns(UserWarning, match="left out"):
        path = get_file("evil", origin, extract=True)
    assert _files(path) == {"here.txt": b"in", "copy": b"in", "door/evil.txt": b"in"}
    assert sorted(os.listdir(tmp_path)) == ["evil.tar.gz", "home"]
    assert not [name for name in os.listdir(path) if stat.S_ISLNK(os.lstat(os.path.join(path, name)).st_mode)]
    zipped, _ = served("evil.zip", _zip({"../evil.txt": b"out", "in.txt": b"in"}))
    with pytest.warns(UserWarning, match="outside"):
        assert _files(get_file("evil2", zipped, extract=True)) == {"in.txt": b"in"}


def test_what_is_no_archive_is_not_extracted(home, served):
    origin, _ = served("plain.txt", b"text")
    with pytest.warns(UserWarning, match="no archive"):
        get_file("plain", origin, extract=True)
