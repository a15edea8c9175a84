"""Linear algebra, under the names of ``keras.ops.linalg``."""

from rkeras.ops.norms import norm

__all__ = ["norm"]
