"""Linear algebra, under the names of ``keras.ops.linalg``."""

from rkeras.ops.derivatives import jvp
from rkeras.ops.equations import det, inv, solve, solve_triangular
from rkeras.ops.factors import *
from rkeras.ops.norms import norm
from rkeras.ops.spectra import *
