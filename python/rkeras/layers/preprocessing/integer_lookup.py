"""Integers as numbers in a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.layers.preprocessing.hashes import bucket
from rkeras.layers.preprocessing.index_lookup import Array, IndexLookup
from rkeras.layers.preprocessing.text_arrays import host_array


class IntegerLookup(IndexLookup):
    """Turns integers into their numbers in a vocabulary, or back.

    Args:
        max_tokens: the most tokens that ``adapt`` keeps, special ones included.
        num_oov_indices: how many numbers there are for what is not in the vocabulary; with 0 that is an error.
        mask_token: an integer with the number 0; None for no such integer.
        oov_token: what stands for the other integers.
        vocabulary: the integers, or the path of a text file with one a line.
        vocabulary_dtype: ``int64`` or ``int32``.
        idf_weights: for ``tf_idf``, what each integer counts for.
        invert: whether to turn numbers into the integers.
        output_mode: ``int``, or rows as in ``StringLookup``.
        sparse: must be False.
        pad_to_max_tokens: whether rows are as long as ``max_tokens`` says.
        oov_method: how unknown integers get their numbers: ``floormod`` (the remainder) or ``farmhash``.
        name: made up if not given.
        salt: one or two numbers that change the hashes of ``farmhash``.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> IntegerLookup(vocabulary=[12, 36])(np.array([36, 5])).tolist()
        [2, 0]
    """

    vocabulary_dtype: str

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype not in ("int32", "int64"):
            raise ValueError(f"IntegerLookup: vocabulary_dtype must be int32 or int64, got {vocabulary_dtype!r}")
        if salt is not None and oov_method != "farmhash":
            raise ValueError(f"IntegerLookup: salt goes with oov_method='farmhash', not {oov_method!r}")
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            oov_method=oov_method,
            salt=salt,
            name=name,
            **kwargs,
        )
        self._keep(vocabulary_dtype=vocabulary_dtype)

    def _values(self, x: Any) -> Array:
        array = host_array(x)
        if array.dtype.kind in "US":
            # The lines of a file.
            return array.astype("int64")
        if array.dtype.kind not in "iu" and not np.array_equal(array, np.round(array)):
            raise ValueError(f"{self.name} takes integers, got an array of dtype {array.dtype}")
        return array.astype("int64")

    def _hashed(self, values: Array, bins: int) -> Array:
        if self.oov_method == "floormod":
            return values % bins
        return np.array([bucket(str(value).encode(), bins, self.salt) for value in values.tolist()], "int64")

    def numbers(self, inputs: Any) -> Any:
        """The number of each value; -1 for masked ones that count nowhere."""
        plain = self.num_oov_indices == 1 or (self.num_oov_indices > 1 and self.oov_method == "floormod")
        if plain and len(self._vocabulary) and isinstance(inputs, _engine.Tensor) and inputs.is_traced:
            return self._search(inputs)
        return super().numbers(inputs)

    def _search(self, inputs: Any) -> Any:
        """The numbers of values that are not known yet, by a binary search in the engine."""
        keys = np.array(self._vocabulary.tokens, "int64")
        order = np.argsort(keys)
        ordered, last = ops.convert_to_tensor(keys[order]), len(keys) - 1
        values = ops.cast(inputs, "int64")
        at = ops.zeros_like(values)
        step = 1 << last.bit_length()
        while step:
            further = at + step
            not_above = ops.take(ordered, ops.minimum(further, last), axis=0) <= values
            at = ops.where(ops.logical_and(further <= last, not_above), further, at)
            step >>= 1
        known = ops.equal(ops.take(ordered, at, axis=0), values)
        numbers = ops.take(ops.convert_to_tensor(order + self._token_start), at, axis=0)
        unknown = ops.mod(values, self.num_oov_indices) + self._oov_start
        found = ops.where(known, numbers, unknown)
        if self.mask_token is None:
            return found
        masked = 0 if self.output_mode == "int" else -1
        return ops.where(ops.equal(values, self.mask_token), ops.full_like(found, masked), found)
