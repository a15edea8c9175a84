"""``tf.compat.v1``: the names of ``tf``, and the ones with which scripts of TensorFlow 1 set things up.

Everything runs at once, so that sessions have nothing to hold. Placeholders and graphs to be fed are not in rkeras.
"""

from __future__ import annotations

import logging as _logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from rkeras import tree
from rkeras.compat import tf as _tf
from rkeras.compat.tf.random import set_seed as set_random_seed
from rkeras.utils.session import clear_session as reset_default_graph

# TensorFlow 2 may have these behaviours or not; here they are as they are.
_SETTINGS = (
    "disable_eager_execution", "disable_resource_variables", "disable_v2_behavior", "disable_v2_tensorshape",
    "enable_eager_execution", "enable_resource_variables", "enable_v2_behavior", "enable_v2_tensorshape",
)  # fmt: skip


def _setting(name: str) -> Callable[..., None]:
    def accept(*args: Any, **kwargs: Any) -> None:
        pass

    accept.__name__ = accept.__qualname__ = name
    accept.__doc__ = "Accepted: everything runs at once."
    return accept


for _name in _SETTINGS:
    globals()[_name] = _setting(_name)


class GPUOptions(SimpleNamespace):
    """Settings of devices that are not used; any may be set."""


class ConfigProto(SimpleNamespace):
    """Settings of sessions; any may be set, as ``config.gpu_options.allow_growth``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"gpu_options": GPUOptions(), **settings})


class Session:
    """What scripts open to run things in; values are there already.

    Args:
        target: of no meaning.
        graph: likewise.
        config: likewise.

    Example:
        >>> with Session() as session:
        ...     float(session.run(_tf.constant(2.0) * 3.0))
        6.0
    """

    def __init__(self, target: str = "", graph: Any = None, config: Any = None) -> None:
        del target, graph, config

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """The numbers of tensors, in their structure; None for what is no tensor.

        Raises:
            NotImplementedError: placeholders are to be fed.
        """
        del options, run_metadata
        if feed_dict:
            raise NotImplementedError(
                "there are no graphs to feed in rkeras: write a function of what the placeholders stand for and call "
                "it, or use K.function(inputs, outputs)"
            )
        return tree.map_structure(lambda x: x.numpy() if hasattr(x, "numpy") else None, fetches)

    def close(self) -> None:
        """There is nothing to close."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()


InteractiveSession = Session
_SESSION = Session()


def get_session() -> Session:
    """The session there is."""
    return _SESSION


get_default_session = get_session


def set_session(session: Any) -> None:
    """Accepted: all sessions are alike."""
    del session


def global_variables_initializer() -> None:
    """Variables have their first values when they are made."""


local_variables_initializer = tables_initializer = global_variables_initializer


_LEVELS = {"DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "FATAL": 50}
_LOGGER = _logging.getLogger("tensorflow")
logging = SimpleNamespace(
    **_LEVELS,
    set_verbosity=_LOGGER.setLevel,
    get_verbosity=_LOGGER.getEffectiveLevel,
    **{name: getattr(_LOGGER, name) for name in ("debug", "info", "warning", "error", "fatal")},
    warn=_LOGGER.warning,
)


def __getattr__(name: str) -> Any:
    try:
        return getattr(_tf, name)
    except AttributeError:
        raise AttributeError(f"tf.compat.v1.{name} is not in rkeras") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_tf)})


__all__ = [
    *_SETTINGS, "ConfigProto", "GPUOptions", "InteractiveSession", "Session", "get_default_session", "get_session",
    "global_variables_initializer", "local_variables_initializer", "logging", "reset_default_graph", "set_random_seed",
    "set_session", "tables_initializer",
]  # fmt: skip
