"""Strings as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras.layers.preprocessing.hashes import bucket
from rkeras.layers.preprocessing.index_lookup import Array, IndexLookup
from rkeras.layers.preprocessing.text_arrays import text_array


class StringLookup(IndexLookup):
    """Turns strings into their numbers in a vocabulary, or back.

    The vocabulary is given, or found by ``adapt``. Text is not for the engine: the layer takes NumPy arrays, and
    with ``invert`` gives one.

    Args:
        max_tokens: the most tokens that ``adapt`` keeps, special ones included.
        num_oov_indices: how many numbers there are for what is not in the vocabulary; with 0 that is an error.
        mask_token: a token with the number 0; None for no such token.
        oov_token: what stands for the other strings.
        vocabulary: the tokens, or the path of a text file with one a line.
        idf_weights: for ``tf_idf``, what each token counts for.
        invert: whether to turn numbers into strings.
        output_mode: ``int``, ``one_hot`` (a row for each string), ``multi_hot`` (1 for each string in a sample),
            ``count`` (how often each is in a sample) or ``tf_idf`` (the same, rare ones counting more).
        pad_to_max_tokens: whether rows are as long as ``max_tokens`` says.
        sparse: must be False.
        encoding: of bytes.
        name: made up if not given.
        salt: one or two numbers that change the way in which unknown strings get their numbers.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> import numpy as np
        >>> layer = StringLookup(vocabulary=["red", "green"])
        >>> layer(np.array(["green", "blue"])).tolist()
        [2, 0]
        >>> StringLookup(vocabulary=["red", "green"], invert=True)(np.array([2, 0])).tolist()
        ['green', '[UNK]']
    """

    encoding: str

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self._encoding = encoding
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
            salt=salt,
            name=name,
            **kwargs,
        )
        self._keep(encoding=encoding)

    def _values(self, x: Any) -> Array:
        return text_array(x, self._encoding, self.name)

    def _hashed(self, values: Array, bins: int) -> Array:
        return np.array([bucket(value.encode(), bins, self.salt) for value in values.tolist()], "int64")
