"""News of 46 topics."""

from __future__ import annotations

from typing import Any

from rkeras.datasets import _files
from rkeras.datasets._parts import shuffled, split
from rkeras.datasets._sequences import frequent, marked, shorter

__all__ = ["get_label_names", "get_word_index", "load_data"]

_TOPICS = """
    cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass crude
    nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi iron-steel
    rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead
"""


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """11,228 news of 46 topics (Reuters 1987).

    A text is a list of the numbers of its words. The most frequent word has the number 1, to which ``index_from`` is
    added; 0 is left for padding.

    Args:
        path: the file's name in ``~/.keras/datasets``; it is downloaded if it is not there.
        num_words: words whose numbers reach this one are too rare; none by default (but the very rarest).
        skip_top: words whose numbers are below this one are too frequent.
        maxlen: texts of this length or more are left out.
        test_split: fraction of the texts that is for tests.
        seed: determines the order of the texts.
        start_char: the sign at the beginning of each text, or None.
        oov_char: the sign that stands for words too rare or too frequent; None leaves them out.
        index_from: added to the numbers of words.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: vectors of lists, and of topics from 0 to 45.

    Raises:
        OSError: it is not there and cannot be downloaded.
        ValueError: no such fraction, no text is short enough, or what was downloaded is not the file.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data(num_words=10000)  # doctest: +SKIP
        >>> x_train.shape, x_test.shape  # doctest: +SKIP
        ((8982,), (2246,))
    """
    found = _files.arrays("reuters.npz", path)
    x, y = shuffled(found["x"], found["y"], seed)
    texts, labels = shorter(marked(x, start_char, index_from), y, maxlen)
    return split(frequent(texts, num_words, skip_top, oov_char), labels, test_split)


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The number of each word of the news; ``load_data`` adds ``index_from`` to it.

    Args:
        path: the file's name in ``~/.keras/datasets``; it is downloaded if it is not there.

    Returns:
        Numbers by words.

    Raises:
        OSError: it is not there and cannot be downloaded.
        ValueError: what was downloaded is not the file.

    Example:
        >>> get_word_index()["the"]  # doctest: +SKIP
        1
    """
    return _files.word_index("reuters_word_index.json", path)


def get_label_names() -> tuple[str, ...]:
    """The names of the topics, in the order of their numbers.

    Returns:
        46 words.

    Example:
        >>> get_label_names()[3]
        'earn'
    """
    return tuple(_TOPICS.split())
