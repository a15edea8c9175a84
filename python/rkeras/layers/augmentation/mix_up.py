"""Pictures blended with others."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers.augmentation.base import RandomPictureLayer
from rkeras.random import distributions
from rkeras.random.seed_generator import SeedGenerator


class MixUp(RandomPictureLayer):
    """Blends each picture with another of its batch, and their labels alike (Zhang et al. 2018).

    Args:
        alpha: the larger, the more of the other picture; 0.2 leaves most pictures nearly as they are.
        seed: determines the draws.
        data_format: where channels are; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> data = {"images": np.zeros((8, 4, 4, 3)), "labels": np.eye(8)}
        >>> mixed = MixUp(seed=1)(data, training=True)
        >>> mixed["labels"].numpy().sum(axis=1).round(4).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """

    alpha: float

    def __init__(
        self, alpha: float = 0.2, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if alpha <= 0:
            raise ValueError(f"MixUp: alpha must be positive, got {alpha!r}")
        self._keep(alpha=alpha)

    def _draw(self, batch: int, height: int, width: int, seed: Any) -> Any:
        seeds = SeedGenerator(seed) if isinstance(seed, int) else seed
        return {
            "mix_weight": distributions.beta((batch,), self.alpha, self.alpha, "float32", seeds),
            "permutation_order": distributions.shuffle(ops.arange(batch, dtype="int32"), seed=seeds),
        }

    def _apply(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return _blended(images, transformation)

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """The labels as rows, blended as the pictures are."""
        if not training or transformation is None:
            return labels
        return _blended(ops.cast(labels, self.compute_dtype), transformation)


def _blended(x: Any, transformation: Any) -> Any:
    weight = ops.reshape(transformation["mix_weight"], (-1, *(1 for _ in x.shape[1:])))
    weight = ops.cast(weight, x.dtype)
    return weight * x + (1.0 - weight) * ops.take(x, transformation["permutation_order"], axis=0)
