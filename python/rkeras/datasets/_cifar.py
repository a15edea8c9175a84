"""The files of CIFAR: pickles in a tar archive."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import config
from rkeras.datasets._files import fetch
from rkeras.datasets._plain_pickle import load_plain


def read_batches(archive: str, members: Sequence[str], key: bytes) -> list[tuple[Any, Any]]:
    """Pictures and labels of some members of an archive.

    Args:
        archive: key of ``SOURCES``.
        members: paths in the archive.
        key: what labels are called in them.

    Returns:
        For each member uint8 pictures in the configured layout, and a column of labels.

    Raises:
        OSError: the archive is not there and cannot be downloaded.
        ValueError: it is damaged, or holds more than data.
    """
    found: dict[str, tuple[Any, Any]] = {}
    # Members come in the order of the file: going back in it would unpack it again.
    with tarfile.open(fetch(archive), "r|gz") as opened:
        for member in opened:
            file = opened.extractfile(member) if member.name in members and member.isfile() else None
            if file is not None:
                batch = load_plain(file.read())
                pictures = batch[b"data"].reshape(-1, 3, 32, 32)
                if config.image_data_format() == "channels_last":
                    pictures = pictures.transpose(0, 2, 3, 1)
                found[member.name] = pictures, np.array(batch[key]).reshape(-1, 1)
    missing = [name for name in members if name not in found]
    if missing:
        raise ValueError(f"{archive} has no {', '.join(missing)}; delete it to have it downloaded again")
    return [found[name] for name in members]
