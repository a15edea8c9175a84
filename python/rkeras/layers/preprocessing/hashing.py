"""Hashes of categories."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, config, ops
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._arguments import ArgumentLayer, one_of, positive
from rkeras.layers.preprocessing.encoding import encode
from rkeras.layers.preprocessing.hashes import bucket, farmhash64, joined, salt_of
from rkeras.layers.preprocessing.text_arrays import Array, host_array, text_array

# Where crossing begins.
_SEED = 956888297470


def _category_array(x: Any, layer: str) -> Array:
    """Text as strings, floats cut off to integers."""
    array = host_array(x)
    if array.dtype.kind in "iu":
        return array
    return array.astype("int64") if array.dtype.kind == "f" else text_array(x, "utf-8", layer)


class Hashing(ArgumentLayer):
    """Gives each category one of so many numbers, with no vocabulary; different ones can get the same.

    Args:
        num_bins: how many numbers there are.
        mask_value: a category with the number 0, which no other gets.
        salt: one or two numbers that change the hashes.
        output_mode: ``int``, or rows as in ``CategoryEncoding``.
        sparse: must be False.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> Hashing(3)(np.array([["A"], ["B"], ["C"]])).tolist()
        [[1], [0], [1]]
    """

    _convert_input_args = False
    _takes_text = True
    num_bins: int
    mask_value: Any
    salt: list[int] | None
    output_mode: str

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        one_of("Hashing", "output_mode", output_mode, ("int", "one_hot", "multi_hot", "count"))
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else config.floatx()
        super().__init__(**kwargs)
        if sparse:
            raise ValueError("Hashing makes dense rows only; leave out sparse=True")
        if output_mode == "int" and self.dtype_policy.name not in ("int32", "int64"):
            raise ValueError(f"Hashing: numbers are int32 or int64, got dtype={self.dtype_policy.name}")
        self._keep(
            num_bins=positive("Hashing", "num_bins", num_bins),
            mask_value=mask_value,
            salt=salt_of("Hashing", salt),
            output_mode=output_mode,
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The numbers, or rows."""
        values = _category_array(inputs, self.name)
        first = int(self.mask_value is not None and self.num_bins > 1)
        numbers = [bucket(str(value).encode(), self.num_bins - first, self.salt) for value in values.ravel().tolist()]
        found = np.array(numbers, "int64").reshape(values.shape) + first
        if first:
            found = np.where(values == self.mask_value, 0, found)
        return encode(ops.convert_to_tensor(found), self.output_mode, self.num_bins, self.compute_dtype)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """A symbolic tensor of numbers or rows."""
        return KerasTensor(_shape_of(inputs.shape, self.output_mode, self.num_bins), self.compute_dtype)


class HashedCrossing(ArgumentLayer):
    """Gives each combination of categories one of so many numbers.

    Args:
        num_bins: how many numbers there are.
        output_mode: ``int`` or ``one_hot``.
        sparse: must be False.
        name: made up if not given.
        dtype: of the numbers or rows.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> HashedCrossing(1000)((np.array(["A", "B"]), np.array([101, 102]))).tolist()
        [891, 576]
    """

    _convert_input_args = False
    _takes_text = True
    num_bins: int
    output_mode: str

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        one_of("HashedCrossing", "output_mode", output_mode, ("int", "one_hot"))
        if dtype is None:
            dtype = "int64" if output_mode == "int" else config.floatx()
        super().__init__(name=name, dtype=dtype, **kwargs)
        if sparse:
            raise ValueError("HashedCrossing makes dense rows only; leave out sparse=True")
        self._keep(num_bins=positive("HashedCrossing", "num_bins", num_bins), output_mode=output_mode)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The numbers, or rows, of categories that are given as a list of arrays."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(f"{self.name} takes a list of two or more arrays of categories, got {inputs!r}")
        columns = [_category_array(x, self.name) for x in inputs]
        shape = columns[0].shape
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1) or any(c.shape != shape for c in columns):
            raise ValueError(
                f"{self.name} takes arrays of one shape, (batch,) or (batch, 1), got {[c.shape for c in columns]}"
            )
        numbers = []
        for row in zip(*(column.ravel().tolist() for column in columns), strict=True):
            found = _SEED
            for value in row:
                found = joined(found, value if isinstance(value, int) else farmhash64(value.encode()))
            numbers.append(found % self.num_bins)
        crossed = _engine.convert(np.array(numbers, "int64").reshape(shape))
        return encode(crossed, self.output_mode, self.num_bins, self.compute_dtype)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """A symbolic tensor of numbers or rows."""
        return KerasTensor(_shape_of(inputs[0].shape, self.output_mode, self.num_bins), self.compute_dtype)


def _shape_of(shape: tuple[int | None, ...], output_mode: str, bins: int) -> tuple[int | None, ...]:
    if output_mode == "int":
        return shape
    keeps_axis = output_mode == "one_hot" and shape[-1:] != (1,)
    return (*(shape if keeps_axis else shape[:-1]), bins)
