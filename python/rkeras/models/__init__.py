"""Models: functional, sequential, subclassed; copying and summarising them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rkeras._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "Functional": "rkeras.models.functional",
        "Model": "rkeras.models.model",
        "Sequential": "rkeras.models.sequential",
        "clone_model": "rkeras.models.cloning",
        "load_model": "rkeras.saving",
        "model_from_config": "rkeras.models._saving",
        "model_from_json": "rkeras.models._saving",
        "model_from_yaml": "rkeras.models._saving",
        "print_summary": "rkeras.models.summary",
        "save_model": "rkeras.saving",
    },
)

if TYPE_CHECKING:
    from rkeras.models.functional import Functional as Functional
    from rkeras.models.model import Model as Model
    from rkeras.models.sequential import Sequential as Sequential
