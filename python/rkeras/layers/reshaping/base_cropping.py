"""What cropping of one, two and three axes shares."""

from __future__ import annotations

from typing import Any

from rkeras.layers.reshaping.base_border import ImageBorderLayer


class BaseCropping(ImageBorderLayer):
    """Takes away from both ends of ``_rank`` spatial axes."""

    _argument = "cropping"

    def call(self, inputs: Any) -> Any:
        """What is left of the inputs."""
        pairs = self._all_pairs()
        for (before, after), size in zip(pairs, inputs.shape, strict=True):
            if before + after and before + after >= size:
                raise ValueError(
                    f"{type(self).__name__} would leave nothing of an input of shape {tuple(inputs.shape)}: "
                    f"cropping={getattr(self, self._argument)}"
                )
        return inputs[tuple(slice(before, -after or None) for before, after in pairs)]
