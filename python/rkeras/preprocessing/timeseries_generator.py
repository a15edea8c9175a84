"""Windows of a time series with their targets, batch by batch."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from rkeras.utils.py_dataset import PyDataset

_SETTINGS = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle", "reverse", "batch_size")


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a series; the target of a window is the one right after it.

    Args:
        data: the series (times, …).
        targets: as many targets.
        length: how far back a window reaches.
        sampling_rate: distance of times within a window.
        stride: distance of windows.
        start_index: first time used.
        end_index: last time used.
        shuffle: whether windows are drawn at random.
        reverse: whether times run backwards within a window.
        batch_size: windows in a batch.

    Raises:
        ValueError: data and targets differ in length, or no window fits.

    Example:
        >>> x, y = TimeseriesGenerator([0, 1, 2, 3, 4], [0, 10, 20, 30, 40], length=2)[0]
        >>> x.tolist(), y.tolist()
        ([[0, 1], [1, 2], [2, 3]], [20, 30, 40])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(
                f"TimeseriesGenerator: {len(data)} times of data but {len(targets)} targets; give one for each"
            )
        self.data, self.targets = data, targets
        self.length, self.sampling_rate, self.stride = length, sampling_rate, stride
        # The first time that has a whole window before it.
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: no window fits: start_index + length = {self.start_index} is after "
                f"end_index = {self.end_index}"
            )

    def __len__(self) -> int:
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        if self.shuffle:
            times = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            times = np.arange(first, last, self.stride)
        windows = np.array([self.data[t - self.length : t : self.sampling_rate] for t in times])
        targets = np.array([self.targets[t] for t in times])
        return (windows[:, ::-1] if self.reverse else windows), targets

    def get_config(self) -> dict[str, Any]:
        """The arguments, with data and targets as JSON; ``start_index`` counts the first window in, as in Keras 2.

        Raises:
            TypeError: data or targets are not made of numbers, strings and lists.
        """
        config: dict[str, Any] = {}
        for name in ("data", "targets"):
            value = getattr(self, name)
            config[name] = json.dumps(value.tolist() if isinstance(value, np.ndarray) else value)
        return {**config, **{name: getattr(self, name) for name in _SETTINGS}}

    def to_json(self, **kwargs: Any) -> str:
        """The generator as JSON.

        Args:
            kwargs: handed to ``json.dumps``.
        """
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def timeseries_generator_from_json(json_string: str) -> TimeseriesGenerator:
    """Makes a generator from ``TimeseriesGenerator.to_json``.

    Args:
        json_string: the JSON.

    Example:
        >>> one = TimeseriesGenerator([0, 1, 2, 3], [0, 1, 2, 3], length=2)
        >>> timeseries_generator_from_json(one.to_json()).start_index
        2
    """
    config = dict(json.loads(json_string)["config"])
    data, targets = json.loads(config.pop("data")), json.loads(config.pop("targets"))
    # The config has the first window's target in it; the constructor adds the window's length itself.
    start = config.pop("start_index") - config["length"]
    return TimeseriesGenerator(data, targets, start_index=start, **config)
