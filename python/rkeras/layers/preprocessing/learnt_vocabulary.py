"""How a lookup finds its vocabulary in data, and keeps it in files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.preprocessing.adaptation import batches
from rkeras.layers.preprocessing.vocabulary import TokenCounts, Vocabulary, refuse_path, split_lines

# What Keras keeps beside the weights, and the largest that is read.
VOCABULARY_FILE = "vocabulary.txt"
MAX_VOCABULARY_BYTES = 1 << 28


class LearntVocabulary(ArgumentLayer):
    """The part of ``IndexLookup`` that does so."""

    max_tokens: int | None
    mask_token: Any
    oov_token: Any
    output_mode: str
    _vocabulary: Vocabulary
    _counts: TokenCounts
    _idf: Any
    # Whether the vocabulary was given, so that none is to be found.
    _fixed: bool
    _token_start: Any
    _values: Any
    _depth: Any
    _with_specials: Any
    _special_tokens: Any
    get_vocabulary: Any
    set_vocabulary: Any

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Makes the vocabulary of what data holds, the most frequent first.

        Args:
            data: an array, or batches of a dataset.
            steps: how many batches.

        Raises:
            ValueError: the vocabulary was given.
        """
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forgets what was counted."""
        self._counts = TokenCounts()

    def update_state(self, data: Any) -> None:
        """Counts the tokens of a batch; its rows are the documents of ``tf_idf``."""
        self.count_documents(self._values(data))

    def count_documents(self, documents: Any) -> None:
        """Counts the tokens of arrays or lists of tokens.

        Raises:
            ValueError: the vocabulary was given.
        """
        if self._fixed:
            raise ValueError(f"{self.name} was made with a vocabulary; adapt would replace it")
        self._counts.add(documents)

    def finalize_state(self) -> None:
        """Makes the vocabulary of what was counted."""
        limit = None if self.max_tokens is None else self.max_tokens - self._token_start
        tokens = self._counts.most_frequent(limit, (self.mask_token, self.oov_token))
        if tokens:
            self._vocabulary = Vocabulary(tokens)
            self._idf = self._with_specials(self._counts.idf(tokens)) if self.output_mode == "tf_idf" else None
        self.reset_state()

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again, with its vocabulary."""
        # A vocabulary that was found can be found anew.
        found = {} if self._fixed or not len(self._vocabulary) else {"has_input_vocabulary": False}
        whole = self._idf is not None
        vocabulary = self.get_vocabulary(include_special_tokens=whole) if len(self._vocabulary) else None
        return {
            **super().get_config(),
            "vocabulary": vocabulary,
            "idf_weights": None if self._idf is None else self._idf.tolist(),
            "sparse": False,
            **found,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes a layer from ``get_config``.

        Raises:
            ValueError: the vocabulary is the path of a file, which a record must not make us read.
        """
        refuse_path(cls.__name__, config)
        return cls(**config)

    def take_assets(self, read: Callable[[str, int], bytes | None]) -> None:
        """Takes the vocabulary that Keras keeps beside the weights, unless the config had it."""
        if len(self._vocabulary):
            return
        data = read(VOCABULARY_FILE, MAX_VOCABULARY_BYTES)
        if data is None:
            return
        tokens: list[Any] = split_lines(data.decode("utf-8"))
        if not isinstance(self.oov_token, str):
            tokens = [int(line) for line in tokens]
        if tokens and (len(tokens) != self._token_start or tokens != self._special_tokens()):
            self.set_vocabulary(tokens, None if self._idf is None else self._idf[: len(tokens)])

    def save_own_variables(self, store: Any) -> None:
        """Keeps what tokens count for in ``tf_idf``; the vocabulary is in the config."""
        if self._idf is not None:
            depth = self._depth()
            store["idf_weights"] = np.pad(self._idf, (0, max(0, depth - len(self._idf))))

    def take_state(self, store: Any) -> Callable[[], None]:
        """Reads what ``save_own_variables`` keeps; the result assigns it."""
        weights = store["idf_weights"] if self.output_mode == "tf_idf" and "idf_weights" in store else None

        def assign() -> None:
            if weights is not None:
                self._idf = np.asarray(weights, "float32")

        return assign
