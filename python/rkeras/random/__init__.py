"""Random tensors."""

from __future__ import annotations

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {"SeedGenerator": "rkeras.random.seed_generator"}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
