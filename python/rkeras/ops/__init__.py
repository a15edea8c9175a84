"""Functions of tensors, under the names of ``keras.ops``."""

from rkeras.ops import linalg, nn, numpy
from rkeras.ops.activation import *
from rkeras.ops.attention import *
from rkeras.ops.classes import *
from rkeras.ops.contraction import *
from rkeras.ops.control_flow import *
from rkeras.ops.convolution import *
from rkeras.ops.core import *
from rkeras.ops.creation import *
from rkeras.ops.crossentropy import *
from rkeras.ops.ctc import *
from rkeras.ops.diagonals import *
from rkeras.ops.differences import *
from rkeras.ops.elementwise import *
from rkeras.ops.formulas import *
from rkeras.ops.indexing import *
from rkeras.ops.joining import *
from rkeras.ops.matrices import *
from rkeras.ops.nan_reductions import *
from rkeras.ops.normalization import *
from rkeras.ops.norms import *
from rkeras.ops.pooling import *
from rkeras.ops.products import *
from rkeras.ops.quantiles import *
from rkeras.ops.rearranging import *
from rkeras.ops.reduction import *
from rkeras.ops.scattering import *
from rkeras.ops.searching import *
from rkeras.ops.segments import *
from rkeras.ops.sorting import *
from rkeras.ops.spacing import *
from rkeras.ops.splitting import *
from rkeras.ops.structure import *
from rkeras.ops.windows import *
