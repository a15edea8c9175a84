"""Batch normalization."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, config, ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers.input_spec import InputSpec
from rkeras.layers.normalization.base_normalization import ScaledNormalization, size_of


class BatchNormalization(ScaledNormalization):
    """Normalizes each channel to mean 0 and variance 1 (Ioffe and Szegedy 2015), then scales and shifts it.

    In training by the batch's own statistics, which moving averages follow; otherwise by those averages.
    With ``renorm`` training corrects the batch's statistics towards the averages (Ioffe 2017).

    Args:
        axis: the axis of channels.
        momentum: how much of the moving averages each batch leaves.
        epsilon: added to the variance.
        center: whether ``beta`` is added.
        scale: whether ``gamma`` multiplies.
        beta_initializer: how ``beta`` begins.
        gamma_initializer: how ``gamma`` begins.
        moving_mean_initializer: how the moving mean begins.
        moving_variance_initializer: how the moving variance begins.
        beta_regularizer: penalty on ``beta``.
        gamma_regularizer: penalty on ``gamma``.
        beta_constraint: applied to ``beta`` after each update.
        gamma_constraint: applied to ``gamma`` after each update.
        renorm: whether to renormalize.
        renorm_clipping: bounds ``rmin``, ``rmax`` and ``dmax`` of the corrections.
        renorm_momentum: momentum of the averages that renormalization uses.
        synchronized: whether devices share the batch's statistics; with one device it makes no difference.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> layer = BatchNormalization(epsilon=0.0)
        >>> layer(np.array([[1.0], [3.0]]), training=True).tolist()
        [[-1.0], [1.0]]
        >>> float(layer.moving_mean.numpy()[0]) > 0
        True
    """

    moving_mean_initializer: Any
    moving_variance_initializer: Any
    momentum: float
    renorm: bool
    renorm_clipping: dict[str, float] | None
    renorm_momentum: float

    @old_arguments("batch_normalization")
    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Older files hold a list of one axis.
        axis = int(axis[0]) if isinstance(axis, (list, tuple)) and len(axis) == 1 else int(axis)
        self._keep_scaling(
            axis,
            epsilon,
            center,
            scale,
            momentum=float(momentum),
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            moving_mean_initializer=moving_mean_initializer,
            moving_variance_initializer=moving_variance_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            synchronized=synchronized,
            renorm=renorm,
            renorm_clipping=_checked_clipping(renorm_clipping or {}) if renorm else renorm_clipping,
            renorm_momentum=renorm_momentum,
        )
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Makes scale, shift and moving averages of shape (channels,)."""
        channels = size_of("BatchNormalization", input_shape, self.axis)
        shape = (channels,)
        self._make_scaling(shape)
        fixed: dict[str, Any] = {"trainable": False, "autocast": False}
        self.moving_mean = self._weight("moving_mean", shape, **fixed)
        self.moving_variance = self._weight("moving_variance", shape, **fixed)
        if self.renorm:
            self.moving_stddev = self.add_weight(shape, self._stddev, name="moving_stddev", **fixed)
            self.renorm_mean = self._weight("renorm_mean", shape, "moving_mean", **fixed)
            self.renorm_stddev = self.add_weight(shape, self._stddev, name="renorm_stddev", **fixed)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def _stddev(self, shape: Any, dtype: Any = None) -> Any:
        return ops.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The normalized inputs; in training the moving averages follow."""
        if mask is not None and mask.ndim != inputs.ndim - 1:
            raise ValueError(
                f"the mask must have one axis less than the input, got shapes {mask.shape} and {inputs.shape}"
            )
        # Half precision is too coarse for sums of squares.
        wide = ops.result_type(inputs.dtype, "float32")
        x = inputs if inputs.dtype == wide else ops.cast(inputs, wide)
        if training and self.trainable:
            y = self._by_batch(x) if mask is None and not self.renorm else self._by_moments(x, mask)
        else:
            y = ops.batch_normalization(
                x, self.moving_mean, self.moving_variance, self.axis, self.beta, self.gamma, self.epsilon
            )
        return y if y.dtype == self.compute_dtype else ops.cast(y, self.compute_dtype)

    def _by_batch(self, x: Any) -> Any:
        channels = x.shape[self.axis]

        def given(weight: Any, value: float) -> Any:
            return ops.full((channels,), value, x.dtype) if weight is None else weight

        scaling = (given(self.gamma, 1.0), given(self.beta, 0.0))
        y, mean, variance = _engine.apply("batch_norm", x, *scaling, axis=self.axis, epsilon=self.epsilon)
        self._follow(self.moving_mean, mean, self.momentum)
        self._follow(self.moving_variance, variance, self.momentum)
        return y

    def _follow(self, average: Any, value: Any, momentum: float) -> None:
        average.assign(average.value * momentum + ops.stop_gradient(value) * (1.0 - momentum))

    def _by_moments(self, x: Any, mask: Any) -> Any:
        mean, variance = self._moments(x, mask)
        gamma, beta = self.gamma, self.beta
        if self.renorm:
            gamma, beta = self._renormalized(mean, variance)
        else:
            self._follow(self.moving_mean, mean, self.momentum)
            self._follow(self.moving_variance, variance, self.momentum)
        return ops.batch_normalization(x, mean, variance, self.axis, beta, gamma, self.epsilon)

    def _moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """Mean and variance of each channel over the elements that a mask lets count."""
        rank = x.ndim
        others = [axis for axis in range(rank) if axis != self.axis % rank]
        if mask is None:
            return ops.moments(x, others)
        counts = ops.broadcast_to(ops.expand_dims(ops.cast(mask, "bool"), -1), x.shape)
        total = ops.sum(ops.cast(counts, x.dtype), others, keepdims=True) + config.epsilon()
        mean = ops.sum(ops.where(counts, x, 0.0), others, keepdims=True) / total
        squares = ops.square(ops.where(counts, x - mean, 0.0))
        variance = ops.sum(squares, others, keepdims=True) / total
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))

    def _renormalized(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """Scale and shift that also correct the batch's statistics towards the averages."""
        clip = self.renorm_clipping or {}
        stddev = ops.sqrt(variance + self.epsilon)
        known = ops.maximum(self.renorm_stddev.value, self.epsilon**0.5)
        r, d = stddev / known, (mean - self.renorm_mean.value) / known
        if clip.get("rmin") is not None:
            r = ops.maximum(r, clip["rmin"])
        if clip.get("rmax") is not None:
            r = ops.minimum(r, clip["rmax"])
        if clip.get("dmax") is not None:
            d = ops.clip(d, -clip["dmax"], clip["dmax"])
        gamma, beta = ops.stop_gradient(r), ops.stop_gradient(d)
        if self.gamma is not None:
            gamma, beta = gamma * self.gamma, beta * self.gamma
        if self.beta is not None:
            beta = beta + self.beta
        for average, value, momentum in (
            (self.renorm_mean, mean, self.renorm_momentum),
            (self.renorm_stddev, stddev, self.renorm_momentum),
            (self.moving_mean, mean, self.momentum),
            (self.moving_stddev, stddev, self.momentum),
        ):
            self._follow(average, value, momentum)
        self.moving_variance.assign(ops.relu(ops.square(self.moving_stddev.value) - self.epsilon))
        return gamma, beta


def _checked_clipping(clipping: dict[str, float]) -> dict[str, float]:
    unknown = set(clipping) - {"rmin", "rmax", "dmax"}
    if unknown:
        raise ValueError(f"renorm_clipping knows rmin, rmax and dmax, got {sorted(unknown)} in {clipping}")
    rmin, rmax, dmax = (clipping.get(key) for key in ("rmin", "rmax", "dmax"))
    if (rmin is not None and rmax is not None and rmax < rmin) or (dmax is not None and dmax < 0):
        raise ValueError(f"renorm_clipping needs rmin <= rmax and dmax >= 0, got {clipping}")
    return clipping
