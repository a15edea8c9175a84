"""``plot_model`` and ``model_to_dot``."""

from __future__ import annotations

import os
import sys
from typing import Any

from rkeras.visualization.diagram import diagram_of
from rkeras.visualization.graph import Dot
from rkeras.visualization.labels import Options
from rkeras.visualization.layout import DIRECTIONS


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float | None = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Dot:
    """The graph of a model, to be drawn or written as DOT text. Graphviz is not needed.

    Args:
        model: a built model. One whose ``call`` is Python code is shown as a single box.
        show_shapes: whether the shapes of inputs and outputs are shown.
        show_dtype: whether the dtypes of outputs are shown.
        show_layer_names: whether layers' names are shown beside their classes.
        rankdir: ``TB``, ``LR``, ``BT`` or ``RL``: from top to bottom, left to right, or the other way.
        expand_nested: whether models inside are shown with their layers.
        dpi: pixels an inch in pictures of pixels.
        subgraph: whether the text is that of a subgraph, to be put into another graph.
        show_layer_activations: whether activation functions are shown.
        show_trainable: whether it is shown if a layer's weights are trained.
        splines: how Graphviz is to draw edges; ``line`` and ``polyline`` are straight here too, others curved.
        **kwargs: none are known.

    Returns:
        An object with ``to_string()``, ``create(format="svg")`` and ``write(path, format="png")``.

    Raises:
        ValueError: if the model is not built, or an argument is not known.

    Example:
        >>> from rkeras import Input, Sequential, layers
        >>> model = Sequential([Input((2,)), layers.Dense(3, name="a"), layers.Dense(1, name="b")])
        >>> "n0 -> n1;" in model_to_dot(model).to_string()
        True
    """
    _refuse(kwargs)
    if rankdir not in DIRECTIONS:
        raise ValueError(f"rankdir must be one of {', '.join(DIRECTIONS)}, got {rankdir!r}")
    # Graphviz takes 96 for None.
    dpi = 96 if dpi is None else dpi
    if not dpi > 0:
        raise ValueError(f"dpi must be positive, got {dpi!r}")
    options = Options(
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        expand_nested=expand_nested,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
    )
    return Dot(diagram_of(model, options), rankdir, dpi, splines, subgraph)


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float | None = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Writes a picture of a model. Graphviz is not needed.

    Args:
        model: a built model.
        to_file: the file, whose ending decides: ``.png`` (needs Pillow), ``.svg``, ``.pdf``, ``.dot`` and others.
        show_shapes: whether the shapes of inputs and outputs are shown.
        show_dtype: whether the dtypes of outputs are shown.
        show_layer_names: whether layers' names are shown beside their classes.
        rankdir: ``TB``, ``LR``, ``BT`` or ``RL``: from top to bottom, left to right, or the other way.
        expand_nested: whether models inside are shown with their layers.
        dpi: pixels an inch in pictures of pixels.
        show_layer_activations: whether activation functions are shown.
        show_trainable: whether it is shown if a layer's weights are trained.
        splines: ``line`` and ``polyline`` make straight lines, others curves.
        **kwargs: none are known.

    Returns:
        The picture for a notebook if IPython is running, else None.

    Raises:
        ValueError: if the model is not built, or an argument or the file's ending is not known.
        ImportError: for a picture of pixels without Pillow.

    Example:
        >>> import tempfile
        >>> from rkeras import Input, Sequential, layers
        >>> model = Sequential([Input((2,)), layers.Dense(3)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     plot_model(model, f"{folder}/model.svg", show_shapes=True)
    """
    dot = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
        **kwargs,
    )
    path = os.fspath(to_file)
    kind = os.path.splitext(path)[1][1:].lower() or "png"
    dot.write(path, format=kind)
    return _for_notebook(path, kind)


def _refuse(kwargs: dict[str, Any]) -> None:
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError(
            "layer_range is no longer supported; plot a part of the model: "
            "Model(model.inputs, model.get_layer(name).output)"
        )
    if kwargs:
        raise ValueError(f"unrecognized keyword arguments: {sorted(kwargs)}")


def _for_notebook(path: str, kind: str) -> Any:
    # Only where it is loaded: importing IPython for a script that shows nothing takes longer than the picture.
    if "IPython" not in sys.modules:
        return None
    from IPython import display

    if kind == "svg":
        return display.SVG(filename=path)
    return display.Image(filename=path) if kind in ("png", "jpg", "jpeg", "gif", "webp") else None
