"""The contestants of the benchmarks: each is a process of its own that trains when told to (`race_worker.py`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from race_models import Entry

# The packages that each needs from the environment of the peers.
PEERS = {
    "keras-tensorflow": ("keras", "tensorflow"),
    "keras-jax": ("keras", "jax"),
    "torch": ("torch",),
    "torch-compile": ("torch",),
    "scikit-learn": ("sklearn",),
}
CONTESTANTS = ("rkeras", *PEERS)

_WORKER = Path(__file__).with_name("race_worker.py")
_HAS_PACKAGES = "import importlib.util,sys;sys.exit(not all(importlib.util.find_spec(n) for n in sys.argv[1:]))"


class Failed(Exception):
    """The contestant's process ended; what it has to say is on standard error."""


class Contestant:
    """A running contestant.

    Args:
        name: one of ``CONTESTANTS``.
        python: the interpreter that has its packages.
        threads: how many threads it computes with.
    """

    def __init__(self, name: str, python: str, threads: int) -> None:
        self.name = name
        env = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "RKERAS_NUM_THREADS": str(threads),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        command = [python, str(_WORKER), name, str(threads)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(self, what: str, entry: Entry | None = None) -> float:
        """Lets it do something, and returns the figure it answers with; see ``race_worker.py`` for what there is."""
        pipes: Any = self._process
        try:
            pipes.stdin.write(json.dumps([what, entry]) + "\n")
            pipes.stdin.flush()
        except BrokenPipeError:
            raise Failed(self.name) from None
        answer = pipes.stdout.readline()
        if not answer:
            raise Failed(self.name)
        return float(answer)

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


def start(names: tuple[str, ...], peers: str, threads: int) -> list[Contestant]:
    """Those of the contestants whose packages are installed, running."""
    found = []
    for name in names:
        python = sys.executable if name == "rkeras" else peers
        if subprocess.run([python, "-c", _HAS_PACKAGES, *PEERS.get(name, ())], check=False).returncode:
            print(f"  {name}: not installed", file=sys.stderr)
        else:
            found.append(Contestant(name, python, threads))
    return found
