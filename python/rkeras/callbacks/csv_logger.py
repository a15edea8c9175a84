"""The history as a CSV file."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any, TextIO

from rkeras.callbacks.callback import Callback


class CSVLogger(Callback):
    """Writes a row per epoch to a file.

    Args:
        filename: the file.
        separator: what stands between two columns.
        append: whether to add to a file that exists.

    >>> CSVLogger("log.csv").sep
    ','
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._file: TextIO | None = None
        self._writer: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Opens the file."""
        self._close()
        path = Path(self.filename)
        continues = self.append and path.exists() and path.stat().st_size > 0
        self.keys = self._header(path) if continues else None
        self._file = path.open("a" if self.append else "w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file, delimiter=self.sep)

    def _header(self, path: Path) -> list[str]:
        with path.open(newline="", encoding="utf-8") as file:
            return next(csv.reader(file, delimiter=self.sep))[1:]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes a row."""
        logs = logs or {}
        if self._writer is None or self._file is None:
            raise RuntimeError("CSVLogger is open only while `fit` runs.")
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(k.startswith("val_") for k in self.keys):
                # Validation may come in a later epoch (validation_freq); its columns must be there then.
                self.keys += [f"val_{k}" for k in self.keys]
            self._writer.writerow(["epoch", *self.keys])
        self._writer.writerow([epoch, *(_cell(logs.get(k, "NA")) for k in self.keys)])
        self._file.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Closes the file."""
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def _cell(value: Any) -> Any:
    if getattr(value, "ndim", 0) or isinstance(value, (list, tuple)):
        return f'"[{", ".join(map(str, value))}]"'
    return value
