"""Files that appear whole or not at all, whatever interrupts their writing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_file(path: str, overwrite: bool = True) -> Iterator[str]:
    """Gives the name of a temporary file that takes the place of ``path`` at the end, if nothing was raised.

    The numbers are on the disk before the name changes, so that after a kill or a power cut ``path`` is the
    old file or the new one.

    Raises:
        FileExistsError: if ``path`` exists and must not be overwritten.
        IsADirectoryError: if ``path`` is a directory.
        FileNotFoundError: if the directory of ``path`` does not exist.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"Cannot write '{path}': it is a directory. Give a file name.")
    if target.exists() and not overwrite:
        raise FileExistsError(f"'{path}' exists already; pass overwrite=True to replace it.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"Cannot write '{path}': the directory '{target.parent}' does not exist.")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    os.close(handle)
    try:
        yield name
        # mkstemp makes files private; a saved model is as readable as any other new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        _flush(name)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flush(str(target.parent))


def _flush(path: str) -> None:
    """Waits until a file's bytes, or a directory's names, are on the disk."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        return  # a directory that may be written to but not listed
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
