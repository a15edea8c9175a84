"""Files and directories that appear whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rkeras
from rkeras.saving.atomic import atomic_directory, atomic_file


def content(directory):
    return {p.name: p.read_text() for p in directory.iterdir()}


def test_a_directory_takes_the_place_of_the_old_one(tmp_path):
    for text in ("old", "new"):
        with atomic_directory(tmp_path / "d") as new:
            (new / text).write_text(text)
    assert content(tmp_path / "d") == {"new": "new"}
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_what_fails_leaves_the_old_one(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_text("old")
    (tmp_path / "f").write_text("old")
    with pytest.raises(KeyError), atomic_directory(tmp_path / "d") as new:
        (new / "a").write_text("half")
        raise KeyError
    with pytest.raises(KeyError), atomic_file(str(tmp_path / "f")) as name:
        with open(name, "w") as file:
            file.write("half")
        raise KeyError
    assert content(tmp_path / "d") == {"a": "old"} and (tmp_path / "f").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "f"]


SAVER = """
import sys, rkeras
model = rkeras.Sequential([rkeras.Input((256,)), rkeras.layers.Dense(1024), rkeras.layers.Dense(256)])
print("ready", flush=True)
while True:
    model.save(sys.argv[1], zipped=False if sys.argv[2] == "directory" else None)
"""


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_a_kill_at_any_moment_leaves_a_whole_model(tmp_path, kind):
    path = tmp_path / ("m.keras" if kind == "file" else "m")
    for wait in np.linspace(0.0, 0.12, 4):
        with subprocess.Popen(
            [sys.executable, "-c", SAVER, str(path), kind], stdout=subprocess.PIPE, text=True
        ) as saver:
            assert saver.stdout.readline() == "ready\n"
            while not path.exists():
                time.sleep(0.001)
            time.sleep(wait)
            saver.send_signal(signal.SIGKILL)
        assert rkeras.models.load_model(path).count_params() == 256 * 1024 + 1024 + 1024 * 256 + 256
