"""Pixels as channels, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._arguments import channels_first
from rkeras.ops._tables import named

__all__ = ["depth_to_space", "space_to_depth"]

_DOC = """{summary}

Args:
    x: pictures (batch, rows, columns, channels), or with channels first.
    block_size: rows and columns of a block.
    data_format: where channels are.

Returns:
    {returns}.

Raises:
    ValueError: another rank, or sizes that do not divide into blocks.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}(rkeras.ops.ones((1, 4, 4, 8)), 2).shape
    {shape}
"""

# Names of axes in order: pictures (n h w c) are blocks of i x j pixels. Channels of a pixel are blocks in front of
# colours if channels are last, behind them if they are first.
_WIDE = {False: "n (h i) (w j) c", True: "n c (h i) (w j)"}
_DEEP = {False: "n h w (i j c)", True: "n (c i j) h w"}


def _declare(
    name: str, summary: str, returns: str, before: dict[bool, str], after: dict[bool, str], shape: tuple[int, ...]
) -> Callable[..., Any]:
    def fn(x: Any, block_size: int, data_format: str | None = "channels_last") -> Any:
        x = _engine.convert(x)
        if x.ndim != 4:
            raise ValueError(f"{name}: expected pictures with 4 axes, got shape {x.shape}")
        first, size = channels_first(data_format), int(block_size)
        return ops.rearrange(x, f"{before[first]} -> {after[first]}", i=size, j=size)

    return named(fn, name, _DOC, summary=summary, returns=returns, shape=shape)  # type: ignore[no-any-return]


space_to_depth = _declare(
    "space_to_depth", "Blocks of pixels as channels of one pixel.", "Smaller pictures with more channels",
    _WIDE, _DEEP, (1, 2, 2, 32),
)  # fmt: skip
depth_to_space = _declare(
    "depth_to_space", "Channels of one pixel as blocks of pixels.", "Larger pictures with fewer channels",
    _DEEP, _WIDE, (1, 8, 8, 2),
)  # fmt: skip
