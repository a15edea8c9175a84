"""How variables follow their gradients."""

from __future__ import annotations

from typing import Any

from rkeras.optimizers import legacy, schedules
from rkeras.optimizers.adafactor import Adafactor
from rkeras.optimizers.adagrad import Adadelta, Adagrad
from rkeras.optimizers.adam import Adam, AdamW
from rkeras.optimizers.adam_variants import Adamax, Lion, Nadam
from rkeras.optimizers.ftrl import Ftrl
from rkeras.optimizers.lamb import Lamb
from rkeras.optimizers.loss_scale_optimizer import LossScaleOptimizer
from rkeras.optimizers.muon import Muon
from rkeras.optimizers.optimizer import Optimizer
from rkeras.optimizers.rmsprop import RMSprop
from rkeras.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from rkeras.optimizers.sgd import SGD
from rkeras.saving.identifiers import ObjectTable

_CLASSES = [
    SGD, Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer, Muon, Nadam,
    RMSprop, ScheduleFreeAdamW,
]  # fmt: skip

TABLE = ObjectTable("optimizer", _CLASSES, fold_case=True)


def get(identifier: Any) -> Any:
    """The optimizer that a name, record, class or optimizer stands for.

    Args:
        identifier: any of these.

    Returns:
        An optimizer.

    Raises:
        ValueError: it names nothing known.

    Example:
        >>> import rkeras
        >>> type(rkeras.optimizers.get("adam")).__name__
        'Adam'
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        found = TABLE.find(identifier)
        if found is None:
            known = sorted({c.__name__ for c in TABLE.objects.values()})
            raise ValueError(f"there is no optimizer called {identifier!r}; known: {known}")
        return found()
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()
    if isinstance(identifier, dict):
        return TABLE.deserialize(identifier)
    raise ValueError(f"expected an optimizer, its name or its config, got {identifier!r}")


serialize = TABLE.serialize
deserialize = TABLE.deserialize

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]  # fmt: skip
