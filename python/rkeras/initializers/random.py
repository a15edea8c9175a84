"""Initializers that draw random numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.initializers.initializer import Initializer
from rkeras.random.seed_generator import SeedGenerator, draw_seed, make_default_seed


class RandomInitializer(Initializer):
    """Base of what draws numbers: an int seed gives the same numbers each time.

    Args:
        seed: an int, a ``SeedGenerator``, or None for a seed of its own (determined by ``set_random_seed``).
    """

    def __init__(self, seed: Any = None) -> None:
        self._given = seed
        self.seed = make_default_seed() if seed is None else seed

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        seed = self._given
        return {"seed": seed.get_config() if isinstance(seed, SeedGenerator) else seed}

    def clone(self) -> Initializer:
        """One that draws other numbers if no seed was given."""
        return type(self).from_config(self.get_config())

    def _draw(self, op: str, shape: Any, dtype: str | None, **parameters: float) -> Any:
        numbers = {name: float(value) for name, value in parameters.items()}
        return _engine.apply(
            op,
            draw_seed(self.seed),
            shape=[int(s) for s in shape],
            dtype=dtype or _engine.floatx(),
            **numbers,
        )


class RandomNormal(RandomInitializer):
    """Normally distributed numbers.

    Args:
        mean: their mean.
        stddev: their standard deviation.
        seed: an int, a ``SeedGenerator`` or None.

    Example:
        >>> RandomNormal(seed=1)((2, 3)).shape
        (2, 3)
    """

    _op = "random_normal"

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """Numbers in a shape."""
        return self._draw(self._op, shape, dtype, mean=self.mean, stddev=self.stddev)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class TruncatedNormal(RandomNormal):
    """Normally distributed numbers, none further than two standard deviations from the mean.

    Example:
        >>> TruncatedNormal(seed=1)((2, 3)).shape
        (2, 3)
    """

    _op = "random_truncated_normal"


class RandomUniform(RandomInitializer):
    """Evenly distributed numbers.

    Args:
        minval: the least.
        maxval: their upper bound.
        seed: an int, a ``SeedGenerator`` or None.

    Example:
        >>> RandomUniform(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval, self.maxval = minval, maxval
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """Numbers in a shape."""
        return self._draw("random_uniform", shape, dtype, low=self.minval, high=self.maxval)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


def compute_fans(shape: Any, input_axes: Any = None, output_axes: Any = None) -> tuple[float, float]:
    """How many inputs and outputs a weight connects.

    Args:
        shape: (*window, inputs, outputs).
        input_axes: the axes of inputs, and
        output_axes: of outputs, of a weight of another layout.

    Returns:
        (fan in, fan out).

    Example:
        >>> compute_fans((3, 3, 2, 8))
        (18, 72)
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[i] for i in input_axes), math.prod(shape[i] for i in output_axes)
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class VarianceScaling(RandomInitializer):
    """Numbers whose variance goes down with the number of connections.

    Args:
        scale: the variance is ``scale / n``.
        mode: what n is: ``fan_in``, ``fan_out`` or ``fan_avg``.
        distribution: ``truncated_normal``, ``untruncated_normal`` or ``uniform``.
        seed: an int, a ``SeedGenerator`` or None.
        input_axes: the axes of inputs, and
        output_axes: of outputs, of weights that are not (*window, inputs, outputs).

    Raises:
        ValueError: a scale that is not positive, an unknown mode or distribution.

    Example:
        >>> VarianceScaling(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        if scale <= 0.0:
            raise ValueError(f"scale must be positive, got {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"mode must be 'fan_in', 'fan_out' or 'fan_avg', got {mode!r}")
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                "distribution must be 'truncated_normal', 'untruncated_normal' or 'uniform', "
                f"got {distribution!r}"
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """Numbers in a shape."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return self._draw("random_uniform", shape, dtype, low=-limit, high=limit)
        deviation = math.sqrt(variance)
        if self.distribution == "truncated_normal":
            # The standard deviation that is left when a normal distribution is cut off at two of them.
            return self._draw(
                "random_truncated_normal", shape, dtype, mean=0.0, stddev=deviation / 0.87962566103423978
            )
        return self._draw("random_normal", shape, dtype, mean=0.0, stddev=deviation)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**own, **super().get_config(), **self._axes()}

    def _axes(self) -> dict[str, Any]:
        """The axes, if given: older readers do not know the arguments."""
        axes = {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return {name: value for name, value in axes.items() if value is not None}


class Preset(VarianceScaling):
    """A named combination of scale, mode and distribution.

    Args:
        seed: an int, a ``SeedGenerator`` or None.
        input_axes: the axes of inputs, and
        output_axes: of outputs, of weights that are not (*window, inputs, outputs).
    """

    _preset: tuple[float, str, str] = (1.0, "fan_in", "uniform")

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(*self._preset, seed=seed, input_axes=input_axes, output_axes=output_axes)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**RandomInitializer.get_config(self), **self._axes()}


class GlorotUniform(Preset):
    """Uniform with variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio 2010)."""

    _preset = (1.0, "fan_avg", "uniform")


class GlorotNormal(Preset):
    """Truncated normal with variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio 2010)."""

    _preset = (1.0, "fan_avg", "truncated_normal")


class HeUniform(Preset):
    """Uniform with variance ``2 / fan_in`` (He et al. 2015)."""

    _preset = (2.0, "fan_in", "uniform")


class HeNormal(Preset):
    """Truncated normal with variance ``2 / fan_in`` (He et al. 2015)."""

    _preset = (2.0, "fan_in", "truncated_normal")


class LecunUniform(Preset):
    """Uniform with variance ``1 / fan_in`` (LeCun et al. 1998)."""

    _preset = (1.0, "fan_in", "uniform")


class LecunNormal(Preset):
    """Truncated normal with variance ``1 / fan_in`` (LeCun et al. 1998)."""

    _preset = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """A matrix with orthogonal rows or columns (Saxe et al. 2014).

    Args:
        gain: a factor.
        seed: an int, a ``SeedGenerator`` or None.

    Example:
        >>> Orthogonal(seed=1)((3, 3)).shape
        (3, 3)
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: str | None = None) -> Any:
        """The matrix; more than two axes are folded into rows. A vector's shape raises ValueError."""
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs at least two axes, got shape {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        normal = self._draw("random_normal", tall, "float64", mean=0.0, stddev=1.0).numpy()
        q, r = np.linalg.qr(normal)
        q = q * np.sign(np.diag(r))
        return ops.convert_to_tensor(
            self.gain * (q.T if rows < columns else q).reshape(shape), dtype or _engine.floatx()
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"gain": self.gain, **super().get_config()}
