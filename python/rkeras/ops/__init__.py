"""Functions of tensors, under the names of ``keras.ops``."""

from rkeras.ops.activation import *
from rkeras.ops.core import *
from rkeras.ops.creation import *
from rkeras.ops.ctc import *
from rkeras.ops.elementwise import *
from rkeras.ops.indexing import *
from rkeras.ops.linalg import *
from rkeras.ops.nn import *
from rkeras.ops.reduction import *
from rkeras.ops.structure import *
