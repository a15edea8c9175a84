"""Dense layers over any axes."""

from __future__ import annotations

import re
from math import prod
from typing import Any, NamedTuple

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers._lora import add_lora, with_lora

_LABELS = r"(\.\.\.)?([a-zA-Z]*)(\.\.\.)?"
_EQUATION = re.compile(rf"{_LABELS},([a-zA-Z]+)->{_LABELS}")


class EinsumShapes(NamedTuple):
    """What an equation makes of an input's shape."""

    kernel: tuple[int, ...]
    bias: tuple[int, ...] | None
    output: tuple[int | None, ...]


def einsum_shapes(equation: str, bias_axes: str | None, input_shape: Any, output_shape: Any) -> EinsumShapes:
    """The shapes of kernel, bias and output.

    Args:
        equation: labels of input, kernel and output, such as ``"abc,cd->abd"``; the input's and the output's
            may begin or end with ``...``.
        bias_axes: labels of the output that the bias has.
        input_shape: with the batch axis.
        output_shape: sizes of the output's labels after the batch.

    Raises:
        ValueError: the equation is not of that form or does not fit the shapes.

    Example:
        >>> einsum_shapes("abc,cd->abd", "d", (None, 3, 4), (None, 5)).kernel
        (4, 5)
    """
    found = _EQUATION.fullmatch(equation.replace(" ", ""))
    if found is None or (found[1], found[3]) != (found[5], found[7]) or (found[1] and found[3]):
        raise ValueError(
            f"the equation {equation!r} must have the form 'bc,cd->bd', '...bc,cd->...bd' or "
            "'bc...,cd->bd...'"
        )
    before, labels, kernel, result = bool(found[1]), found[2], found[4], found[6]
    rank = len(input_shape)
    hidden = rank - len(labels)
    if hidden < 0 or (hidden and not (found[1] or found[3])):
        raise ValueError(f"the equation {equation!r} does not fit an input of shape {tuple(input_shape)}")
    named = input_shape[hidden:] if before else input_shape[: len(labels)]
    inputs = dict(zip(labels, named, strict=True))
    sizes = [output_shape] if output_shape is None or isinstance(output_shape, int) else list(output_shape)
    if before:
        output = [*input_shape[: max(hidden, 1)], *sizes]
        of_labels = output[hidden:]
    else:
        output = [input_shape[0], *sizes, *input_shape[rank - hidden :]]
        of_labels = output[: len(result)]
    if len(of_labels) != len(result):
        raise ValueError(f"output_shape={output_shape} has not as many sizes as {equation!r} has labels")
    outputs = dict(zip(result, of_labels, strict=True))
    for label, size in outputs.items():
        if label not in labels and label not in kernel:
            raise ValueError(
                f"the label {label!r} of the output is neither one of the input nor of the kernel"
            )
        if label in inputs and None not in (size, inputs[label]) and size != inputs[label]:
            raise ValueError(
                f"the axis {label!r} of {equation!r} has size {inputs[label]} in the input "
                f"of shape {input_shape} and size {size} in output_shape={output_shape}"
            )
    start = hidden if before else 0
    for place, label in enumerate(result, start):
        output[place] = outputs[label] = inputs.get(label) if outputs[label] is None else outputs[label]
    weights = []
    for label in kernel:
        size = inputs.get(label, outputs.get(label))
        if size is None:
            raise ValueError(f"the size of axis {label!r} of the kernel in {equation!r} is not known")
        weights.append(size)
    bias = None
    if bias_axes:
        strange = set(bias_axes) - set(result)
        if strange:
            raise ValueError(
                f"bias_axes={bias_axes!r} names {sorted(strange)}, which {equation!r} has not as output"
            )
        tail = result[min(result.index(label) for label in bias_axes) :]
        ends = 0 if before else hidden
        bias = (*(outputs[label] if label in bias_axes else 1 for label in tail), *(1,) * ends)
        if None in bias:
            raise ValueError(
                f"the bias over {bias_axes!r} needs sizes; output_shape={output_shape} leaves them open"
            )
    return EinsumShapes(tuple(weights), bias, tuple(output))


class EinsumDense(ArgumentLayer):
    """A dense layer whose product is any Einstein sum of the input and a kernel.

    Args:
        equation: labels of input, kernel and output, such as ``"abc,cd->abd"``; the input's and the output's
            may begin or end with ``...``.
        output_shape: sizes of the output's labels after the batch, None for those of the input.
        activation: function of the result, by name or itself; none by default.
        bias_axes: labels of the output that the bias has; none for no bias.
        kernel_initializer: how the kernel begins.
        bias_initializer: how the bias begins.
        kernel_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        lora_rank: rank of a trainable update that is added to the kernel, which then stays as it is.
        lora_alpha: factor of that update, over its rank; the rank by default.
        gptq_unpacked_column_size: not supported.
        quantization_config: not supported.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")(np.ones((2, 3, 4))).shape
        (2, 3, 5)
    """

    equation: str
    bias_axes: str | None
    activation: Any

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: Any = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if quantization_config is not None or gptq_unpacked_column_size is not None:
            raise ValueError("EinsumDense does not quantize; leave out quantization_config")
        single = output_shape is None or isinstance(output_shape, int)
        self.partial_output_shape = (output_shape,) if single else tuple(output_shape)
        self._keep(
            equation=equation,
            activation=activation,
            bias_axes=bias_axes,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=self.activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        self.bias: Any = None
        self.lora_rank = lora_rank
        self.lora_alpha = lora_rank if lora_alpha is None else lora_alpha
        self.lora_enabled = False

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        shapes = einsum_shapes(self.equation, self.bias_axes, input_shape, self.partial_output_shape)
        self._kernel = self._weight("kernel", shapes.kernel)
        if shapes.bias is not None:
            self.bias = self._weight("bias", shapes.bias)
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    @property
    def kernel(self) -> Any:
        """The weights that multiply the input."""
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
            rank: last axis of ``a`` and rows of ``b``.
            lora_alpha: the rank by default.
            a_initializer: how ``a`` begins.
            b_initializer: how ``b`` begins.

        Raises:
            ValueError: the layer is not built, constrains its kernel, or has such an update already.
        """
        add_lora(self, "kernel", rank, lora_alpha, a_initializer, b_initializer)

    def _product_axes(self) -> int | None:
        """How many last axes of the input meet as many first ones of the kernel, if the bias has just the axes that
        those give; None for any other sum."""
        labels, kernel, result = re.split(",|->", self.equation.replace(" ", ""))
        summed = sum(label not in result for label in labels)
        kept, made = labels[: len(labels) - summed], kernel[summed:]
        is_product = (
            "." not in labels
            and 0 < summed < len(labels)
            and kernel[:summed] == labels[len(kept) :]
            and result == kept + made
            and not set(kept) & set(kernel)
            and (not self.bias_axes or self.bias_axes == made)
        )
        return summed if is_product else None

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The sum of products with the kernel, plus bias, through the activation."""
        summed = self._product_axes()
        kernel = ops.convert_to_tensor(self.kernel)
        if summed is not None and 0 not in inputs.shape and inputs.shape[-summed:] == kernel.shape[:summed]:
            # One product of matrices, which takes the bias with it.
            made, kept = kernel.shape[summed:], inputs.shape[: inputs.ndim - summed]
            size = prod(kernel.shape[:summed])
            x = ops.matmul(ops.reshape(inputs, (-1, size)), ops.reshape(kernel, (size, prod(made))))
            if self.bias is not None:
                x = ops.add(x, ops.reshape(self.bias, (-1,)))
            return self.activation(ops.reshape(x, (*kept, *made)))
        x = ops.einsum(self.equation, inputs, kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return self.activation(x)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What the equation makes of the input's shape."""
        return einsum_shapes(self.equation, self.bias_axes, input_shape, self.partial_output_shape).output

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        config |= {"output_shape": self.partial_output_shape, "quantization_config": None}
        if self.lora_rank:
            config |= {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}
        return config
