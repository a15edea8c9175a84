"""Going on with training that was interrupted."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

from rkeras.callbacks.batch_clock import BatchClock
from rkeras.callbacks.callback import Callback
from rkeras.saving.atomic import atomic_file

_NOTES = ("latest.json", "previous.json")


class BackupAndRestore(Callback):
    """Saves the state of training now and then; the same ``fit``, called again after a crash, goes on from
    there.

    With arrays and datasets by index it goes on exactly: with the batches that were left of the epoch, in the
    same order. A generator goes on with what it yields next. The backup is deleted when training ends as planned.

    Args:
        backup_dir: a directory that nothing else writes to.
        save_freq: ``epoch``, or a number of batches.
        double_checkpoint: whether to keep the backup before the last one too, for a disk that loses files.
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
        self.save_freq = save_freq
        self._clock = BatchClock(save_freq)
        self.batches = "no" if save_freq == "epoch" else "every"
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._epoch = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the last backup, if there is one."""
        self._clock = BatchClock(self.save_freq)
        folder = Path(self.backup_dir)
        notes = [folder / name for name in _NOTES if (folder / name).exists()]
        for i, path in enumerate(notes):
            try:
                note = json.loads(path.read_text())
                self.model.load_weights(folder / Path(note["weights"]).name)
            except (OSError, ValueError, KeyError) as error:
                if i + 1 == len(notes):
                    raise
                warnings.warn(f"BackupAndRestore: {path} cannot be used ({error}); an older one is.", stacklevel=2)
                continue
            self.model._position.go_to(note)
            return

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after every ``save_freq`` batches."""
        if self._clock.rings(batch):
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after the epoch, unless batches are counted."""
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Deletes the backup, which is not needed any more."""
        folder = Path(self.backup_dir)
        if not self.delete_checkpoint or not folder.is_dir():
            return
        # Only what was written here: the directory may hold other things after all. The notes go first, so that
        # a kill in between leaves none without its weights.
        for name in _NOTES:
            (folder / name).unlink(missing_ok=True)
        self._forget_weights(folder)
        if not any(folder.iterdir()):
            folder.rmdir()

    def _save(self, epoch: int, batch: int) -> None:
        folder = Path(self.backup_dir)
        folder.mkdir(parents=True, exist_ok=True)
        latest, previous = (folder / name for name in _NOTES)
        # Weights of another name than those of the last backup: a kill before the note is there changes nothing.
        weights = f"backup-{epoch}-{batch}.weights.h5"
        note = {**self.model._position.note(epoch, batch), "weights": weights}
        self.model.save_weights(folder / weights, overwrite=True)
        if self.double_checkpoint and latest.exists():
            os.replace(latest, previous)
        with atomic_file(str(latest)) as name:
            Path(name).write_text(json.dumps(note))
        self._forget_weights(folder)

    def _forget_weights(self, folder: Path) -> None:
        notes = [folder / name for name in _NOTES if (folder / name).exists()]
        used = {json.loads(path.read_text())["weights"] for path in notes}
        for path in folder.glob("backup-*.weights.h5"):
            if path.name not in used:
                path.unlink()
