"""Going on with training that was interrupted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rkeras.callbacks.callback import Callback
from rkeras.saving.atomic import atomic_file


class BackupAndRestore(Callback):
    """Saves the state of training now and then; the same ``fit``, called again after a crash, goes on from
    there.

    The backup is deleted when training ends as planned.

    Args:
        backup_dir: a directory that nothing else writes to.
        save_freq: ``epoch``, or a number of batches. An epoch that was interrupted is begun again.
        double_checkpoint: whether to keep the backup before the last one too.
        delete_checkpoint: whether to delete the backup at the end.

    Raises:
        ValueError: if ``backup_dir`` is empty, or ``save_freq`` something else.

    >>> BackupAndRestore("/tmp/backup").save_freq
    'epoch'
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        self.backup_dir: str = os.fspath(backup_dir)
        if not self.backup_dir:
            raise ValueError("`backup_dir` is empty; name a directory for the backup.")
        if save_freq != "epoch" and (
            isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1
        ):
            raise ValueError(f"`save_freq` must be 'epoch' or a number of batches; received {save_freq!r}.")
        self.save_freq = save_freq
        self.batches = "no" if save_freq == "epoch" else "every"
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._epoch = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the last backup, if there is one."""
        folder = Path(self.backup_dir)
        for name in ("latest", "previous"):
            note = folder / f"{name}.json"
            weights = folder / f"{name}.weights.h5"
            if note.exists() and weights.exists():
                self.model.load_weights(weights)
                self.model._initial_epoch = int(json.loads(note.read_text())["epoch"])
                return

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after every ``save_freq`` batches."""
        if self.save_freq != "epoch" and (batch + 1) % self.save_freq == 0:
            self._save(self._epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after the epoch, unless batches are counted."""
        if self.save_freq == "epoch":
            self._save(epoch + 1)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Deletes the backup, which is not needed any more."""
        self.model._initial_epoch = None
        if not self.delete_checkpoint:
            return
        # Only what was written here: the directory may hold other things after all.
        folder = Path(self.backup_dir)
        for name in ("latest", "previous"):
            (folder / f"{name}.json").unlink(missing_ok=True)
            (folder / f"{name}.weights.h5").unlink(missing_ok=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

    def _save(self, epoch: int) -> None:
        folder = Path(self.backup_dir)
        folder.mkdir(parents=True, exist_ok=True)
        latest = folder / "latest.weights.h5"
        note = folder / "latest.json"
        if self.double_checkpoint and latest.exists() and note.exists():
            os.replace(latest, folder / "previous.weights.h5")
            os.replace(note, folder / "previous.json")
        self.model.save_weights(latest, overwrite=True)
        with atomic_file(str(note)) as name:
            Path(name).write_text(json.dumps({"epoch": epoch}))
