"""What convolutions over one, two and three axes share."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer, positive
from rkeras.layers._lora import add_lora, with_lora
from rkeras.layers.input_spec import InputSpec


def per_axis(layer: str, name: str, value: Any, rank: int) -> tuple[int, ...]:
    """One positive integer an axis, from one for all or a tuple.

    Args:
        layer: class of the layer, for the error.
        name: the argument.
        value: what was given.
        rank: how many axes there are.

    Raises:
        ValueError: there are not so many, or they are not positive integers.

    Example:
        >>> per_axis("Conv2D", "kernel_size", 3, 2)
        (3, 3)
    """
    sizes = (value,) * rank if hasattr(value, "__index__") else tuple(value) if value is not None else ()
    if len(sizes) != rank:
        raise ValueError(f"{layer} needs one integer or {rank} as {name}, got {name}={value!r}")
    return tuple(positive(layer, name, size) for size in sizes)


def along_channels(vector: Any, rank: int, data_format: str) -> Any:
    """A vector in a shape that broadcasts along the channels of images with ``rank`` spatial axes."""
    if data_format == "channels_last":
        return vector
    return ops.reshape(vector, (1, -1, *(1,) * rank))


class SpatialLayer(ArgumentLayer):
    """A layer over images: what it needs to know of windows, layouts and biases."""

    _rank = 0
    padding: str
    data_format: str
    use_bias: bool
    activation: Any
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    kernel_size: tuple[int, ...]

    def _keep_window(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        paddings: tuple[str, ...] = ("valid", "same"),
    ) -> None:
        name, rank = type(self).__name__, self._rank
        if not isinstance(padding, str) or padding.lower() not in paddings:
            raise ValueError(f"{name} knows the paddings {', '.join(paddings)}, got padding={padding!r}")
        self._keep(
            kernel_size=per_axis(name, "kernel_size", kernel_size, rank),
            strides=per_axis(name, "strides", strides, rank),
            padding=padding.lower(),
            data_format=config.standardize_data_format(data_format),
            dilation_rate=per_axis(name, "dilation_rate", dilation_rate, rank),
        )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{name} cannot have strides and a dilation_rate above 1 at once, got "
                f"strides={self.strides} and dilation_rate={self.dilation_rate}"
            )
        self.input_spec = InputSpec(ndim=rank + 2)
        self.bias: Any = None

    def _channels(self, input_shape: Any) -> int:
        """The number of channels, which from now on the input must have."""
        axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[axis]
        if channels is None:
            raise ValueError(
                f"{type(self).__name__} needs to know the number of channels (axis {axis}), "
                f"got shape {input_shape}"
            )
        self.input_spec = InputSpec(ndim=self._rank + 2, axes={axis: channels})
        return int(channels)

    def _finish(self, x: Any) -> Any:
        """The activation of ``x`` plus the bias."""
        if self.bias is not None:
            x = ops.add(x, along_channels(self.bias, self._rank, self.data_format))
        return self.activation(x)


class BaseConv(SpatialLayer):
    """Convolution over ``_rank`` spatial axes."""

    filters: int
    groups: int
    kernel_regularizer: Any
    kernel_constraint: Any
    _paddings: tuple[str, ...] = ("valid", "same")

    @old_arguments("conv")
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.lora_rank = kwargs.pop("lora_rank", None)
        self.lora_alpha = kwargs.pop("lora_alpha", self.lora_rank)
        self.lora_enabled = False
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        name = type(self).__name__
        self._keep(filters=positive(name, "filters", filters))
        self._keep_window(kernel_size, strides, padding, data_format, dilation_rate, self._paddings)
        if self.padding == "causal" and self.data_format != "channels_last":
            raise ValueError(f"{name} with padding='causal' needs data_format='channels_last'")
        self._keep(
            groups=positive(name, "groups", groups),
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=self.activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        if filters % groups:
            raise ValueError(f"{name}: filters={filters} must be a multiple of groups={groups}")

    def build(self, input_shape: Any) -> None:
        """Makes kernel (*window, channels // groups, filters) and bias (filters,)."""
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__}: the {channels} channels of the input are not a multiple of "
                f"groups={self.groups}"
            )
        self._kernel = self._weight("kernel", (*self.kernel_size, channels // self.groups, self.filters))
        if self.use_bias:
            self.bias = self._weight("bias", (self.filters,))
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    @property
    def kernel(self) -> Any:
        """The weights of the window."""
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

    def call(self, inputs: Any) -> Any:
        """The convolution with the kernel, plus bias, through the activation."""
        x = ops.conv(
            inputs, self.kernel, list(self.strides), self.padding, self.data_format, list(self.dilation_rate)
        )
        return self._finish(x)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        if self.lora_rank:
            config |= {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}
        return config
