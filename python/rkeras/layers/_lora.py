"""Low-rank updates of frozen weights (Hu et al. 2021, LoRA)."""

from __future__ import annotations

from typing import Any

from rkeras import ops


def add_lora(
    layer: Any,
    weight: str,
    rank: int,
    alpha: float | None,
    a_initializer: Any,
    b_initializer: Any,
) -> None:
    """Gives a layer ``lora_<weight>_a`` and ``_b``, whose product trains in place of the weight.

    Args:
        layer: a built layer that keeps the weight as ``_<weight>``.
        weight: ``kernel`` or ``embeddings``.
        rank: the size the two share.
        alpha: factor of the update, over the rank; the rank by default.
        a_initializer: how ``a`` begins.
        b_initializer: how ``b`` begins.

    Raises:
        ValueError: the layer is not built, constrains the weight, or has such an update already.
    """
    frozen = getattr(layer, f"_{weight}", None)
    if frozen is None:
        raise ValueError(f"layer {layer.name!r} must be built before enable_lora; call it on data first")
    if getattr(layer, f"{weight}_constraint") is not None:
        raise ValueError(f"layer {layer.name!r} constrains its {weight}, which LoRA cannot keep to")
    if layer.lora_enabled:
        raise ValueError(f"LoRA is enabled for layer {layer.name!r} already")
    shape = tuple(frozen.shape)
    first, second = (*shape[:-1], rank), (rank, shape[-1])
    makers = (("a", first, a_initializer), ("b", second, b_initializer))
    for letter, size, initializer in makers:
        name = f"lora_{weight}_{letter}"
        regularizer = getattr(layer, f"{weight}_regularizer") if letter == "a" else None
        made = layer.add_weight(name=name, shape=size, initializer=initializer, regularizer=regularizer)
        setattr(layer, name, made)
    frozen.trainable = False
    layer.lora_rank, layer.lora_alpha = rank, rank if alpha is None else alpha
    layer.lora_enabled = True


def with_lora(layer: Any, weight: str) -> Any:
    """The weight of a layer that has an update, with it."""
    frozen = getattr(layer, f"_{weight}")
    update = ops.matmul(getattr(layer, f"lora_{weight}_a"), getattr(layer, f"lora_{weight}_b"))
    return ops.add(frozen, ops.multiply(update, layer.lora_alpha / layer.lora_rank))
