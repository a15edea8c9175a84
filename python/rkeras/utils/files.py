"""Files from the web, kept in the cache that Keras uses too."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.parse
import urllib.request
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from rkeras.saving.atomic import atomic_directory, atomic_file
from rkeras.training.progress import Progbar, say

_CHUNK = 1 << 20
_SECONDS_OF_SILENCE = 60
"""How long a server may send nothing."""


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Downloads a file, unless it is in the cache already.

    A file appears when it is complete and its checksum has been found to be right. Archives are extracted beside it;
    only files and directories in them are, links as copies of what they stand for, and nothing outside.

    Args:
        fname: its name in the cache; that in ``origin`` by default. Of an archive, the directory that it is
            extracted to.
        origin: the address, ``https://…``, ``http://…``, ``ftp://…`` or ``file:///…``.
        untar: older spelling of ``extract`` for tar archives.
        md5_hash: older spelling of ``file_hash`` for MD5.
        file_hash: SHA-256 or MD5 of the file in hexadecimal. A file in the cache with another one is downloaded again.
        cache_subdir: directory in the cache, or one of its own if absolute.
        hash_algorithm: ``sha256``, ``md5`` or ``auto``, which goes by the length of the hash.
        extract: whether the file is an archive to be extracted.
        archive_format: ``tar``, ``zip``, a list of them, ``auto`` for both, or None for none.
        cache_dir: the cache; by default that of the environment variable ``KERAS_HOME``, or ``~/.keras``.
        force_download: whether to download it even if it is there.

    Returns:
        The path of the file, or of the directory that it was extracted to.

    Raises:
        ValueError: no address, a name with directories, an unknown format, or a file with another checksum.
        OSError: the file cannot be downloaded.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as cache:
        ...     there = Path(cache, "there.txt")
        ...     _ = there.write_text("Hello")
        ...     path = get_file("here.txt", there.as_uri(), file_hash=file_digest(there), cache_dir=cache)
        ...     path == str(Path(cache, "datasets", "here.txt"))
        Downloading data from file://...
        True
    """
    if origin is None:
        raise ValueError("get_file needs to know what to download: pass its address as origin")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    name = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name or name in (".", "..") or os.path.basename(name) != name:
        raise ValueError(
            f"get_file needs a file name without directories (those go into cache_dir and cache_subdir), got "
            f"fname={fname!r} and origin={origin!r}"
        )
    directory = _cache(cache_dir) / cache_subdir
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / name
    extracted = None
    if extract or untar:
        formats = _formats("tar" if untar else archive_format)
        extracted = target
        if fname and "." in name:
            extracted = directory / f"{name.partition('.')[0]}_extracted"
        else:
            target = directory / f"{name}_archive"

    found = target.exists() and not force_download
    if found and file_hash is not None and file_digest(target, _algorithm(hash_algorithm, file_hash)) != file_hash:
        say(f"{target} is incomplete or outdated (its checksum is not {file_hash}); it will be downloaded again")
        found = False
    if not found:
        _download(origin, target, file_hash, hash_algorithm)
    if extracted is None:
        return str(target)
    # A directory appears when all of it is there.
    if not found or not extracted.is_dir():
        _extract(target, extracted, formats)
    return str(extracted)


def file_digest(path: str | os.PathLike[str], algorithm: str = "sha256") -> str:
    """The checksum of a file in hexadecimal.

    Args:
        path: of the file.
        algorithm: ``sha256`` or ``md5``.

    Returns:
        64 or 32 digits.

    Example:
        >>> file_digest(os.devnull, "md5")
        'd41d8cd98f00b204e9800998ecf8427e'
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _algorithm(name: str, expected: str) -> str:
    if name == "auto":
        return "sha256" if len(expected) == 64 else "md5"
    if name not in ("sha256", "md5"):
        raise ValueError(f"hash_algorithm must be 'auto', 'sha256' or 'md5', got {name!r}")
    return name


def _cache(given: str | os.PathLike[str] | None) -> Path:
    path = Path(given or os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    with contextlib.suppress(OSError):
        path.mkdir(parents=True, exist_ok=True)
    # Without a home to write to, there is a place that everybody may write to.
    return path if os.access(path, os.W_OK) else Path(tempfile.gettempdir(), ".keras")


def _download(origin: str, target: Path, expected: str | None, algorithm: str) -> None:
    digest = hashlib.new(_algorithm(algorithm, expected), usedforsecurity=False) if expected else None
    say(f"Downloading data from {origin}")
    with atomic_file(str(target)) as name:
        try:
            with urllib.request.urlopen(origin, timeout=_SECONDS_OF_SILENCE) as answer, open(name, "wb") as file:
                for chunk in _received(answer):
                    file.write(chunk)
                    if digest is not None:
                        digest.update(chunk)
        except OSError as error:
            reason = getattr(error, "reason", None) or error
            raise OSError(
                f"{origin} cannot be downloaded ({reason}). Without a connection, put the file at {target} yourself."
            ) from error
        if digest is not None and digest.hexdigest() != expected:
            raise ValueError(
                f"{origin} is not the file that was expected: its {digest.name} is {digest.hexdigest()}, not {expected}"
            )


def _received(answer: Any) -> Iterator[bytes]:
    length = answer.headers.get("Content-Length", "")
    size = int(length) if length.isdigit() else None
    bar = Progbar(size, unit_name="byte")
    done = 0
    while chunk := answer.read(_CHUNK):
        yield chunk
        done += len(chunk)
        if size is None or done < size:
            bar.update(done)
    if size is not None and done < size:
        raise OSError(f"the connection broke after {done:,} of {size:,} bytes")
    bar.update(done, finalize=True)


_OPEN = {"tar": tarfile.is_tarfile, "zip": zipfile.is_zipfile}


def _formats(wanted: Any) -> list[str]:
    formats = list(_OPEN) if wanted == "auto" else [wanted] if isinstance(wanted, str) else list(wanted or ())
    if not set(formats) <= set(_OPEN):
        raise ValueError(f"archive_format must be 'auto', None, or of {list(_OPEN)}, got {wanted!r}")
    return formats


def _extract(path: Path, directory: Path, formats: list[str]) -> None:
    kind = next((kind for kind in formats if _OPEN[kind](path)), None)
    if kind is None:
        warnings.warn(f"{path} is no archive of the formats {formats}; it was not extracted", stacklevel=3)
        return
    with atomic_directory(str(directory)) as root:
        for name, file in _tar_members(path) if kind == "tar" else _zip_members(path):
            _place(root, name, file)


def _tar_members(path: Path) -> Iterator[tuple[str, BinaryIO | None]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isdir():
                yield member.name, None
                continue
            try:
                file = archive.extractfile(member)
            except (KeyError, RecursionError):  # a link to nothing, or to itself
                file = None
            if file is None:
                warnings.warn(f"{member.name!r} of {path} is neither a file nor a directory; left out", stacklevel=4)
            else:
                yield member.name, file  # type: ignore[misc]


def _zip_members(path: Path) -> Iterator[tuple[str, BinaryIO | None]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            yield member.filename, None if member.is_dir() else archive.open(member)  # type: ignore[misc]


def _place(root: Path, name: str, file: BinaryIO | None) -> None:
    """Writes a member of an archive below a directory in which there are no links; None stands for a directory."""
    place = Path(os.path.normpath(root / name))
    if not place.is_relative_to(root):
        warnings.warn(f"{name!r} of an archive would lie outside of its directory; left out", stacklevel=5)
        return
    if file is None:
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with file, open(place, "wb") as copy:
        shutil.copyfileobj(file, copy, _CHUNK)
