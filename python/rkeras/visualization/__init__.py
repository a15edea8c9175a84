"""Pictures of models: graph, layout and files of our own, without Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rkeras._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "Dot": "rkeras.visualization.graph",
        "model_to_dot": "rkeras.visualization.plot",
        "plot_model": "rkeras.visualization.plot",
    },
)

if TYPE_CHECKING:
    from rkeras.visualization.graph import Dot as Dot
    from rkeras.visualization.plot import model_to_dot as model_to_dot
    from rkeras.visualization.plot import plot_model as plot_model
