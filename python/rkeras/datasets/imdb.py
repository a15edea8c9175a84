"""Reviews of films, for or against."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras.compat.arguments import renamed
from rkeras.datasets import _files
from rkeras.datasets._parts import shuffled
from rkeras.datasets._sequences import frequent, marked, shorter

__all__ = ["get_word_index", "load_data"]


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Reviews of films (Maas et al. 2011): 25,000 to learn from and 25,000 to test, half of them favourable.

    A review is a list of the numbers of its words. The most frequent word has the number 1, to which ``index_from``
    is added; 0 is left for padding.

    Args:
        path: the file's name in ``~/.keras/datasets``; it is downloaded if it is not there.
        num_words: words whose numbers reach this one are too rare; none by default (but the very rarest).
        skip_top: words whose numbers are below this one are too frequent.
        maxlen: reviews of this length or more are left out.
        seed: determines the order of the reviews.
        start_char: the sign at the beginning of each review, or None.
        oov_char: the sign that stands for words too rare or too frequent; None leaves them out.
        index_from: added to the numbers of words.
        kwargs: ``nb_words``, an older name of ``num_words``.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: vectors of lists, and of 1 (favourable) or 0.

    Raises:
        OSError: it is not there and cannot be downloaded.
        TypeError: an unknown argument.
        ValueError: no review is short enough, or what was downloaded is not the file.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data(num_words=10000)  # doctest: +SKIP
        >>> x_train.shape, x_train[0][:3]  # doctest: +SKIP
        ((25000,), [1, 14, 22])
    """
    kwargs = renamed("texts", "imdb.load_data", kwargs)
    num_words = kwargs.pop("num_words", num_words)
    if kwargs:
        raise TypeError(f"imdb.load_data got unexpected arguments: {', '.join(kwargs)}")
    found = _files.arrays("imdb.npz", path)
    random = np.random.RandomState(seed)
    texts, labels = [], []
    for part in ("train", "test"):
        x, y = shuffled(found[f"x_{part}"], found[f"y_{part}"], random)
        x, y = shorter(marked(x, start_char, index_from), y, maxlen)
        texts.append(x)
        labels.append(y)
    words = frequent(texts[0] + texts[1], num_words, skip_top, oov_char)
    train, test = np.split(words, [len(texts[0])])
    return (train, labels[0]), (test, labels[1])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The number of each word of the reviews; ``load_data`` adds ``index_from`` to it.

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
    return _files.word_index("imdb_word_index.json", path)
