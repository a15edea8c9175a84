"""Vectors of embeddings in the files that TensorBoard's projector reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rkeras.saving.atomic import atomic_file

CONFIG = "projector_config.pbtxt"


class Projector:
    """Writes a table of vectors for each embedding, and the configuration that lists them.

    Args:
        folder: TensorBoard's ``log_dir``.
        layers: embeddings, by whose names the tables are called.
        metadata: file with a label a line, for all of the layers or by layer name; its path is relative to
            ``folder``.

    Raises:
        ValueError: if ``metadata`` names a layer that there is not.
    """

    def __init__(self, folder: str, layers: Sequence[Any], metadata: Any = None) -> None:
        self._folder = Path(folder)
        self._layers = list(layers)
        by_name = dict(metadata) if isinstance(metadata, dict) else {}
        unknown = sorted(by_name.keys() - {layer.name for layer in self._layers})
        if unknown:
            names = ", ".join(layer.name for layer in self._layers) or "none"
            raise ValueError(f"TensorBoard: `embeddings_metadata` names {unknown}; the embedding layers are: {names}.")
        self._folder.mkdir(parents=True, exist_ok=True)
        entries = []
        for layer in self._layers:
            label = by_name.get(layer.name, None if isinstance(metadata, dict) else metadata)
            fields = {"tensor_name": f"{layer.name}/embeddings", "tensor_path": _table(layer)}
            if label is not None:
                fields["metadata_path"] = str(label)
            lines = "".join(f"  {name}: {_quoted(value)}\n" for name, value in fields.items())
            entries.append(f"embeddings {{\n{lines}}}\n")
        with atomic_file(str(self._folder / CONFIG)) as name:
            Path(name).write_text("".join(entries), encoding="utf-8")

    def write(self) -> None:
        """Writes the vectors as they are now."""
        for layer in self._layers:
            with atomic_file(str(self._folder / _table(layer))) as name:
                np.savetxt(name, layer.embeddings.numpy().astype(np.float64), "%.9g", "\t")


def _table(layer: Any) -> str:
    return re.sub(r"[^\w.-]", "_", layer.name) + "-embeddings.tsv"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
