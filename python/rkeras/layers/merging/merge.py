"""One function for all ways to join inputs, as in Keras 1."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from rkeras.layers.core.lambda_layer import Lambda
from rkeras.layers.layer import Layer
from rkeras.layers.merging.add import Add
from rkeras.layers.merging.average import Average
from rkeras.layers.merging.concatenate import Concatenate
from rkeras.layers.merging.dot import Dot
from rkeras.layers.merging.maximum import Maximum
from rkeras.layers.merging.multiply import Multiply

_MODES = {"sum": Add, "mul": Multiply, "ave": Average, "max": Maximum}


def Merge(
    layers: Any = None,
    mode: str | Callable[..., Any] = "sum",
    concat_axis: int = -1,
    dot_axes: Any = -1,
    output_shape: Any = None,
    output_mask: Any = None,
    arguments: dict[str, Any] | None = None,
    name: str | None = None,
) -> Layer:
    """The layer of today that joins inputs in a way that Keras 1 has a name for.

    Args:
        layers: must be None: models joined inside a Sequential model are written with the functional API today.
        mode: ``sum``, ``mul``, ``ave``, ``max``, ``concat``, ``dot``, ``cos`` or a function of a list of tensors.
        concat_axis: for ``concat``.
        dot_axes: for ``dot`` and ``cos``.
        output_shape: of the function.
        output_mask: of the function.
        arguments: further arguments of the function.
        name: of the layer.

    Returns:
        A layer.

    Raises:
        ValueError: an unknown mode, or ``layers``.

    Example:
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     type(Merge(mode="concat")).__name__
        'Concatenate'
    """
    if layers is not None:
        raise ValueError(
            "Merge joins tensors here, not models in a Sequential: write "
            "x = concatenate([a.output, b.output]) and Model([a.input, b.input], x) instead"
        )
    layer: Layer
    if callable(mode):
        layer = Lambda(mode, output_shape=output_shape, mask=output_mask, arguments=arguments, name=name)
    elif mode == "concat":
        layer = Concatenate(axis=concat_axis, name=name)
    elif mode in ("dot", "cos"):
        layer = Dot(axes=dot_axes, normalize=mode == "cos", name=name)
    elif mode in _MODES:
        layer = _MODES[mode](name=name)
    else:
        known = [*_MODES, "concat", "dot", "cos"]
        raise ValueError(f"Merge: mode must be a function or one of {known}, got {mode!r}")
    warnings.warn(
        f"merge(mode={mode!r}) is an old spelling; write {type(layer).__name__}()(inputs)",
        DeprecationWarning,
        stacklevel=2,
    )
    return layer


def merge(inputs: Any, mode: str | Callable[..., Any] = "sum", **kwargs: Any) -> Any:
    """Joins tensors, as in Keras 1.

    Args:
        inputs: a list of tensors.
        mode: see ``Merge``.
        kwargs: the other arguments of ``Merge``.

    Returns:
        A tensor.

    Example:
        >>> import numpy as np
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     merge([np.array([1.0]), np.array([2.0])], mode="sum").tolist()
        [3.0]
    """
    return Merge(None, mode, **kwargs)(inputs)
