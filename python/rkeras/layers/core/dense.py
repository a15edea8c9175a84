"""Densely connected layers."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer, positive
from rkeras.layers._lora import add_lora, with_lora
from rkeras.layers.input_spec import InputSpec


class Dense(ArgumentLayer):
    """``activation(inputs @ kernel + bias)`` over the last axis.

    Args:
        units: size of the output's last axis.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: how ``kernel`` of shape ``(features, units)`` begins.
        bias_initializer: how ``bias`` of shape ``(units,)`` begins.
        kernel_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        lora_rank: rank of a trainable update that is added to the kernel, which then stays as it is.
        lora_alpha: factor of that update, over its rank; the rank by default.
        quantization_config: not supported.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> layer = Dense(2, kernel_initializer="ones")
        >>> layer(np.array([[1.0, 2.0]])).tolist()
        [[3.0, 3.0]]
    """

    units: int
    use_bias: bool
    activation: Any

    @old_arguments("dense")
    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if quantization_config is not None:
            raise ValueError(
                f"Dense does not quantize; leave out quantization_config={quantization_config!r}"
            )
        self._keep(
            units=positive("Dense", "units", units),
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True
        self.bias: Any = None
        self.lora_rank = lora_rank
        self.lora_alpha = lora_rank if lora_alpha is None else lora_alpha
        self.lora_enabled = False

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias for that many features."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"Dense needs to know the size of its input's last axis; got shape {input_shape}"
            )
        self._kernel = self._weight("kernel", (features, self.units))
        if self.use_bias:
            self.bias = self._weight("bias", (self.units,))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    @property
    def kernel(self) -> Any:
        """The matrix that multiplies the input."""
        return with_lora(self, "kernel") if self.lora_enabled else self._kernel

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freezes the kernel and adds ``a @ b * (lora_alpha / rank)`` to it, which trains (Hu et al. 2021).

        Args:
            rank: columns of ``a`` and rows of ``b``.
            lora_alpha: the rank by default.
            a_initializer: how ``a`` begins.
            b_initializer: how ``b`` begins.

        Raises:
            ValueError: the layer is not built, constrains its kernel, or has such an update already.
        """
        add_lora(self, "kernel", rank, lora_alpha, a_initializer, b_initializer)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The product with the kernel, plus bias, through the activation."""
        x = _engine.apply("matmul", inputs, self.kernel)
        if self.bias is not None:
            x = _engine.apply("add", x, self.bias)
        return self.activation(x)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape with ``units`` as its last axis."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        config["quantization_config"] = None
        if self.lora_rank:
            config |= {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}
        return config
