"""Random tensors."""

from __future__ import annotations

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {
    "SeedGenerator": "rkeras.random.seed_generator",
    "beta": "rkeras.random.distributions",
    "binomial": "rkeras.random.distributions",
    "categorical": "rkeras.random.distributions",
    "dropout": "rkeras.random.distributions",
    "gamma": "rkeras.random.distributions",
    "normal": "rkeras.random.distributions",
    "randint": "rkeras.random.distributions",
    "shuffle": "rkeras.random.distributions",
    "truncated_normal": "rkeras.random.distributions",
    "uniform": "rkeras.random.distributions",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
