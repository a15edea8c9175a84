"""Where batches come from: arrays in memory, or a stream."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.training.arrays import as_array, is_array_like
from rkeras.training.stream import Stream, is_stream
from rkeras.training.structure import LEAF, is_container, take_apart, unpack_x_y_sample_weight

Array = npt.NDArray[Any]
DEFAULT_BATCH_SIZE = 32


def nested_arrays(value: Any, what: str, count: int | None = None) -> tuple[list[Array], Any]:
    """The arrays in ``value`` and its structure.

    Args:
        value: an array, a nested list of numbers, or lists and dicts of those.
        what: how messages call it.
        count: how many arrays the model takes here, if known: it tells ``[[1, 2], [3, 4]]`` as one array of
            two rows from two arrays.
    """
    leaves: list[Any] = []
    several = count is not None and count > 1 and isinstance(value, (list, tuple)) and len(value) == count
    if several and all(is_array_like(v) and is_container(v) for v in value):
        spec: Any = (list, None, (LEAF,) * len(value))
        leaves.extend(value)
    else:
        spec = take_apart(value, is_array_like, leaves)
    if len(leaves) == 1:
        return [as_array(leaves[0], what)], spec
    return [as_array(leaf, f"{what}[{i}]") for i, leaf in enumerate(leaves)], spec


def batch_arrays(
    batch: Any, model: Any, class_weight: dict[int, float] | None = None
) -> tuple[list[Array], Any]:
    """Arrays and structure of one batch ``(x, y, sample_weight)`` that a user or a generator gives."""
    x, y, sample_weight = unpack_x_y_sample_weight(batch)
    return ArrayData(x, y, sample_weight, model=model, class_weight=class_weight).flat


def class_weights_of(y: Array, class_weight: dict[int, float]) -> Array:
    """The weight of each sample's class; 1 for classes without one.

    Args:
        y: labels, as class indices of shape ``(n,)`` or ``(n, 1)`` or one-hot of shape ``(n, classes)``.
        class_weight: weight by class index.

    >>> class_weights_of(np.array([0, 2]), {0: 3.0}).tolist()
    [3.0, 1.0]
    """
    if y.ndim > 1:
        y = y.argmax(-1) if y.shape[-1] != 1 else y[..., 0]
    classes, inverse = np.unique(np.rint(y).astype(np.int64), return_inverse=True)
    table = np.array([class_weight.get(int(c), 1.0) for c in classes], np.float32)
    return table[inverse.reshape(y.shape)]


class ArrayData:
    """Samples held in arrays.

    Args:
        x: inputs: an array, or lists or dicts of arrays.
        y: labels likewise, or None.
        sample_weight: weights likewise, or None.
        model: the model, for the number of its inputs and outputs.
        class_weight: weights by class index, multiplied into ``sample_weight``.

    Raises:
        ValueError: if there are no samples, or the arrays differ in their number.
    """

    def __init__(
        self, x: Any, y: Any, sample_weight: Any, *, model: Any, class_weight: dict[int, float] | None = None
    ) -> None:
        if x is None:
            raise ValueError(
                "`x` is None: pass the input data as an array, a list or dict of arrays, or a dataset."
            )
        if isinstance(y, (list, tuple, dict)) and not y:
            y = None  # how generators say that the model computes its losses itself
        inputs, outputs = _count(model, "inputs"), _count(model, "outputs")
        self.x, x_spec = nested_arrays(x, "x", inputs)
        self.y, y_spec = nested_arrays(y, "y", outputs)
        weights, weight_spec = nested_arrays(sample_weight, "sample_weight", outputs)
        if class_weight is not None:
            if not hasattr(class_weight, "get"):
                raise ValueError(
                    f"`class_weight` must be a dict of weights by class; received {class_weight!r}."
                )
            weights, weight_spec = self._with_class_weights(class_weight, weights, weight_spec)
        self.weights = weights
        self.samples = self._check_samples()
        # Steps get (x, y) if there are no weights and x alone if there is nothing else, as users unpack.
        if weight_spec is not None:
            spec: Any = (tuple, None, (x_spec, y_spec, weight_spec))
        elif y_spec is not None:
            spec = (tuple, None, (x_spec, y_spec))
        else:
            spec = x_spec if x_spec == LEAF or x_spec[0] is dict else (tuple, None, (x_spec,))
        self.flat = ([*self.x, *self.y, *weights], spec)

    def _with_class_weights(self, class_weight: dict[int, float], weights: list[Array], spec: Any) -> Any:
        if len(self.y) != 1:
            raise ValueError(
                f"`class_weight` needs labels for exactly one output; there are {len(self.y)}. "
                "Pass a `sample_weight` per output instead."
            )
        per_class = class_weights_of(self.y[0], class_weight)
        if not weights:
            return [per_class], LEAF
        given = (
            weights[0]
            if weights[0].ndim >= per_class.ndim
            else weights[0].reshape(-1, *[1] * (per_class.ndim - 1))
        )
        return [given * per_class], spec

    def _check_samples(self) -> int:
        named = [("x", self.x), ("y", self.y), ("sample_weight", self.weights)]
        if not self.x:
            raise ValueError("`x` holds no array.")
        counts = {len(a) for _, arrays in named for a in arrays}
        if len(counts) > 1:
            sizes = "; ".join(
                f"{n}: {', '.join(str(len(a)) for a in arrays)}" for n, arrays in named if arrays
            )
            raise ValueError(
                f"All arrays must hold the same number of samples; got {sizes}. "
                "Check how they were split or filtered."
            )
        samples = counts.pop()
        if samples == 0:
            shapes = ", ".join(str(a.shape) for a in self.x)
            raise ValueError(f"The data is empty: `x` has shape {shapes}, no samples.")
        return samples

    def part(self, start: int, stop: int) -> ArrayData:
        """The samples from ``start`` to ``stop``, without copying."""
        clone = object.__new__(ArrayData)
        clone.x, clone.y, clone.weights = (
            [a[start:stop] for a in arrays] for arrays in (self.x, self.y, self.weights)
        )
        clone.samples = stop - start
        clone.flat = ([*clone.x, *clone.y, *clone.weights], self.flat[1])
        return clone


class Batches:
    """An order of ``ArrayData`` in batches, new for each pass over the data.

    Args:
        data: the samples.
        batch_size: samples per batch; the last batch of a pass has what remains.
        shuffle: True for a new random order each pass, ``"batch"`` to shuffle whole batches, False for the
            order given.
    """

    def __init__(self, data: ArrayData, batch_size: int | None, shuffle: bool | str) -> None:
        size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"`batch_size` must be a positive integer; received {batch_size!r}.")
        if isinstance(shuffle, str) and shuffle != "batch":
            raise ValueError(f"`shuffle` must be True, False or 'batch'; received {shuffle!r}.")
        self.data = data
        self.batch_size = min(int(size), data.samples)
        self.count = -(-data.samples // self.batch_size)
        self.full = data.samples // self.batch_size
        self._shuffle = shuffle
        # Python's generator, which set_random_seed seeds too, so that users' NumPy draws are not disturbed.
        self._generator = np.random.default_rng(random.getrandbits(64)) if shuffle else None
        self._before: Any = None
        self.order: npt.NDArray[np.int64] | None = None
        self.position = self.count
        """The next batch of this pass; there is no pass in progress at first."""
        self.checked = False
        """Whether the labels were found to fit the losses."""

    def start(self) -> None:
        """Starts a pass in a new order."""
        self.position = 0
        if self._generator is None:
            return
        samples = self.data.samples
        self._before = self._generator.bit_generator.state
        if self._shuffle == "batch":
            starts = self._generator.permutation(self.full) * self.batch_size
            rows = (starts[:, None] + np.arange(self.batch_size)).reshape(-1)
            self.order = np.concatenate([rows, np.arange(len(rows), samples)]).astype(np.int64)
        else:
            self.order = self._generator.permutation(samples).astype(np.int64, copy=False)

    def close(self) -> None:
        """Arrays need no end."""

    def state(self) -> dict[str, Any]:
        """Order and position of this pass, for ``restore``."""
        return {"order": self._before, "position": self.position}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes to the position of another run over the same data."""
        if self._generator is not None and state["order"] is not None:
            self._generator.bit_generator.state = state["order"]
        self.start()
        self.position = min(int(state["position"]), self.count)

    def remainder(self) -> list[Array]:
        """The arrays of the last, partial batch of this pass."""
        rows: Any = slice(self.full * self.batch_size, None)
        if self.order is not None:
            rows = self.order[rows]
        return [a[rows] for a in self.data.flat[0]]


def open_data(
    x: Any,
    y: Any,
    sample_weight: Any,
    *,
    model: Any,
    batch_size: int | None = None,
    shuffle: bool | str = False,
    class_weight: dict[int, float] | None = None,
) -> Batches | Stream:
    """The data of a call to ``fit``, ``evaluate`` or ``predict``.

    Raises:
        ValueError: for labels, weights or a batch size beside a dataset that yields batches.
    """
    if not is_stream(x):
        data = ArrayData(x, y, sample_weight, model=model, class_weight=class_weight)
        return Batches(data, batch_size, shuffle)
    kind = type(x).__name__
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"`{name}` must not be given when `x` is a {kind}: its batches are (x, y, sample_weight)."
            )
    if batch_size is not None:
        warnings.warn(f"`batch_size` is ignored: `x` is a {kind}, which makes its own batches.", stacklevel=5)
    return Stream(x, shuffle)


def split_validation(data: ArrayData, fraction: float) -> tuple[ArrayData, ArrayData]:
    """The first samples to train on, and the last ``fraction`` of them to validate on.

    Raises:
        ValueError: if the fraction is not within (0, 1), or leaves no samples on one side.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"`validation_split` must lie between 0 and 1; received {fraction}.")
    cut = int(np.floor(data.samples * (1.0 - fraction)))
    if cut == 0 or cut == data.samples:
        raise ValueError(
            f"validation_split={fraction} of {data.samples} samples leaves {cut} to train on and "
            f"{data.samples - cut} to validate on; both must have some."
        )
    return data.part(0, cut), data.part(cut, data.samples)


def _count(model: Any, attribute: str) -> int | None:
    tensors = getattr(model, attribute, None)
    return len(tensors) if isinstance(tensors, Sequence) else None
