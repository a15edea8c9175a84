"""A vocabulary made from texts."""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.preprocessing.words import FILTERS, text_to_word_sequence

_SETTINGS = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
_COUNTS = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
_MODES = ("binary", "count", "tfidf", "freq")


class Tokenizer:
    """Numbers words by how often they occur in texts, and turns texts into such numbers and back.

    Numbers start with 1, the most frequent word (or ``oov_token``, if there is one); 0 is no word.

    Args:
        num_words: only numbers below it are used; all by default.
        filters: characters that part words.
        lower: whether texts are taken in lower case.
        split: what stands between words.
        char_level: whether each character is a word.
        oov_token: what stands for words that are not known; they are left out by default.
        analyzer: a function from a text to its words, instead of all the above.
        kwargs: the old name ``nb_words``, and ``document_count`` of a saved tokenizer.

    Attributes:
        word_counts: how often each word was seen.
        word_docs: in how many texts.
        word_index: the number of each word.
        index_word: the word of each number.
        index_docs: in how many texts the word of each number was seen.
        document_count: number of texts seen.

    Example:
        >>> tokenizer = Tokenizer(oov_token="?")
        >>> tokenizer.fit_on_texts(["the cat and the hat"])
        >>> tokenizer.texts_to_sequences(["the dog"])
        [[2, 1]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Any = None,
        **kwargs: Any,
    ) -> None:
        if "nb_words" in kwargs:
            warnings.warn("The argument `nb_words` is now `num_words`.", DeprecationWarning, stacklevel=2)
            num_words = kwargs.pop("nb_words")
        self.document_count: int = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"Tokenizer does not know the argument(s) {sorted(kwargs)}")
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: defaultdict[str, int] = defaultdict(int)
        self.index_docs: defaultdict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> Sequence[str]:
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return str(text.lower() if self.lower else text)
        if self.analyzer is not None:
            return list(self.analyzer(text))
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Adds texts to what the vocabulary is made of.

        Args:
            texts: strings, or lists of words.
        """
        for text in texts:
            words = self._words(text)
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        # Words as frequent as each other stay in the order in which they were seen.
        ranked = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: number for number, word in enumerate([*first, *ranked], 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Sequence[Sequence[int]]) -> None:
        """Counts in how many sequences of numbers each occurs, for ``sequences_to_matrix``.

        Args:
            sequences: lists of word numbers.
        """
        self.document_count += len(sequences)
        for sequence in sequences:
            for number in set(sequence):
                self.index_docs[number] += 1

    def _number(self, word: str) -> int | None:
        number = self.word_index.get(word)
        if number is None or (self.num_words and number >= self.num_words):
            return None if self.oov_token is None else self.word_index.get(self.oov_token)
        return number

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Texts as lists of word numbers.

        Args:
            texts: strings, or lists of words.
        """
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Texts as lists of word numbers, one by one.

        Args:
            texts: strings, or lists of words.
        """
        for text in texts:
            numbers = map(self._number, self._words(text))
            yield [number for number in numbers if number is not None]

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Lists of word numbers as texts.

        Args:
            sequences: lists of word numbers.
        """
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """Lists of word numbers as texts, one by one.

        Args:
            sequences: lists of word numbers.
        """
        for sequence in sequences:
            words = [self.oov_token if self._is_unknown(n) else self.index_word[n] for n in sequence]
            yield " ".join(word for word in words if word is not None)

    def _is_unknown(self, number: int) -> bool:
        return number not in self.index_word or bool(self.num_words and number >= self.num_words)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> npt.NDArray[np.float64]:
        """Texts as rows with a column for each word number.

        Args:
            texts: strings, or lists of words.
            mode: see ``sequences_to_matrix``.
        """
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Sequence[Sequence[int]], mode: str = "binary") -> npt.NDArray[np.float64]:
        """Lists of word numbers as rows with a column for each number.

        Args:
            sequences: lists of word numbers.
            mode: ``binary`` (1 where the word occurs), ``count`` (how often), ``freq`` (its share of the text) or
                ``tfidf`` (more, the fewer texts it occurs in).

        Returns:
            An array (sequences, words).

        Raises:
            ValueError: the mode is unknown, or nothing was fitted.
        """
        if mode not in _MODES:
            raise ValueError(f"mode must be one of {_MODES}, got {mode!r}")
        columns = self.num_words or (len(self.word_index) + 1 if self.word_index else 0)
        if not columns:
            raise ValueError("the number of columns is not known: give num_words, or call fit_on_texts first")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("tfidf compares with the texts seen: call fit_on_texts first")
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences, strict=True):
            for number, count in Counter(n for n in sequence if n < columns).items():
                row[number] = self._weight(number, count, len(sequence), mode)
        return matrix

    def _weight(self, number: int, count: int, length: int, mode: str) -> float:
        if mode == "binary":
            return 1.0
        if mode == "count":
            return count
        if mode == "freq":
            return count / length
        rarity = math.log(1 + self.document_count / (1 + self.index_docs.get(number, 0)))
        return (1 + math.log(count)) * rarity

    def get_config(self) -> dict[str, Any]:
        """The settings and, as JSON, the counts."""
        settings = {name: getattr(self, name) for name in _SETTINGS}
        return {**settings, **{name: json.dumps(getattr(self, name)) for name in _COUNTS}}

    def to_json(self, **kwargs: Any) -> str:
        """The tokenizer as JSON.

        Args:
            kwargs: handed to ``json.dumps``.
        """
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Makes a tokenizer from ``Tokenizer.to_json``.

    Args:
        json_string: the JSON.

    Example:
        >>> tokenizer = Tokenizer()
        >>> tokenizer.fit_on_texts(["a b a"])
        >>> tokenizer_from_json(tokenizer.to_json()).word_index
        {'a': 1, 'b': 2}
    """
    config = dict(json.loads(json_string)["config"])
    counts = {name: json.loads(config.pop(name)) for name in _COUNTS}
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = OrderedDict(counts["word_counts"])
    tokenizer.word_docs = defaultdict(int, counts["word_docs"])
    tokenizer.word_index = counts["word_index"]
    # The keys of JSON are strings.
    tokenizer.index_docs = defaultdict(int, {int(n): count for n, count in counts["index_docs"].items()})
    tokenizer.index_word = {int(n): word for n, word in counts["index_word"].items()}
    return tokenizer
