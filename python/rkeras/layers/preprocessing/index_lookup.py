"""Categories as their numbers in a vocabulary, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import ops
from rkeras.build_budget import charge
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._arguments import one_of
from rkeras.layers.preprocessing.encoding import encode
from rkeras.layers.preprocessing.hashes import salt_of
from rkeras.layers.preprocessing.learnt_vocabulary import LearntVocabulary
from rkeras.layers.preprocessing.text_arrays import host_array
from rkeras.layers.preprocessing.vocabulary import TokenCounts, Vocabulary, read_lines, repeated

Array = npt.NDArray[Any]
_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


class IndexLookup(LearntVocabulary):
    """What ``StringLookup`` and ``IntegerLookup`` have in common.

    Numbers are given out in this order: 0 to the mask token (if there is one, and the output is numbers), then one or
    more to what is not in the vocabulary, then to the vocabulary.
    """

    _convert_input_args = False
    _takes_text = True
    max_tokens: int | None
    num_oov_indices: int
    mask_token: Any
    oov_token: Any
    output_mode: str
    invert: bool
    pad_to_max_tokens: bool
    oov_method: str
    salt: list[int] | None

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        oov_method: str = "floormod",
        salt: Any = None,
        vocabulary_size: int | None = None,
        has_input_vocabulary: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        output_mode = one_of(name, "output_mode", _OLD_MODES.get(output_mode, output_mode), _MODES)
        problems = (
            (max_tokens is not None and max_tokens <= 1, f"max_tokens must be above 1, got {max_tokens}"),
            (pad_to_max_tokens and max_tokens is None, "pad_to_max_tokens=True needs max_tokens"),
            (num_oov_indices < 0, f"num_oov_indices must not be negative, got {num_oov_indices}"),
            (invert and output_mode != "int", f"invert=True goes with output_mode='int', not {output_mode!r}"),
            (idf_weights is not None and output_mode != "tf_idf", "idf_weights need output_mode='tf_idf'"),
            (sparse, "only dense rows are made; leave out sparse=True"),
        )
        for problem, message in problems:
            if problem:
                raise ValueError(f"{name}: {message}")
        self._keep(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            invert=bool(invert),
            output_mode=output_mode,
            pad_to_max_tokens=bool(pad_to_max_tokens),
            oov_method=one_of(name, "oov_method", oov_method, ("floormod", "farmhash")),
            salt=salt_of(name, salt),
        )
        del vocabulary_size  # The vocabulary says it.
        self._vocabulary = Vocabulary([])
        self._idf: Array | None = None
        given = vocabulary is not None
        self._fixed = given if has_input_vocabulary is None else bool(has_input_vocabulary)
        if given:
            self.set_vocabulary(vocabulary, idf_weights)
        self._counts = TokenCounts()
        self.built = True

    # How values look: subclasses.

    def _values(self, x: Any) -> Array:
        """Input as an array of what the vocabulary holds."""
        raise NotImplementedError

    def _hashed(self, values: Array, bins: int) -> Array:
        """Numbers below ``bins`` for values that are not in the vocabulary."""
        raise NotImplementedError

    # The vocabulary.

    @property
    def _oov_start(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _token_start(self) -> int:
        return self._oov_start + self.num_oov_indices

    def vocabulary_size(self) -> int:
        """The number of tokens, with those for masks and for what is not in the vocabulary."""
        return len(self._vocabulary) + self._token_start

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens, each at the index of its number.

        Args:
            include_special_tokens: whether those for masks and for what is not in the vocabulary come first.
        """
        special = self._special_tokens() if include_special_tokens else []
        return [*special, *self._vocabulary.tokens]

    def _special_tokens(self) -> list[Any]:
        return [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Takes a vocabulary in place of finding one by ``adapt``.

        Args:
            vocabulary: the tokens, with or without the special ones in front; or the path of a text file with one a
                line.
            idf_weights: for ``tf_idf``, what each token counts for.

        Raises:
            ValueError: tokens that come twice, special ones at the wrong place, or too many.
        """
        if (idf_weights is None) == (self.output_mode == "tf_idf"):
            raise ValueError(
                f"{self.name}: idf_weights are needed with output_mode='tf_idf' and not with others, got "
                f"output_mode={self.output_mode!r} and idf_weights={idf_weights}"
            )
        if isinstance(vocabulary, str) or hasattr(vocabulary, "__fspath__"):
            vocabulary = read_lines(vocabulary)
        tokens = self._values(vocabulary).tolist()
        if not tokens:
            raise ValueError(f"{self.name}: the vocabulary is empty")
        start = self._token_start
        # Not compared, and not made, if there are more than a record has tokens.
        whole = 0 < start <= len(tokens) and tokens[:start] == self._special_tokens()
        tokens = tokens[start:] if whole else tokens
        self._check(tokens)
        self._vocabulary = Vocabulary(tokens)
        if idf_weights is not None:
            weights = np.asarray(host_array(idf_weights), "float32")
            if weights.shape != (len(tokens) + (start if whole else 0),):
                raise ValueError(
                    f"{self.name}: idf_weights of shape {weights.shape} for a vocabulary of {len(tokens)} tokens"
                )
            self._idf = weights if whole else self._with_specials(weights)

    def _with_specials(self, idf: Array) -> Array:
        """What is not in the vocabulary counts as much as a token on average."""
        charge(4 * self._token_start, f"the idf weights of {self.name}")
        return np.concatenate([np.full(self._token_start, idf.mean(), "float32"), idf.astype("float32")])

    def _check(self, tokens: list[Any]) -> None:
        twice = repeated(tokens)
        if twice:
            raise ValueError(f"{self.name}: these tokens come more than once in the vocabulary: {twice[:10]}")
        for token in {self.mask_token, self.oov_token if self.invert else None}:
            if token is not None and token in tokens:
                raise ValueError(
                    f"{self.name}: the token {token!r} stands in the vocabulary at index {tokens.index(token)}; leave "
                    f"special tokens out, or let the vocabulary begin with {self._special_tokens()}"
                )
        if self.max_tokens is not None and len(tokens) + self._token_start > self.max_tokens:
            raise ValueError(
                f"{self.name}: a vocabulary of {len(tokens) + self._token_start} tokens, but max_tokens is "
                f"{self.max_tokens}"
            )

    # The computation.

    def _depth(self) -> int:
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        if not len(self._vocabulary):
            raise ValueError(
                f"{self.name} has no vocabulary yet: give vocabulary=…, or call adapt(data), before using "
                f"output_mode={self.output_mode!r}"
            )
        return self.vocabulary_size()

    def call(self, inputs: Any) -> Any:
        """The numbers of the tokens, rows that tell which there are, or with ``invert`` the tokens."""
        if self.invert:
            return self._tokens_of(host_array(inputs))
        return self.encoded(self.numbers(inputs))

    def numbers(self, inputs: Any) -> Any:
        """The number of each value; -1 for masked ones that count nowhere."""
        values = self._values(inputs)
        found = self._vocabulary.find(values) + self._token_start
        missing = found < self._token_start
        masked = np.zeros(values.shape, bool)
        if self.mask_token is not None:
            masked = values == self.mask_token
        unknown = missing & ~masked
        if unknown.any():
            if self.num_oov_indices == 0:
                some = list(dict.fromkeys(values[unknown].tolist()))[:10]
                raise ValueError(
                    f"{self.name}: {some} are not in the vocabulary; num_oov_indices=1 has a number for such values"
                )
            bins = self.num_oov_indices
            found[unknown] = self._oov_start + (self._hashed(values[unknown], bins) if bins > 1 else 0)
        found[masked] = 0 if self.output_mode == "int" else -1
        return ops.convert_to_tensor(found, "int64")

    def encoded(self, numbers: Any) -> Any:
        """Numbers in the way that ``output_mode`` asks for."""
        if self.output_mode == "int":
            return numbers
        depth, dtype = self._depth(), self.dtype_policy.compute_dtype
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        rows = encode(numbers, mode, depth, dtype)
        if self.output_mode != "tf_idf":
            return rows
        if self._idf is None:
            raise ValueError(f"{self.name} has no idf_weights yet; call adapt(data), or set_vocabulary with them")
        known = min(depth, len(self._idf))
        return rows * ops.convert_to_tensor(np.pad(self._idf[:known], (0, depth - known)), dtype)

    def _tokens_of(self, numbers: Array) -> Any:
        found = self._vocabulary.tokens_at(numbers - self._token_start, self.oov_token)
        if self.mask_token is None:
            return found
        masked = np.where(numbers == 0, self.mask_token, found)
        return masked if isinstance(self.mask_token, str) else masked.astype("int64")

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the inputs, or of rows."""
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return shape
        if self.output_mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
            return (*shape, self._depth())
        return (*shape[:-1], self._depth())

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """A symbolic tensor of numbers, tokens or rows."""
        dtype = self.dtype_policy.compute_dtype if self.output_mode != "int" else "int64"
        if self.invert and isinstance(self.oov_token, str):
            dtype = "string"
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)
