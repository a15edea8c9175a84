"""Texts as lists of the numbers of their words."""

from __future__ import annotations

from typing import Any

import numpy as np


def marked(texts: Any, start_char: int | None, index_from: int) -> list[list[int]]:
    """Texts with a sign at their beginning, and numbers of words moved up to make room for signs.

    Example:
        >>> marked([[1, 2], [3]], 1, 3)
        [[1, 4, 5], [1, 6]]
        >>> marked([[1, 2], [3]], None, 0)
        [[1, 2], [3]]
    """
    begin = [] if start_char is None else [start_char]
    shift = index_from or 0
    return [begin + [word + shift for word in text] for text in texts]


def shorter(texts: list[list[int]], labels: Any, maxlen: int | None) -> tuple[list[list[int]], Any]:
    """The texts that have fewer signs than ``maxlen``, with their labels; all for None.

    Raises:
        ValueError: there is none.

    Example:
        >>> texts, labels = shorter([[1, 2], [3]], np.array([7, 8]), 2)
        >>> texts, labels.tolist()
        ([[3]], [8])
    """
    if not maxlen:
        return texts, labels
    kept = [i for i, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ValueError(f"no text is shorter than maxlen={maxlen}; increase it")
    return [texts[i] for i in kept], labels[kept]


def frequent(texts: list[list[int]], num_words: int | None, skip_top: int, oov_char: int | None) -> Any:
    """Texts in which words that are too rare or too frequent are replaced or, without a sign for them, left out.

    Args:
        texts: lists of numbers.
        num_words: from this number on words are too rare; by default the largest number is.
        skip_top: below this number words are too frequent.
        oov_char: the sign for them, or None.

    Returns:
        A vector of lists.

    Example:
        >>> frequent([[1, 5, 9], [2]], 6, 2, 2).tolist()
        [[2, 5, 2], [2]]
        >>> frequent([[1, 5, 9], [2]], 6, 2, None).tolist()
        [[5], [2]]
    """
    # As in Keras, the word with the largest number is left out where no limit is given.
    limit = num_words or max((max(text) for text in texts if text), default=0)
    if oov_char is None:
        found = [[word for word in text if skip_top <= word < limit] for text in texts]
    else:
        found = [[word if skip_top <= word < limit else oov_char for word in text] for text in texts]
    return np.fromiter(found, dtype=object, count=len(found))
