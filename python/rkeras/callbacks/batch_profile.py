"""The profile of some training batches, written beside the logs of ``TensorBoard``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from rkeras.profiler import Profile


def profiled_batches(asked: Any) -> range:
    """The batches, counted from 1, that ``profile_batch`` asks for.

    Args:
        asked: 0 or an empty value for none, a number, a pair of the first and the last, or both as text.

    Raises:
        ValueError: anything else, or a last batch before the first.

    Example:
        >>> profiled_batches("3,5"), profiled_batches(2), profiled_batches(0)
        (range(3, 6), range(2, 3), range(0, 0))
    """
    if not asked:
        return range(0)
    try:
        ends = [int(part) for part in (asked.split(",") if isinstance(asked, str) else _pair(asked))]
        first, last = ends if len(ends) == 2 else (ends[0], ends[0])
    except (TypeError, ValueError, IndexError):
        raise ValueError(f"`profile_batch` must be a batch or a first and a last one; received {asked!r}.") from None
    if not 0 < first <= last:
        raise ValueError(f"`profile_batch` counts from 1 and its first batch comes first; received {asked!r}.")
    return range(first, last + 1)


def _pair(asked: Any) -> Any:
    return asked if isinstance(asked, (tuple, list)) else (asked,)


class BatchProfile:
    """Records some batches and writes a trace and tables under ``plugins/profile`` of a directory.

    Args:
        log_dir: the directory.
        batches: the batches, counted from 1.
    """

    def __init__(self, log_dir: str, batches: range) -> None:
        self._log_dir = log_dir
        self._batches = batches
        self._profile: Profile | None = None

    def begin(self, batch: int) -> None:
        """Starts recording if this batch, counted from 1, is the first to be recorded."""
        if self._batches and batch == self._batches[0]:
            self._profile = Profile()
            self._profile.__enter__()

    def end(self, batch: int) -> None:
        """Stops and writes if this batch is the last to be recorded."""
        if self._batches and batch == self._batches[-1]:
            self.stop()

    def stop(self) -> None:
        """Writes what was recorded so far, if anything is."""
        profile, self._profile = self._profile, None
        if profile is None:
            return
        profile.__exit__(None, None, None)
        folder = Path(self._log_dir, "plugins", "profile", time.strftime("%Y_%m_%d_%H_%M_%S"))
        os.makedirs(folder, exist_ok=True)
        profile.trace(folder / "rkeras.trace.json.gz")
        tables = "\n\n".join(profile.table(by) for by in ("layer", "op", "call"))
        (folder / "rkeras.profile.txt").write_text(tables + "\n", encoding="utf-8")
