"""Pairs of neighbouring words, to learn word vectors from (Mikolov et al. 2013)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# As far as the tables of Keras have it.
_EULER_GAMMA = 0.577


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> npt.NDArray[np.float64]:
    """How likely a word of each rank is kept, so that frequent words do not drown the others.

    Ranks are taken to follow Zipf's law.

    Args:
        size: number of words; word 0 stands for none.
        sampling_factor: the frequency below which every word is kept.

    Returns:
        Probabilities (size,).

    Example:
        >>> make_sampling_table(3).round(4).tolist()
        [0.0032, 0.0032, 0.0055]
    """
    rank = np.maximum(np.arange(size, dtype=np.float64), 1.0)
    inverse_frequency = rank * (np.log(rank) + _EULER_GAMMA) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))


def skipgrams(
    sequence: Sequence[int],
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words that stand near each other, and pairs of words drawn at random.

    Args:
        sequence: word numbers; 0 is no word.
        vocabulary_size: one more than the largest word number.
        window_size: how far apart neighbours may be.
        negative_samples: random pairs for each true one.
        shuffle: whether the pairs are shuffled.
        categorical: whether labels are ``[0, 1]`` and ``[1, 0]`` instead of 1 and 0.
        sampling_table: how likely each word is kept; all are by default.
        seed: of the shuffling.

    Returns:
        The pairs, and for each whether its words are neighbours.

    Example:
        >>> skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0, shuffle=False)
        ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    true, false = ([0, 1], [1, 0]) if categorical else (1, 0)
    pairs = [
        [word, sequence[j]]
        for i, word in enumerate(sequence)
        if word and (sampling_table is None or sampling_table[word] >= random.random())
        for j in range(max(0, i - window_size), min(len(sequence), i + window_size + 1))
        if j != i and sequence[j]
    ]
    labels: list[Any] = [true] * len(pairs)
    wrong = int(len(pairs) * negative_samples)
    if wrong > 0:
        words = [word for word, _ in pairs]
        random.shuffle(words)
        pairs += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(wrong)]
        labels += [false] * wrong
    if shuffle:
        if seed is None:
            seed = random.randint(0, 10_000_000)
        for rows in (pairs, labels):
            random.seed(seed)
            random.shuffle(rows)
    return pairs, labels
