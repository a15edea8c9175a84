"""Vectors for integers."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer, positive
from rkeras.layers._lora import add_lora, with_lora


class Embedding(ArgumentLayer):
    """Turns integers into vectors that are learned.

    Args:
        input_dim: how many integers there are: 0 to ``input_dim - 1``.
        output_dim: size of the vectors.
        embeddings_initializer: how ``embeddings`` of shape ``(input_dim, output_dim)`` begins.
        embeddings_regularizer: penalty on the vectors.
        embeddings_constraint: applied to the vectors after each update.
        mask_zero: whether 0 stands for steps that do not count.
        weights: the vectors to begin with, an array or a list of one.
        lora_rank: rank of a trainable update that is added to the vectors, which then stay as they are.
        lora_alpha: factor of that update, over its rank; the rank by default.
        quantization_config: not supported.
        kwargs: those of ``Layer``, and ``input_length`` as in older code.

    Example:
        >>> import numpy as np
        >>> Embedding(10, 4)(np.array([[1, 2, 3]])).shape
        (1, 3, 4)
    """

    input_dim: int
    output_dim: int
    mask_zero: bool

    @old_arguments("embedding")
    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        length = kwargs.pop("input_length", None)
        if length is not None:
            kwargs.setdefault("input_shape", (length,) if isinstance(length, int) else tuple(length))
        super().__init__(**kwargs)
        if quantization_config is not None:
            raise ValueError(
                f"Embedding does not quantize; leave out quantization_config={quantization_config!r}"
            )
        self._keep(
            input_dim=positive("Embedding", "input_dim", input_dim),
            output_dim=positive("Embedding", "output_dim", output_dim),
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            activity_regularizer=self.activity_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
        )
        self.supports_masking = mask_zero
        # Integers would lose their value in half precision.
        self.autocast = False
        self.lora_rank = lora_rank
        self.lora_alpha = lora_rank if lora_alpha is None else lora_alpha
        self.lora_enabled = False
        if weights is not None:
            is_list = isinstance(weights, (list, tuple)) and len(weights) == 1
            self._initial_weights = list(weights) if is_list else [weights]

    def build(self, input_shape: Any = None) -> None:
        """Makes the vectors."""
        self._embeddings = self._weight("embeddings", (self.input_dim, self.output_dim))
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    @property
    def embeddings(self) -> Any:
        """The vectors, (input_dim, output_dim)."""
        return with_lora(self, "embeddings") if self.lora_enabled else self._embeddings

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freezes the vectors and adds ``a @ b * (lora_alpha / rank)``, which trains (Hu et al. 2021).

        Args:
            rank: columns of ``a`` and rows of ``b``.
            lora_alpha: the rank by default.
            a_initializer: how ``a`` begins.
            b_initializer: how ``b`` begins.

        Raises:
            ValueError: the layer is not built, constrains its vectors, or has such an update already.
        """
        add_lora(self, "embeddings", rank, lora_alpha, a_initializer, b_initializer)

    def call(self, inputs: Any) -> Any:
        """The vectors of the integers."""
        if inputs.dtype not in ("int32", "int64"):
            inputs = ops.cast(inputs, "int32")
        vectors = ops.take(self.embeddings, inputs, axis=0)
        return vectors if vectors.dtype == self.compute_dtype else ops.cast(vectors, self.compute_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Set where the integer is not 0, if 0 stands for steps that do not count."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        config["quantization_config"] = None
        if self.lora_rank:
            config |= {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}
        return config
