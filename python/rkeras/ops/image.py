"""The ops of pictures, under the names of ``keras.ops.image``."""

from rkeras.ops.colours import *
from rkeras.ops.filtering import gaussian_blur, sobel_edges, ssim
from rkeras.ops.framing import *
from rkeras.ops.resizing import resize, scale_and_translate
from rkeras.ops.sampling import *
from rkeras.ops.warping import *
