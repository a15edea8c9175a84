"""TensorFlow checkpoint files, as far as a SavedModel without variables needs one: the tree of its objects."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from rkeras.saving.saved_model import protobuf as pb
from rkeras.training.event_file import masked_crc

_MAGIC = 0xDB4775248B80FB57
_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def _string_tensor(value: bytes) -> tuple[bytes, int]:
    """A scalar string as the data file holds it, and its checksum."""
    # The checksum covers the length as four bytes, though it is written as a varint.
    length = struct.pack("<I", len(value))
    check = struct.pack("<I", masked_crc(length))
    return pb.varint(len(value)) + check + value, masked_crc(length + check + value)


def _block(entries: Mapping[bytes, bytes]) -> bytes:
    """A block of a sorted table, each key in full."""
    body, restarts = b"", []
    for key in sorted(entries):
        restarts.append(len(body))
        body += pb.varint(0) + pb.varint(len(key)) + pb.varint(len(entries[key])) + key + entries[key]
    restarts = restarts or [0]
    content = body + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
    # Type 0: not compressed.
    return content + b"\0" + struct.pack("<I", masked_crc(content + b"\0"))


def _table(entries: Mapping[bytes, bytes]) -> bytes:
    """A sorted table of one block of data."""

    def handle(offset: int, block: bytes) -> bytes:
        return pb.varint(offset) + pb.varint(len(block) - 5)

    data, meta = _block(entries), _block({})
    index = _block({max(entries): handle(0, data)})
    footer = handle(len(data), meta) + handle(len(data) + len(meta), index)
    return data + meta + index + footer.ljust(40, b"\0") + struct.pack("<Q", _MAGIC)


def write_checkpoint(directory: Path, children: Sequence[Mapping[str, int]]) -> None:
    """Writes ``variables.index`` and ``variables.data-00000-of-00001``.

    Args:
        directory: where to; it is made.
        children: for each object of the model, the root first, names and numbers of the objects that it has.
    """
    graph = b"".join(
        pb.text(1, b"".join(pb.text(1, pb.number(1, i) + pb.text(2, name)) for name, i in node.items()))
        for node in children
    )
    data, crc = _string_tensor(graph)
    header = pb.number(1, 1) + pb.text(3, pb.number(1, 1))
    entry = (
        pb.number(1, pb.DTYPES["string"])
        + pb.text(2, b"")
        + pb.number(5, len(data))
        + pb.varint(6 << 3 | 5)
        + struct.pack("<I", crc)
    )
    directory.mkdir()
    (directory / "variables.data-00000-of-00001").write_bytes(data)
    (directory / "variables.index").write_bytes(_table({b"": header, _GRAPH_KEY.encode(): entry}))
