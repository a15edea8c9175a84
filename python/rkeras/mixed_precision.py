"""Policies of computing in one dtype and keeping weights in another, under the names of ``keras.mixed_precision``.

>>> global_policy().name
'float32'
"""

from rkeras.dtype_policies import DTypePolicy as DTypePolicy
from rkeras.dtype_policies import DTypePolicy as Policy
from rkeras.dtype_policies import dtype_policy as dtype_policy
from rkeras.dtype_policies import dtype_policy as global_policy
from rkeras.dtype_policies import set_dtype_policy as set_dtype_policy
from rkeras.dtype_policies import set_dtype_policy as set_global_policy
from rkeras.optimizers import LossScaleOptimizer as LossScaleOptimizer

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
