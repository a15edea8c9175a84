"""What padding and cropping share."""

from __future__ import annotations

from typing import Any

from rkeras import config
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.input_spec import InputSpec


class BorderLayer(ArgumentLayer):
    """Adds to or takes from both ends of ``_rank`` spatial axes.

    Args:
        border: one number for all ends, one an axis, or a pair (before, after) an axis.
    """

    _rank = 0
    _argument = ""
    data_format: str

    def _keep_border(self, border: Any) -> None:
        pairs = _pairs(border, self._rank)
        if pairs is None or any(n < 0 for pair in pairs for n in pair):
            raise ValueError(
                f"{type(self).__name__} needs as {self._argument} one number, {self._rank} of them, or "
                f"{self._rank} pairs (before, after), none negative; got {self._argument}={border!r}"
            )
        self._pairs = pairs
        self._keep(**{self._argument: pairs[0] if self._rank == 1 else pairs})
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _all_pairs(self) -> list[tuple[int, int]]:
        """A pair for each axis of the input."""
        none, pairs = (0, 0), list(self._pairs)
        return [none, *pairs, none] if self.data_format == "channels_last" else [none, none, *pairs]


class ImageBorderLayer(BorderLayer):
    """A border in images of either layout."""

    def __init__(self, border: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(data_format=config.standardize_data_format(data_format))
        self._keep_border(border)


def _pairs(border: Any, rank: int) -> tuple[tuple[int, int], ...] | None:
    """A pair an axis; None if there are not as many."""
    if hasattr(border, "__index__"):
        return ((int(border), int(border)),) * rank
    if not isinstance(border, (list, tuple)):
        return None
    given = [border] if rank == 1 and len(border) == 2 else list(border)
    pairs = []
    for entry in given:
        pair = (entry, entry) if hasattr(entry, "__index__") else tuple(entry)
        if len(pair) != 2 or not all(hasattr(n, "__index__") for n in pair):
            return None
        pairs.append((int(pair[0]), int(pair[1])))
    return tuple(pairs) if len(pairs) == rank else None
