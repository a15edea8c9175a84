"""The ops of neural networks, under the names of ``keras.ops.nn``."""

from rkeras.ops.activation import *
from rkeras.ops.adaptive_pooling import *
from rkeras.ops.attention import *
from rkeras.ops.blocks import *
from rkeras.ops.classes import multi_hot, one_hot
from rkeras.ops.convolution import *
from rkeras.ops.crossentropy import *
from rkeras.ops.ctc import *
from rkeras.ops.ctc_decoding import *
from rkeras.ops.filtering import psnr
from rkeras.ops.normalization import *
from rkeras.ops.norms import normalize
from rkeras.ops.patches import *
from rkeras.ops.pooling import *
from rkeras.ops.reduction import moments
