"""Layers. Each lives in a file of its own and loads when it is first used."""

from __future__ import annotations

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {
    "Input": "rkeras.layers.core.input_layer",
    "InputLayer": "rkeras.layers.core.input_layer",
    "InputSpec": "rkeras.layers.input_spec",
    "Layer": "rkeras.layers.layer",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
