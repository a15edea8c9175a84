"""Tokens and their numbers."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Vocabulary:
    """Different tokens in an order.

    Args:
        tokens: strings or ints.

    Example:
        >>> Vocabulary(["a", "b"]).find(np.array(["b", "c"])).tolist()
        [1, -1]
    """

    def __init__(self, tokens: list[Any]) -> None:
        self.tokens = tokens
        self._index = {token: i for i, token in enumerate(tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def find(self, values: Array) -> Array:
        """The index of each value, -1 where it has none."""
        index = self._index
        found = [index.get(value, -1) for value in values.ravel().tolist()]
        return np.array(found, "int64").reshape(values.shape)

    def tokens_at(self, indices: Array, other: Any) -> Array:
        """The token at each index, and ``other`` where there is none."""
        table = np.array([*self.tokens, other], object if isinstance(other, str) else None)
        known = (indices >= 0) & (indices < len(self.tokens))
        found: Array = table[np.where(known, indices, len(self.tokens))]
        return found.astype(str) if isinstance(other, str) else found


class TokenCounts:
    """How often tokens came, and in how many documents.

    Example:
        >>> counts = TokenCounts()
        >>> counts.add([["b", "a", "b"], ["a", "b"]])
        >>> counts.most_frequent(None, ())
        ['b', 'a']
    """

    def __init__(self) -> None:
        self._tokens: Counter[Any] = Counter()
        self._documents: Counter[Any] = Counter()
        self._size = 0

    def add(self, documents: Any) -> None:
        """Counts the tokens of documents, each an array or list of them, or a single one."""
        for document in documents:
            tokens = np.ravel(document).tolist()
            self._tokens.update(tokens)
            self._documents.update(set(tokens))
            self._size += 1

    def most_frequent(self, limit: int | None, excluded: tuple[Any, ...]) -> list[Any]:
        """So many tokens, the most frequent first; of those that are as frequent the last in order."""
        tokens = [token for token in self._tokens if token not in excluded]
        return sorted(tokens, key=lambda token: (self._tokens[token], token), reverse=True)[:limit]

    def idf(self, tokens: list[Any]) -> Array:
        """What each token counts for: the more, the fewer documents it is in."""
        documents = np.array([self._documents[token] for token in tokens], "float64")
        return np.log(1 + self._size / (1 + documents)).astype("float32")


def repeated(tokens: list[Any]) -> list[Any]:
    """The tokens that are there more than once.

    Args:
        tokens: any that can be counted.

    Example:
        >>> repeated(["a", "b", "a"])
        ['a']
    """
    return [token for token, count in Counter(tokens).items() if count > 1]


def read_lines(path: Any) -> list[str]:
    """The lines of a text file, without empty ones at its end.

    Args:
        path: of the file.

    Raises:
        ValueError: there is none.
    """
    if not os.path.isfile(path):
        raise ValueError(f"there is no vocabulary file {os.fspath(path)!r}")
    with open(path, encoding="utf-8", newline="\n") as file:
        return split_lines(file.read())


def split_lines(text: str) -> list[str]:
    """Lines of either system, without empty ones at the end.

    Args:
        text: with a token a line.

    Example:
        >>> split_lines("a\\n\\nb\\n")
        ['a', '', 'b']
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and lines[-1] == "":
        lines.pop()
    return lines


def refuse_path(layer: str, config: dict[str, Any]) -> None:
    """ValueError if the vocabulary of a record is a path.

    Args:
        layer: class of the layer, for the error.
        config: the arguments.

    Example:
        >>> refuse_path("StringLookup", {"vocabulary": ["a"]})
    """
    if isinstance(config.get("vocabulary"), (str, bytes)):
        raise ValueError(
            f"the record of a {layer} names the file {config['vocabulary']!r} as its vocabulary, and files that are "
            "named in records are not read; make the layer with the vocabulary itself"
        )
