"""What pooling over one, two and three axes shares."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.convolutional.base_conv import per_axis
from rkeras.layers.input_spec import InputSpec


class BasePooling(ArgumentLayer):
    """Takes one number from each window that moves over ``_rank`` spatial axes."""

    _rank = 0
    pool_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    data_format: str

    @old_arguments("pooling")
    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        layer, rank = type(self).__name__, self._rank
        if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
            raise ValueError(f"{layer} knows the paddings valid, same, got padding={padding!r}")
        self._keep(
            pool_size=per_axis(layer, "pool_size", pool_size, rank),
            padding=padding.lower(),
            strides=per_axis(layer, "strides", pool_size if strides is None else strides, rank),
            data_format=config.standardize_data_format(data_format),
        )
        self.input_spec = InputSpec(ndim=rank + 2)

    def _pool(self, op: Any, inputs: Any) -> Any:
        return op(inputs, list(self.pool_size), list(self.strides), self.padding, self.data_format)


class BaseMaxPooling(BasePooling):
    """The largest number of each window."""

    @old_arguments("pooling")
    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        """The largest number of each window."""
        return self._pool(ops.max_pool, inputs)


class BaseAveragePooling(BasePooling):
    """The mean of each window."""

    def call(self, inputs: Any) -> Any:
        """The mean of each window, over what lies inside the image."""
        return self._pool(ops.average_pool, inputs)


class BaseGlobalPooling(ArgumentLayer):
    """Takes one number a channel from all of the ``_rank`` spatial axes."""

    _rank = 0
    data_format: str
    keepdims: bool

    @old_arguments("layout")
    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(data_format=config.standardize_data_format(data_format), keepdims=keepdims)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    @property
    def _axes(self) -> list[int]:
        first = 1 if self.data_format == "channels_last" else 2
        return list(range(first, first + self._rank))
