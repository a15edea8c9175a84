"""Starting anew: seeds and names."""

from __future__ import annotations

import gc
import random

import numpy as np

from rkeras import naming
from rkeras.random import seed_generator


def set_random_seed(seed: int) -> None:
    """Makes everything random start from one seed: Python's ``random``, NumPy and rkeras.

    Example:
        >>> set_random_seed(1)
        >>> a = seed_generator.make_default_seed()
        >>> set_random_seed(1)
        >>> a == seed_generator.make_default_seed()
        True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"seed must be an int, got {seed!r} (of type {type(seed).__name__})")
    random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)
    seed_generator.reset_global_seed(int(seed))


def clear_session(free_memory: bool = True) -> None:
    """Starts counting names anew (``dense``, ``dense_1``, …) and lets go of global state.

    Args:
        free_memory: whether to collect garbage at once.
    """
    naming.reset_uids()
    seed_generator.reset_global_seed(None)
    if free_memory:
        gc.collect()
