"""``tf.compat``: TensorFlow 2 under its longer name; sessions and graphs of TensorFlow 1 are not in rkeras."""

from __future__ import annotations

from rkeras.compat import tf as v2
from rkeras.compat.tf._namespace import namespace

__path__: list[str] = []

__getattr__, __dir__, _ = namespace(__name__, "tf.compat", {})

__all__ = ["v2"]
