"""Where the files of the data sets are, and what is in them."""

from __future__ import annotations

import json
import zipfile
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from rkeras.datasets._plain_pickle import load_plain
from rkeras.utils.files import get_file

_FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_CIFAR = "https://www.cs.toronto.edu/~kriz/"


class Source(NamedTuple):
    """The address of a file and its checksum, None where none is known."""

    origin: str
    checksum: str | None


SOURCES = {
    "boston_housing.npz": Source(
        _FOLDER + "boston_housing.npz", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
    ),
    "california_housing.npz": Source(
        _FOLDER + "california_housing.npz", "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
    ),
    "cifar-10-batches-py-target_archive": Source(
        _CIFAR + "cifar-10-python.tar.gz", "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    ),
    "cifar-100-python-target_archive": Source(
        _CIFAR + "cifar-100-python.tar.gz", "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
    ),
    "imdb.npz": Source(_FOLDER + "imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
    "imdb_word_index.json": Source(_FOLDER + "imdb_word_index.json", "bfafd718b763782e994055a2d397834f"),
    "mnist.npz": Source(_FOLDER + "mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),
    "reuters.npz": Source(_FOLDER + "reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),
    "reuters_word_index.json": Source(_FOLDER + "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921"),
    **{
        f"{part}-{what}-ubyte.gz": Source(f"{_FOLDER}{part}-{what}-ubyte.gz", None)
        for part in ("train", "t10k")
        for what in ("images-idx3", "labels-idx1")
    },
}


def fetch(file: str, path: str | None = None, folder: str = "datasets") -> str:
    """The path of a file of a data set, downloaded if it is not in the cache.

    Args:
        file: key of ``SOURCES``.
        path: its name in the cache, if another.
        folder: of the cache.

    Returns:
        Its path.

    Raises:
        OSError: it is not there and cannot be downloaded.
        ValueError: what was downloaded has another checksum.
    """
    source = SOURCES[file]
    return get_file(path or file, source.origin, file_hash=source.checksum, cache_subdir=folder)


def arrays(file: str, path: str) -> dict[str, Any]:
    """The arrays of an ``.npz`` file of the cache. Objects in it are lists of numbers; nothing in it names code.

    Args:
        file: key of ``SOURCES``.
        path: its name in the cache.

    Returns:
        Arrays by their names.

    Raises:
        OSError: it is not there and cannot be downloaded.
        ValueError: it is damaged, or has objects that are no data.
    """
    found = {}
    with zipfile.ZipFile(fetch(file, path)) as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as member:
                    found[name.removesuffix(".npy")] = _array(member, name)  # type: ignore[arg-type]
    return found


def _array(member: BinaryIO, name: str) -> Any:
    header = np.lib.format
    version = header.read_magic(member)
    read = {(1, 0): header.read_array_header_1_0, (2, 0): header.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"{name!r} has version {version} of the format of arrays, which is not known here")
    if read(member)[2].hasobject:
        return load_plain(member.read())
    member.seek(0)
    return header.read_array(member, allow_pickle=False)


def word_index(file: str, path: str) -> dict[str, int]:
    """The number of each word, from a JSON file of the cache.

    Args:
        file: key of ``SOURCES``.
        path: its name in the cache.

    Returns:
        Numbers by words.

    Raises:
        OSError: it is not there and cannot be downloaded.
        ValueError: it is damaged.
    """
    with open(fetch(file, path), encoding="utf-8") as opened:
        return json.load(opened)  # type: ignore[no-any-return]
