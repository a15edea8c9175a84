"""``tf.compat``: TensorFlow 2 under its longer name, and what scripts use of TensorFlow 1 besides graphs."""

from __future__ import annotations

from rkeras.compat import tf as v2
from rkeras.compat.tf._namespace import namespace

__getattr__, __dir__, _ = namespace(__name__, "tf.compat", {}, ("v1",))

__all__ = ["v1", "v2"]
