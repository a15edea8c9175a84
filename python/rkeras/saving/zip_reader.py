"""Zip files from strangers: the few members of a model file, checked in every field and read within limits.

Source: PKWARE APPNOTE 6.3 (end record, central directory, local headers, zip64).
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO, NamedTuple

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
# Deflate options, a descriptor after the data, names in UTF-8. Nothing else (such as encryption) is read.
_KNOWN_FLAGS = 0x0006 | 0x0008 | 0x0800
_DESCRIPTOR = 0x0008

_MAX_MEMBERS = 4096
_MAX_DIRECTORY = 1 << 20
_MAX_UNPACKED = 1 << 24
"""Compressed members up to this size may have any ratio."""
_MAX_RATIO = 100
_CHUNK = 1 << 20


class Member(NamedTuple):
    """What the directory of a zip file says of a member."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    header: int


class ZipReader:
    """The members of a zip file.

    Args:
        file: open for reading, seekable.
        what: what it is called in errors.

    Raises:
        ValueError: if it is no zip file, is damaged, or is made in a way that archives of models are not.
    """

    def __init__(self, file: BinaryIO, what: str) -> None:
        self._file = file
        self._what = what
        self._length = file.seek(0, io.SEEK_END)
        start, size, count = self._find_directory()
        self._members = self._read_directory(start, size, count)
        self._data_starts = {m.name: self._check_local_header(m) for m in self._members.values()}
        end = 0
        for member in sorted(self._members.values(), key=lambda m: m.header):
            if member.header < end:
                raise self._error(f"the member {member.name!r} overlaps another one")
            end = self._data_starts[member.name] + member.packed
            if end > start:
                raise self._error(f"the member {member.name!r} reaches into the directory")

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def size(self, name: str) -> int:
        """The number of bytes of a member."""
        return self._members[name].size

    def open(self, name: str, limit: int | None = None) -> BinaryIO:
        """A member as a file for reading, once its checksum has been found to be right.

        Args:
            name: of the member.
            limit: the largest number of bytes.

        Raises:
            ValueError: if it is missing, larger, or damaged.
        """
        if name not in self._members:
            raise self._error(f"it has no member {name!r}")
        member = self._members[name]
        if limit is not None and member.size > limit:
            raise self._error(f"its member {name!r} has {member.size:,} bytes, more than {limit:,}")
        if member.method == _STORED:
            part = FilePart(self._file, self._data_starts[name], member.size)
            crc = 0
            while chunk := part.read(_CHUNK):
                crc = zlib.crc32(chunk, crc)
            part.seek(0)
            found: BinaryIO = part  # type: ignore[assignment]
        else:
            data = self._inflate(member)
            crc = zlib.crc32(data)
            found = io.BytesIO(data)
        if crc != member.crc:
            raise self._error(f"its member {name!r} is damaged (wrong checksum)")
        return found

    def _error(self, problem: str) -> ValueError:
        return ValueError(f"{self._what} cannot be read: {problem}.")

    def _read(self, offset: int, size: int) -> bytes:
        if offset < 0 or offset + size > self._length:
            raise self._error("it is cut off, or its directory points outside of it")
        self._file.seek(offset)
        data = self._file.read(size)
        if len(data) != size:
            raise self._error("it is cut off")
        return data

    def _find_directory(self) -> tuple[int, int, int]:
        """Start, size and number of entries of the central directory."""
        if self._length < _END.size:
            raise self._error("it is too short for a zip file")
        tail_size = min(self._length, _END.size + 0xFFFF)
        tail = self._read(self._length - tail_size, tail_size)
        place = tail.rfind(b"PK\5\6")
        if place < 0 or len(tail) - place < _END.size:
            raise self._error("it is no zip file, or is cut off")
        _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(tail, place)
        if len(tail) - place - _END.size != comment:
            raise self._error("something stands behind its end")
        end = self._length - tail_size + place
        if 0xFFFF in (here, count) or 0xFFFFFFFF in (size, start):
            signature, _, place64, _ = _LOCATOR64.unpack(self._read(end - _LOCATOR64.size, _LOCATOR64.size))
            if signature != b"PK\6\7":
                raise self._error("its zip64 end record is missing")
            record = _END64.unpack(self._read(place64, _END64.size))
            signature, _, _, _, disk, first_disk, here, count, size, start = record
            if signature != b"PK\6\6":
                raise self._error("its zip64 end record is missing")
            end = place64
        if disk or first_disk or here != count:
            raise self._error("it is one of several volumes")
        if count > _MAX_MEMBERS or size > _MAX_DIRECTORY:
            raise self._error(f"it has {count:,} members, which no model has")
        if start + size != end:
            raise self._error("its directory is not where its end record says")
        return start, size, count

    def _read_directory(self, start: int, size: int, count: int) -> dict[str, Member]:
        data = self._read(start, size)
        members: dict[str, Member] = {}
        place = 0
        for _ in range(count):
            if size - place < _CENTRAL.size:
                raise self._error("its directory is cut off")
            (
                signature, _, _, flags, method, _, _, crc, packed, length,
                name_size, extra_size, comment_size, disk, _, _, header,
            ) = _CENTRAL.unpack_from(data, place)  # fmt: skip
            rest = place + _CENTRAL.size
            place = rest + name_size + extra_size + comment_size
            if signature != b"PK\1\2" or place > size:
                raise self._error("its directory is damaged")
            name = self._name(data[rest : rest + name_size], flags)
            extra = data[rest + name_size : rest + name_size + extra_size]
            length, packed, header = self._zip64(name, extra, [length, packed, header])
            if name in members:
                raise self._error(f"the member {name!r} is there twice")
            if disk or flags & ~_KNOWN_FLAGS or method not in (_STORED, _DEFLATED):
                raise self._error(f"the member {name!r} is encrypted or packed in a way that is not supported")
            if method == _STORED and packed != length:
                raise self._error(f"the member {name!r} has two different sizes")
            if length > max(_MAX_UNPACKED, _MAX_RATIO * packed):
                raise self._error(
                    f"the member {name!r} would grow from {packed:,} to {length:,} bytes, which no model does"
                )
            members[name] = Member(name, flags, method, crc, packed, length, header)
        if place != size:
            raise self._error("its directory has another size than its end record says")
        return members

    def _name(self, raw: bytes, flags: int) -> str:
        try:
            name = raw.decode("utf-8" if flags & 0x0800 else "cp437")
        except UnicodeDecodeError:
            raise self._error(f"a member has the name {raw[:100]!r}, which is not UTF-8") from None
        parts = name.rstrip("/").split("/")
        if any(part in ("", ".", "..") for part in parts) or any(c in name for c in "\\:\0"):
            raise self._error(f"a member has the name {name[:100]!r}")
        return name

    def _zip64(self, name: str, extra: bytes, fields: list[int]) -> list[int]:
        """The fields with those that are too large for 32 bits taken from the extra field."""
        wanted = [i for i, value in enumerate(fields) if value == 0xFFFFFFFF]
        place = 0
        while wanted and place + 4 <= len(extra):
            kind, size = struct.unpack_from("<2H", extra, place)
            if kind == 1 and size >= 8 * len(wanted) and place + 4 + size <= len(extra):
                values = struct.unpack_from(f"<{len(wanted)}Q", extra, place + 4)
                for i, value in zip(wanted, values, strict=True):
                    fields[i] = value
                return fields
            place += 4 + size
        if wanted:
            raise self._error(f"the sizes of the member {name!r} are missing")
        return fields

    def _check_local_header(self, member: Member) -> int:
        """Where the data of a member begins."""
        raw = self._read(member.header, _LOCAL.size)
        signature, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(raw)
        rest = self._read(member.header + _LOCAL.size, name_size + extra_size)
        agrees = signature == b"PK\3\4" and (flags, method) == (member.flags, member.method)
        agrees = agrees and self._name(rest[:name_size], flags) == member.name
        if agrees and not flags & _DESCRIPTOR:
            size, packed = self._zip64(member.name, rest[name_size:], [size, packed])
            agrees = (crc, packed, size) == (member.crc, member.packed, member.size)
        if not agrees:
            raise self._error(f"the two headers of the member {member.name!r} differ")
        return member.header + _LOCAL.size + int(name_size) + int(extra_size)

    def _inflate(self, member: Member) -> bytes:
        packed = FilePart(self._file, self._data_starts[member.name], member.packed)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        parts: list[bytes] = []
        left = member.size
        try:
            while not inflater.eof:
                chunk = inflater.unconsumed_tail or packed.read(_CHUNK)
                # One byte more than there may be shows that there is too much.
                part = inflater.decompress(chunk, min(left + 1, _CHUNK))
                left -= len(part)
                parts.append(part)
                if left < 0 or (not chunk and not part):
                    break
        except zlib.error as error:
            raise self._error(f"its member {member.name!r} is damaged ({error})") from None
        if left or not inflater.eof:
            raise self._error(f"its member {member.name!r} has another size than its header says")
        return b"".join(parts)


class FilePart(io.RawIOBase):
    """A stretch of a file as a file of its own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._place = file, start, size, 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """The present place."""
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer as far as the stretch goes."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._place))
        self._file.seek(self._start + self._place)
        data = self._file.read(count)
        view[: len(data)] = data
        self._place += len(data)
        return len(data)
