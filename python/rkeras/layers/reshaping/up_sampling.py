"""Larger images by repetition or interpolation."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.convolutional.base_conv import per_axis
from rkeras.layers.input_spec import InputSpec
from rkeras.layers.reshaping._interpolation import KERNELS, upsampling_matrix


class _UpSampling(ArgumentLayer):
    _rank = 0
    size: Any
    data_format = "channels_last"
    interpolation = "nearest"

    def _keep_size(self, size: Any) -> None:
        self._sizes = per_axis(type(self).__name__, "size", size, self._rank)
        self._keep(size=self._sizes[0] if self._rank == 1 else self._sizes)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def call(self, inputs: Any) -> Any:
        """The larger inputs."""
        first = 1 if self.data_format == "channels_last" else 2
        for axis, factor in enumerate(self._sizes, first):
            if factor == 1:
                continue
            if self.interpolation == "nearest":
                inputs = ops.repeat(inputs, factor, axis=axis)
            else:
                matrix = ops.cast(
                    upsampling_matrix(inputs.shape[axis], factor, self.interpolation).T, inputs.dtype
                )
                inputs = ops.moveaxis(ops.matmul(ops.moveaxis(inputs, axis, -1), matrix), -1, axis)
        return inputs


class UpSampling1D(_UpSampling):
    """Repeats each step.

    Args:
        size: how many times.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> UpSampling1D(2)(np.ones((1, 3, 2))).shape
        (1, 6, 2)
    """

    _rank = 1

    @old_arguments("upsampling1d")
    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep_size(size)


class UpSampling2D(_UpSampling):
    """Makes images larger.

    Args:
        size: how many times, one number or two.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        interpolation: ``nearest`` repeats pixels; ``bilinear``, ``bicubic``, ``lanczos3`` and ``lanczos5``
            are smoother.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> UpSampling2D(2, data_format="channels_last")(np.ones((1, 3, 4, 2))).shape
        (1, 6, 8, 2)
    """

    _rank = 2

    @old_arguments("layout")
    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        known = ["nearest", *KERNELS]
        if not isinstance(interpolation, str) or interpolation.lower() not in known:
            raise ValueError(f"interpolation must be one of {known}, got interpolation={interpolation!r}")
        self._keep(
            data_format=config.standardize_data_format(data_format), interpolation=interpolation.lower()
        )
        self._keep_size(size)


class UpSampling3D(_UpSampling):
    """Repeats the cells of volumes.

    Args:
        size: how many times, one number or three.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> UpSampling3D(2, data_format="channels_last")(np.ones((1, 2, 3, 4, 2))).shape
        (1, 4, 6, 8, 2)
    """

    _rank = 3

    @old_arguments("layout")
    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(data_format=config.standardize_data_format(data_format))
        self._keep_size(size)
