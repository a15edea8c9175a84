"""The optimizers by the names of ``keras.optimizers.legacy``: they are today's, which take the old arguments too."""

from __future__ import annotations

from rkeras.optimizers.adagrad import Adagrad
from rkeras.optimizers.adam import Adam
from rkeras.optimizers.ftrl import Ftrl
from rkeras.optimizers.optimizer import Optimizer
from rkeras.optimizers.rmsprop import RMSprop
from rkeras.optimizers.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop"]
