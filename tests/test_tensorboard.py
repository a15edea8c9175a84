"""Event files; read by a parser of this file's own."""

import gzip
import json
import struct
import zlib

import numpy as np
import pytest

import rkeras
from rkeras import layers
from rkeras.callbacks import TensorBoard
from rkeras.training.event_file import EventFile, masked_crc, png


def fields(data):
    """The fields of a protocol buffer: number -> values."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            value = varint()
        else:
            size = {1: 8, 5: 4}.get(kind) or varint()
            value = data[at : at + size]
            at += size
        found.setdefault(number, []).append(value)
    return found


def events(folder):
    (path,) = folder.iterdir()
    data, at = path.read_bytes(), 0
    found = []
    while at < len(data):
        length, check = struct.unpack_from("<QI", data, at)
        assert check == masked_crc(data[at : at + 8])
        payload = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc(payload)
        found.append(fields(payload))
        at += 16 + length
    return found


def summaries(folder):
    """Tag -> list of (step, value)."""
    found = {}
    for event in events(folder):
        for summary in event.get(5, []):
            (value,) = fields(summary)[1]
            value = fields(value)
            found.setdefault(value[1][0].decode(), []).append((event[2][0], value))
    return found


def test_checksum():
    # CRC-32C of these digits is 0xe3069283 (RFC 3720); TFRecord turns it by 15 bits and adds a constant.
    crc = 0xE3069283
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_what_fit_writes(tmp_path):
    x = np.ones((8, 2), "float32")
    model = rkeras.Sequential([rkeras.Input((2,)), layers.Dense(3, name="one"), layers.Dense(1, name="two")])
    model.compile("sgd", "mse")
    board = TensorBoard(tmp_path, histogram_freq=2, write_images=True, update_freq=2)
    history = model.fit(
        x, x[:, :1], batch_size=2, epochs=3, verbose=0, validation_data=(x, x[:, :1]), callbacks=[board]
    )

    train = summaries(tmp_path / "train")
    losses = [struct.unpack("<f", value[2][0])[0] for _, value in train["epoch_loss"]]
    np.testing.assert_allclose(losses, history.history["loss"], rtol=1e-6)
    assert [step for step, _ in train["batch_loss"]] == [2, 4, 6, 8, 10, 12]
    assert "epoch_learning_rate" in train
    kernel = next(tag for tag in train if tag.endswith("one/kernel/histogram"))
    assert [step for step, _ in train[kernel]] == [0, 2]
    histogram = fields(train[kernel][0][1][5][0])
    assert np.frombuffer(histogram[7][0], "<f8").sum() == 6
    picture = fields(train[kernel.replace("histogram", "image/0")][0][1][4][0])
    assert (picture[1], picture[2], picture[3]) == ([2], [3], [1])
    assert picture[4][0].startswith(b"\x89PNG")

    validation = summaries(tmp_path / "validation")
    assert [step for step, _ in validation["epoch_loss"]] == [0, 1, 2]
    assert [step for step, _ in validation["evaluation_loss_vs_iterations"]] == [4, 8, 12]


def test_graph_of_layers(tmp_path):
    a, b = rkeras.Input((2,), name="a"), rkeras.Input((2,), name="b")
    joined = layers.Concatenate(name="join")([a, b])
    model = rkeras.Model([a, b], layers.Dense(1, name="out")(joined))
    model.compile("sgd", "mse")
    x = np.ones((4, 2), "float32")
    model.fit([x, x], x[:, :1], verbose=0, callbacks=[TensorBoard(tmp_path)])
    (graph,) = [event[4][0] for event in events(tmp_path / "train") if 4 in event]
    nodes = [fields(node) for node in fields(graph)[1]]
    wires = {node[1][0].decode(): [i.decode() for i in node.get(3, [])] for node in nodes}
    assert wires == {"a": [], "b": [], "join": ["a", "b"], "out": ["join"]}


def test_values_that_are_not_finite(tmp_path):
    file = EventFile(str(tmp_path / "run"))
    file.histogram("none", np.array([np.nan]), 0)
    file.histogram("some", np.array([np.inf, 1.0, 2.0]), 0)
    file.close()
    found = summaries(tmp_path / "run")
    assert list(found) == ["some"]


def test_png_of_colours():
    pixels = np.arange(24, dtype="uint8").reshape(2, 4, 3)
    data = png(pixels)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        name, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(name + content)
        chunks[name] = content
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (4, 2, 8, 2, 0, 0, 0)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), "uint8").reshape(2, 13)
    assert rows[:, 0].tolist() == [0, 0]
    assert np.array_equal(rows[:, 1:].reshape(2, 4, 3), pixels)


def test_vectors_for_the_projector(tmp_path):
    model = rkeras.Sequential(
        [rkeras.Input((3,)), layers.Embedding(4, 2, name="words"), layers.Flatten(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    x = np.arange(12).reshape(4, 3) % 4
    board = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "labels.tsv"})
    model.fit(x, x[:, :1], verbose=0, callbacks=[board])
    assert (tmp_path / "projector_config.pbtxt").read_text() == (
        'embeddings {\n  tensor_name: "words/embeddings"\n  tensor_path: "words-embeddings.tsv"\n'
        '  metadata_path: "labels.tsv"\n}\n'
    )
    vectors = np.loadtxt(tmp_path / "words-embeddings.tsv", delimiter="\t")
    np.testing.assert_array_equal(vectors.astype("float32"), model.get_layer("words").embeddings.numpy())
    with pytest.raises(ValueError, match=r"\['wrods'\].*words"):
        board = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"wrods": "labels.tsv"})
        model.fit(x, x[:, :1], verbose=0, callbacks=[board])


def test_arguments():
    with pytest.raises(ValueError, match="update_freq"):
        TensorBoard(update_freq="step")
    with pytest.raises(ValueError, match="first and a last"):
        TensorBoard(profile_batch="2,x")
    with pytest.raises(ValueError, match="counts from 1"):
        TensorBoard(profile_batch=(5, 3))


def test_profile_of_some_batches(tmp_path):
    model = rkeras.Sequential([rkeras.Input((3,)), rkeras.layers.Dense(2, name="only")])
    model.compile("sgd", "mse")
    x = np.ones((12, 3), "float32")
    model.fit(x, x[:, :2], batch_size=2, epochs=2, verbose=0, callbacks=[TensorBoard(tmp_path, profile_batch="3,7")])
    (trace,) = tmp_path.glob("plugins/profile/*/rkeras.trace.json.gz")
    calls = [e for e in json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"] if e["ph"] == "X"]
    forward = [e for e in calls if e["name"] == "matmul" and e["args"]["layer"] == "only"]
    assert len(forward) == 5
    assert "only (gradient)" in trace.with_name("rkeras.profile.txt").read_text()
