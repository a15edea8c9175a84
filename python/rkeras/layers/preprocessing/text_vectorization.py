"""Sentences as the numbers of their words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._arguments import one_of
from rkeras.layers.layer import Layer
from rkeras.layers.preprocessing.adaptation import batches
from rkeras.layers.preprocessing.string_lookup import StringLookup
from rkeras.layers.preprocessing.text_arrays import text_array
from rkeras.layers.preprocessing.vocabulary import refuse_path

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_PUNCTUATION = str.maketrans("", "", "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")
# Letters and spaces beyond ASCII stay what they are, as in the text operations of TensorFlow.
_STANDARDS: dict[str, Callable[[str], str]] = {
    "lower_and_strip_punctuation": lambda text: text.translate(_LOWER).translate(_PUNCTUATION),
    "lower": lambda text: text.translate(_LOWER),
    "strip_punctuation": lambda text: text.translate(_PUNCTUATION),
}
_SPLITS: dict[str, Callable[[str], list[str]]] = {
    "whitespace": lambda text: re.findall(r"[^ \t\n\v\f\r]+", text),
    "character": list,
}


class TextVectorization(Layer):
    """Turns texts into the numbers of their words in a vocabulary.

    Each text is standardized, split into words, the words may be joined to groups of neighbours, and get their numbers:
    0 is for padding, 1 for words that are not in the vocabulary. Text is not for the engine: the layer takes NumPy
    arrays or lists.

    Args:
        max_tokens: the most words that ``adapt`` keeps, special ones included.
        standardize: ``lower_and_strip_punctuation``, ``lower``, ``strip_punctuation``, None, or a function of an array
            of strings.
        split: ``whitespace``, ``character``, None, or a function that gives a list of words for each string.
        ngrams: groups of so many neighbours at most; or a tuple of the sizes of groups.
        output_mode: ``int``, or rows as in ``StringLookup``.
        output_sequence_length: how many numbers there are for each text; as many as for the longest by default.
        pad_to_max_tokens: whether rows are as long as ``max_tokens`` says.
        vocabulary: the words, or the path of a text file with one a line.
        idf_weights: for ``tf_idf``, what each word counts for.
        sparse: must be False.
        ragged: must be False.
        encoding: of bytes.
        name: made up if not given.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> layer = TextVectorization()
        >>> layer.adapt(["A cat.", "The cat sat", "the cat"])
        >>> layer.get_vocabulary()
        ['', '[UNK]', 'cat', 'the', 'sat', 'a']
        >>> layer(["The cat!", "a big cat"]).tolist()
        [[3, 2, 0], [5, 1, 2]]
    """

    _convert_input_args = False
    _takes_text = True

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        vocabulary_size: int | None = None,
        has_input_vocabulary: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if not callable(standardize):
            one_of("TextVectorization", "standardize", standardize, (*_STANDARDS, None))
        if not callable(split):
            one_of("TextVectorization", "split", split, (*_SPLITS, None))
        if ragged:
            raise ValueError("TextVectorization makes dense arrays only; leave out ragged=True")
        if output_sequence_length is not None and output_mode != "int":
            raise ValueError(
                f"TextVectorization: output_sequence_length goes with output_mode='int', not {output_mode!r}"
            )
        if not (ngrams is None or isinstance(ngrams, int) or all(isinstance(n, int) for n in ngrams)):
            raise ValueError(f"TextVectorization: ngrams must be an integer or a tuple of them, got {ngrams!r}")
        self._standardize, self._split, self._ngrams = standardize, split, ngrams
        self._length = output_sequence_length
        self._encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            vocabulary_size=vocabulary_size,
            has_input_vocabulary=has_input_vocabulary,
        )
        self.built = True

    def words(self, inputs: Any) -> list[list[str]]:
        """The words of each text, as they are looked up.

        Args:
            inputs: texts, as an array of one axis or with a second one of size 1; without splitting, of words.
        """
        texts = text_array(inputs, self._encoding, self.name)
        if callable(self._standardize):
            texts = text_array(self._standardize(texts), self._encoding, self.name)
        if self._split is not None and texts.ndim > 1:
            if texts.shape[-1] != 1:
                raise ValueError(
                    f"{self.name} splits texts in an array of one axis, or with a last axis of size 1, got shape "
                    f"{texts.shape}; split=None takes words"
                )
            texts = texts[..., 0]
        found: list[Any] = np.atleast_1d(texts).tolist()
        if self._split is None:
            found = [row if isinstance(row, list) else [row] for row in found]
        if self._standardize in _STANDARDS:
            change = _STANDARDS[self._standardize]
            found = [[change(w) for w in text] if isinstance(text, list) else change(text) for text in found]
        if callable(self._split):
            found = [list(words) for words in self._split(np.array(found, dtype=str))]
        elif self._split is not None:
            found = [_SPLITS[self._split](text) for text in found]
        return found if self._ngrams is None else [self._groups(words) for words in found]

    def _groups(self, words: list[str]) -> list[str]:
        most = len(words)
        sizes = range(1, min(self._ngrams, most) + 1) if isinstance(self._ngrams, int) else self._ngrams or ()
        return [" ".join(words[i : i + n]) for n in sizes for i in range(len(words) - n + 1)]

    def call(self, inputs: Any) -> Any:
        """The numbers of the words, or rows."""
        documents = self.words(inputs)
        lengths = np.array([len(words) for words in documents], int)
        flat = self._lookup_layer.numbers(np.array([w for words in documents for w in words], object)).numpy()
        numbers_only = self._lookup_layer.output_mode == "int"
        length = max(lengths, default=0) if self._length is None else self._length
        # In rows, -1 counts nowhere.
        found = np.full((len(documents), length), 0 if numbers_only else -1, "int64")
        starts = np.cumsum(lengths) - lengths
        for row, start, count in zip(found, starts, np.minimum(lengths, length), strict=True):
            row[:count] = flat[start : start + count]
        if np.ndim(inputs) == 0:
            found = found[0]
        return self._lookup_layer.encoded(ops.convert_to_tensor(found))

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Makes the vocabulary of the words in texts, the most frequent first.

        Args:
            data: texts in an array or a list, or batches of a dataset.
            batch_size: not used.
            steps: how many batches.

        Raises:
            ValueError: the vocabulary was given.
        """
        del batch_size
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forgets what was counted."""
        self._lookup_layer.reset_state()

    def update_state(self, data: Any) -> None:
        """Counts the words of a batch."""
        self._lookup_layer.count_documents(self.words(data))

    def finalize_state(self) -> None:
        """Makes the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The words, each at the index of its number.

        Args:
            include_special_tokens: whether those for padding and unknown words come first.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """The number of words, special ones included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Takes a vocabulary in place of finding one by ``adapt``.

        Args:
            vocabulary: the words, or the path of a text file with one a line.
            idf_weights: for ``tf_idf``, what each word counts for.
        """
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """A symbolic tensor of numbers or rows."""
        batch = tuple(inputs.shape[:1])
        if self._lookup_layer.output_mode == "int":
            return KerasTensor((*batch, self._length), "int64")
        shape = inputs.shape if self._split is None else (*batch, None)
        rows = self._lookup_layer.compute_output_shape(shape)
        return KerasTensor(rows, self._lookup_layer.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again, with its vocabulary."""
        lookup = self._lookup_layer.get_config()
        shared = ("max_tokens", "output_mode", "pad_to_max_tokens", "vocabulary", "idf_weights", "encoding")
        found = {key: lookup[key] for key in (*shared, "has_input_vocabulary") if key in lookup}
        return {
            **super().get_config(),
            "standardize": self._standardize,
            "split": self._split,
            "ngrams": self._ngrams,
            "output_sequence_length": self._length,
            "sparse": False,
            "ragged": False,
            **found,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> TextVectorization:
        """Makes a layer from ``get_config``.

        Raises:
            ValueError: the vocabulary is the path of a file, which a record must not make us read.
        """
        from rkeras import saving

        refuse_path(cls.__name__, config)
        config = dict(config)
        for argument in ("standardize", "split"):
            if isinstance(config.get(argument), dict):
                config[argument] = saving.deserialize_keras_object(config[argument])
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return cls(**config)

    def save_own_variables(self, store: Any) -> None:
        """Keeps what the layer inside keeps, as Keras does."""
        self._lookup_layer.save_own_variables(store)

    def take_state(self, store: Any) -> Callable[[], None]:
        """The layer inside reads its own; the result does nothing."""
        return lambda: None
