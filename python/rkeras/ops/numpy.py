"""The ops that NumPy has too, under the names of ``keras.ops.numpy``."""

from rkeras.ops.contraction import *
from rkeras.ops.core import array, copy, ndim, size
from rkeras.ops.creation import *
from rkeras.ops.diagonals import *
from rkeras.ops.differences import *
from rkeras.ops.elementwise import *
from rkeras.ops.equations import slogdet
from rkeras.ops.formulas import *
from rkeras.ops.indexing import get_item, take, take_along_axis
from rkeras.ops.joining import *
from rkeras.ops.looping import vectorize
from rkeras.ops.matrices import *
from rkeras.ops.nan_reductions import *
from rkeras.ops.products import *
from rkeras.ops.quantiles import *
from rkeras.ops.rearranging import *
from rkeras.ops.reduction import *
from rkeras.ops.representation import *
from rkeras.ops.searching import *
from rkeras.ops.sorting import argsort, sort
from rkeras.ops.spacing import *
from rkeras.ops.splitting import *
from rkeras.ops.structure import *
from rkeras.ops.windows import *
