"""The state of random numbers."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from rkeras import _engine
from rkeras.naming import auto_name, name_scope
from rkeras.tracing import eager_scope
from rkeras.variables import Variable

_global_generator: SeedGenerator | None = None
_seed_source = python_random.Random()


def make_default_seed() -> int:
    """A seed for whoever did not give one; the same sequence after ``set_random_seed``."""
    return _seed_source.randint(1, int(1e9))


class SeedGenerator:
    """Gives out seeds, each time another.

    Args:
        seed: an int; drawn at random (or determined by ``set_random_seed``) if not given.
        name: made up if not given.

    Example:
        >>> generator = SeedGenerator(7)
        >>> generator.next().tolist(), generator.next().tolist()
        ([7, 0], [7, 1])
    """

    _tracked_as = "seed_generators"

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise ValueError(f"SeedGenerator does not know the argument(s) {sorted(kwargs)}")
        if seed is None:
            seed = make_default_seed()
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise ValueError(f"seed must be an int, got {seed!r} (of type {type(seed).__name__})")
        self.name = name or auto_name(type(self).__name__)
        self._initial_seed = int(seed)
        with name_scope(self.name, caller=self), eager_scope():
            self.state = Variable(
                np.array([_wrapped(self._initial_seed), 0], dtype="int64"),
                trainable=False,
                autocast=False,
                name="seed_generator_state",
            )

    @property
    def seed(self) -> int:
        """The seed it was made with."""
        return self._initial_seed

    def next(self, ordered: bool = True) -> _engine.Tensor:
        """A seed that was not given out before: an int64 tensor of shape ``(2,)``."""
        del ordered
        current = self.state.read()
        self.state.write(current + _STEP)
        return current

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Makes a generator from ``get_config``."""
        return cls(**config)


_STEP = np.array([0, 1], dtype="int64")


def _wrapped(seed: int) -> int:
    """The seed within int64; Python ints know no bounds."""
    return (seed + 2**63) % 2**64 - 2**63


def global_seed_generator() -> SeedGenerator:
    """The generator of whoever has none of its own."""
    global _global_generator
    if _global_generator is None:
        _global_generator = SeedGenerator(name="global_seed_generator")
    return _global_generator


def draw_seed(seed: Any) -> Any:
    """The seed operand of a random op.

    Args:
        seed: an int (the same numbers each time), a ``SeedGenerator``, or None for the global one.

    Returns:
        An int64 tensor of shape ``(2,)``.
    """
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return global_seed_generator().next()
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return _engine.convert(np.array([_wrapped(int(seed)), 0], dtype="int64"))
    if isinstance(seed, (_engine.Tensor, _engine.Variable)) and seed.shape == (2,):
        return _engine.convert(seed, "int64")
    raise ValueError(
        f"seed must be an int, a SeedGenerator or None, got {seed!r} (of type {type(seed).__name__})"
    )


def reset_global_seed(seed: int | None) -> None:
    """Starts the global sequence of seeds anew, from a given point or a random one."""
    global _global_generator
    _global_generator = None
    _seed_source.seed(seed)


def source_state() -> tuple[Any, SeedGenerator | None]:
    """Where the sequence of default seeds has got to."""
    return _seed_source.getstate(), _global_generator


def restore_source(state: tuple[Any, SeedGenerator | None]) -> None:
    """Goes back to what ``source_state`` gave."""
    global _global_generator
    _seed_source.setstate(state[0])
    _global_generator = state[1]
