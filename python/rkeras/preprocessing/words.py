"""Texts taken apart into words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """The words of a text.

    Args:
        input_text: the text.
        filters: characters that part words as ``split`` does.
        lower: whether the text is taken in lower case.
        split: what stands between words.

    Returns:
        The words, without empty ones.

    Example:
        >>> text_to_word_sequence("The cat, the hat.")
        ['the', 'cat', 'the', 'hat']
    """
    text = input_text.lower() if lower else input_text
    parting: dict[str, str | int | None] = dict.fromkeys(filters, split)
    text = text.translate(str.maketrans(parting))
    return [word for word in text.split(split) if word]


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
) -> list[int]:
    """The words of a text as numbers that a hash makes; two words may get the same.

    Args:
        text: the text.
        n: numbers are 1 to n - 1.
        hash_function: Python's ``hash`` by default, which differs from run to run; ``md5``, which does not; or a
            function of a word.
        filters: characters that part words.
        lower: whether the text is taken in lower case.
        split: what stands between words.

    Returns:
        A number for each word.

    Example:
        >>> hashing_trick("the cat the", 10, "md5")
        [6, 3, 6]
    """
    if hash_function == "md5":
        number: Callable[[str], int] = _md5
    elif hash_function is None or hash_function == "hash":
        number = hash
    elif callable(hash_function):
        number = hash_function
    else:
        raise ValueError(f"hashing_trick: hash_function must be 'md5', a function or None, got {hash_function!r}")
    return [number(word) % (n - 1) + 1 for word in text_to_word_sequence(text, filters, lower, split)]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


def one_hot(input_text: str, n: int, filters: str = FILTERS, lower: bool = True, split: str = " ") -> list[int]:
    """The words of a text as numbers, by Python's ``hash``; no vectors, whatever the name says.

    Args:
        input_text: the text.
        n: numbers are 1 to n - 1.
        filters: characters that part words.
        lower: whether the text is taken in lower case.
        split: what stands between words.

    Returns:
        A number for each word.

    Example:
        >>> numbers = one_hot("the cat the", 10)
        >>> numbers[0] == numbers[2], len(numbers)
        (True, 3)
    """
    return hashing_trick(input_text, n, None, filters, lower, split)
