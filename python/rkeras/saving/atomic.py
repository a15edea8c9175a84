"""Files and directories that appear whole or not at all, whatever interrupts their writing."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
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


@contextmanager
def atomic_directory(path: str) -> Iterator[Path]:
    """Gives an empty directory that takes the place of ``path`` at the end, if nothing was raised.

    On Linux the two change places in one step, so that after a kill ``path`` is the old directory or the new
    one. What was there before is removed.
    """
    target = Path(os.path.abspath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}-", dir=target.parent))
    new = work / "new"
    try:
        new.mkdir()
        yield new
        for entry in (*new.rglob("*"), new):
            _flush(str(entry))
        if target.exists():
            _exchange(new, target)
        else:
            os.replace(new, target)
        _flush(str(target.parent))
    finally:
        shutil.rmtree(work, ignore_errors=True)


_HERE, _RENAME_EXCHANGE = -100, 2
"""``AT_FDCWD`` and the flag of renameat2(2)."""


def _exchange(new: Path, old: Path) -> None:
    """Two directories change places."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if rename is not None:
        if rename(_HERE, os.fsencode(new), _HERE, os.fsencode(old), _RENAME_EXCHANGE) == 0:
            return
        problem = ctypes.get_errno()
        if problem not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(problem, os.strerror(problem), str(old))
    # Not every file system can: then there is a moment without either.
    aside = new.with_name("old")
    os.replace(old, aside)
    try:
        os.replace(new, old)
    except BaseException:
        os.replace(aside, old)
        raise


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
