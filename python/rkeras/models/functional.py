"""Models made of symbolic inputs and outputs."""

from __future__ import annotations

from typing import Any

from rkeras.models.model import Model


class Functional(Model):
    """What ``Model(inputs, outputs)`` makes: a graph of layers.

    Args:
        inputs: a symbolic tensor, or a list, tuple or dict of them.
        outputs: likewise, computed from the inputs.
        name: made up if not given.
        trainable: whether training changes the weights.

    Example:
        >>> from rkeras import Input
        >>> x = Input(shape=(2,))
        >>> import numpy as np
        >>> Functional(x, x * 2)(np.ones((1, 2))).tolist()
        [[2.0, 2.0]]
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        if inputs is not None:
            kwargs["inputs"] = inputs
        if outputs is not None:
            kwargs["outputs"] = outputs
        Model.__init__(self, name=name, trainable=trainable, **kwargs)
