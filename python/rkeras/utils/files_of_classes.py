"""Files in directories, one for each class, as datasets."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rkeras.compat.tf import data

Load = Callable[[str], Any]
_SUBSETS = ("training", "validation", "both")


def class_directories(directory: str) -> list[str]:
    """The names of directories in a directory, without hidden ones.

    Args:
        directory: a path.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as path:
        ...     os.mkdir(os.path.join(path, "cats"))
        ...     class_directories(path)
        ['cats']
    """
    names = sorted(os.listdir(directory))
    return [name for name in names if not name.startswith(".") and os.path.isdir(os.path.join(directory, name))]


class Files:
    """Files below a directory, with labels.

    Args:
        function: the public function, for errors.
        directory: has a directory for each class.
        labels: ``inferred`` from the directories, None for none, or the number of each file in sorted order.
        label_mode: ``int``, ``categorical`` (one-hot rows), ``binary`` (0.0 or 1.0) or None for no labels.
        class_names: directories that count, in the order of their numbers; all by default.
        endings: of file names that count.
        follow_links: whether directories that are links count.

    Raises:
        ValueError: arguments contradict each other or the directory.
    """

    def __init__(
        self,
        function: str,
        directory: Any,
        labels: Any,
        label_mode: str | None,
        class_names: Sequence[str] | None,
        endings: tuple[str, ...],
        follow_links: bool,
    ) -> None:
        root = os.fspath(directory)
        if label_mode not in ("int", "categorical", "binary", None):
            raise ValueError(f"{function}: label_mode must be int, categorical, binary or None, got {label_mode!r}")
        if class_names is not None and labels != "inferred":
            raise ValueError(f"{function}: class_names go with labels='inferred'")
        found = class_directories(root)
        self.class_names = list(found if class_names is None else class_names)
        missing = [name for name in self.class_names if name not in found]
        if missing:
            raise ValueError(f"{function}: {root!r} has no directories {missing}; there are {found}")
        places = [os.path.join(root, name) for name in self.class_names] if labels == "inferred" else [root]
        listed = [_below(place, endings, follow_links) for place in places]
        self.paths = [path for paths in listed for path in paths]
        if not self.paths:
            raise ValueError(f"{function}: there are no files {endings} in {root!r}")
        if isinstance(labels, str):
            numbers = [i for i, paths in enumerate(listed) for _ in paths]
        else:
            numbers = [0] * len(self.paths) if labels is None else [int(label) for label in labels]
            self.class_names = [str(number) for number in sorted(set(numbers))]
        if len(numbers) != len(self.paths):
            raise ValueError(f"{function}: {len(numbers)} labels for {len(self.paths)} files in {root!r}")
        self.numbers = numbers
        self.label_mode = None if labels is None else label_mode
        self._function = function
        if self.label_mode == "binary" and len(self.class_names) != 2:
            raise ValueError(f"{function}: label_mode='binary' needs two classes, got {self.class_names}")

    def report(self) -> None:
        """Prints how many there are."""
        classes = "" if self.label_mode is None else f" belonging to {len(self.class_names)} classes"
        print(f"Found {len(self.paths)} files{classes}.")

    def datasets(
        self,
        load: Load,
        batch_size: int | None,
        shuffle: bool,
        seed: int | None,
        validation_split: float | None,
        subset: str | None,
        verbose: bool,
    ) -> Any:
        """The dataset, or with ``both`` the two datasets for training and validation.

        Args:
            load: reads a file.
            batch_size: samples in a batch; None for single samples.
            shuffle: whether each pass has another order.
            seed: of the order.
            validation_split: the share of files for validation.
            subset: ``training``, ``validation`` or ``both``.
            verbose: whether to print how many there are.
        """
        if (validation_split is None) != (subset is None) or (subset is not None and subset not in _SUBSETS):
            raise ValueError(
                f"{self._function}: validation_split and subset (one of {_SUBSETS}) go together, got "
                f"validation_split={validation_split} and subset={subset!r}"
            )
        if validation_split is not None and not 0 < validation_split < 1:
            raise ValueError(f"{self._function}: validation_split must lie between 0 and 1, got {validation_split}")
        if validation_split is not None and shuffle and seed is None:
            raise ValueError(
                f"{self._function}: a split of shuffled files needs seed=…, so that both parts are of the same order"
            )
        if verbose:
            self.report()
        order = list(range(len(self.paths)))
        if shuffle:
            seed = random.randrange(10**6) if seed is None else seed
            np.random.RandomState(seed).shuffle(order)
        cut = len(order) - int((validation_split or 0) * len(order))
        parts = {"training": order[:cut], "validation": order[cut:], "both": order, None: order}
        if subset == "both":
            return (
                self._dataset(parts["training"], load, batch_size, shuffle, seed),
                self._dataset(parts["validation"], load, batch_size, False, seed),
            )
        if verbose and subset is not None:
            print(f"Using {len(parts[subset])} files for {subset}.")
        return self._dataset(parts[subset], load, batch_size, shuffle, seed)

    def _dataset(self, order: list[int], load: Load, batch_size: int | None, shuffle: bool, seed: int | None) -> Any:
        paths = [self.paths[i] for i in order]
        labels = [self.numbers[i] for i in order]

        def sample(index: Any) -> Any:
            i = int(index)
            return load(paths[i]) if self.label_mode is None else (load(paths[i]), self._label(labels[i]))

        found: Any = data.Dataset.range(len(order))
        if shuffle:
            found = found.shuffle(max(len(order), 1), seed=seed)
        found = found.map(sample)
        if batch_size is not None:
            found = found.batch(batch_size)
        found.class_names = None if self.label_mode is None else self.class_names
        found.file_paths = paths
        return found

    def _label(self, number: int) -> Any:
        if self.label_mode == "binary":
            return np.array([number], "float32")
        if self.label_mode == "categorical":
            return np.eye(len(self.class_names), dtype="float32")[number]
        return np.array(number, "int32")


def _below(place: str, endings: tuple[str, ...], follow_links: bool) -> list[str]:
    walked = sorted(os.walk(place, followlinks=follow_links), key=lambda entry: entry[0])
    found = [os.path.join(root, name) for root, _, names in walked for name in sorted(names)]
    return [path for path in found if path.lower().endswith(endings)]
