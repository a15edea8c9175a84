"""Axes split, merged and moved by a pattern."""

from __future__ import annotations

import math
import re
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic

__all__ = ["rearrange"]

_PART = re.compile(r"\([^()]*\)|[^\s()]+")


def _groups(side: str, pattern: str) -> list[list[str]]:
    """Axes by name: ``a (b c)`` is ``[["a"], ["b", "c"]]``."""
    if not re.fullmatch(r"(\s|[\w.]|\([\w\s.]*\))*", side):
        raise ValueError(f"rearrange: cannot read {side.strip()!r} in the pattern {pattern!r}")
    return [part.strip("()").split() if part[0] == "(" else [part] for part in _PART.findall(side)]


def _sizes(groups: list[list[str]], shape: tuple[int, ...], known: dict[str, int], pattern: str) -> dict[str, int]:
    sizes = dict(known)
    for group, size in zip(groups, shape, strict=True):
        sizes.update({name: 1 for name in group if name == "1"})
        unknown = [name for name in group if name not in sizes]
        rest = math.prod(sizes[name] for name in group if name in sizes)
        if len(unknown) > 1 or (not unknown and rest != size) or (unknown and (not rest or size % rest)):
            raise ValueError(
                f"rearrange: an axis of size {size} is no {' '.join(group) or '1'!r} with {known} in {pattern!r}"
            )
        sizes.update(dict.fromkeys(unknown, size // rest))
    return sizes


@symbolic
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Splits, merges and moves axes.

    Args:
        tensor: tensor.
        pattern: the axes before and after, by name: ``"b h w c -> b (h w) c"``; brackets merge, ``...`` stands for
            any number of axes.
        axes_lengths: sizes of named axes that do not follow from the tensor.

    Returns:
        A tensor with the same elements.

    Raises:
        ValueError: a pattern that cannot be read, or does not fit the shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.rearrange(rkeras.ops.ones((2, 4, 6)), "b (h w) c -> b c h w", h=2).shape
        (2, 6, 2, 2)
    """
    tensor = _engine.convert(tensor)
    before, arrow, after = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange: a pattern has two sides, as in 'a b -> b a', got {pattern!r}")
    if "..." in before:
        rest = tensor.ndim - len(_groups(before, pattern)) + 1
        names = " ".join(f"axis_{i}_" for i in range(rest))
        before, after = before.replace("...", names), after.replace("...", names)
    old, new = _groups(before, pattern), _groups(after, pattern)
    if len(old) != tensor.ndim:
        raise ValueError(f"rearrange: {pattern!r} begins with {len(old)} axes, the tensor has shape {tensor.shape}")
    sizes = _sizes(old, tensor.shape, axes_lengths, pattern)
    source = [name for group in old for name in group if name != "1"]
    target = [name for group in new for name in group if name != "1"]
    if sorted(source) != sorted(target) or len(set(source)) != len(source):
        raise ValueError(f"rearrange: both sides of {pattern!r} must name the same axes, each once")
    apart = ops.reshape(tensor, [sizes[name] for name in source])
    moved = ops.transpose(apart, [source.index(name) for name in target])
    return ops.reshape(moved, [math.prod(sizes[name] for name in group if name != "1") for group in new])
