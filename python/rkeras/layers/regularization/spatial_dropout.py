"""Dropout of whole channels."""

from __future__ import annotations

from typing import Any

from rkeras import config
from rkeras.compat.arguments import old_arguments
from rkeras.layers.input_spec import InputSpec
from rkeras.layers.regularization.dropout import Dropout


class _SpatialDropout(Dropout):
    _rank = 0
    data_format = "channels_last"

    def _take_rank(self) -> None:
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        ones = (1,) * self._rank
        if self.data_format == "channels_last":
            return (shape[0], *ones, shape[-1])
        return (*shape[:2], *ones)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        del config["noise_shape"]
        if self.trainable:
            # Keras does not know the argument here.
            del config["trainable"]
        return config


class SpatialDropout1D(_SpatialDropout):
    """Sets channels of sequences to zero at random in training.

    Args:
        rate: the fraction that becomes zero.
        seed: determines the draws.
        name: made up if not given.
        dtype: a dtype or dtype policy.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> SpatialDropout1D(0.5)(np.ones((1, 3, 2))).shape
        (1, 3, 2)
    """

    _rank = 1

    @old_arguments("spatial_dropout")
    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self._take_rank()


class _ImageDropout(_SpatialDropout):
    @old_arguments("spatial_dropout")
    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self._keep(data_format=config.standardize_data_format(data_format))
        self._take_rank()


class SpatialDropout2D(_ImageDropout):
    """Sets channels of images to zero at random in training.

    Args:
        rate: the fraction that becomes zero.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        seed: determines the draws.
        name: made up if not given.
        dtype: a dtype or dtype policy.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> SpatialDropout2D(0.5)(np.ones((1, 3, 3, 2))).shape
        (1, 3, 3, 2)
    """

    _rank = 2


class SpatialDropout3D(_ImageDropout):
    """Sets channels of volumes to zero at random in training.

    Args:
        rate: the fraction that becomes zero.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        seed: determines the draws.
        name: made up if not given.
        dtype: a dtype or dtype policy.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> SpatialDropout3D(0.5)(np.ones((1, 3, 3, 3, 2))).shape
        (1, 3, 3, 3, 2)
    """

    _rank = 3
