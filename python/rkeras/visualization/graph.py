"""What ``model_to_dot`` returns: a graph with the methods of pydot's, drawn without Graphviz."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from rkeras.visualization.diagram import Diagram
from rkeras.visualization.dot import to_dot
from rkeras.visualization.drawing import Drawing

_TEXT_FORMATS = ("dot", "gv", "raw")
# By ending: Pillow's name of the format.
_BITMAP_FORMATS = {
    "png": "PNG",
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "jpe": "JPEG",
    "gif": "GIF",
    "bmp": "BMP",
    "tif": "TIFF",
    "tiff": "TIFF",
    "webp": "WEBP",
}
FORMATS = ("svg", "pdf", *_BITMAP_FORMATS, *_TEXT_FORMATS)


class Dot:
    """The graph of a model, as text or as a picture.

    Beside the methods below there are ``create_png()``, ``write_svg(path)`` and so on for each format.

    Args:
        diagram: what to show.
        rankdir: the direction: ``TB``, ``LR``, ``BT`` or ``RL``.
        dpi: pixels an inch in pictures of pixels.
        splines: how Graphviz is to draw edges. ``line`` and ``polyline`` make straight lines here, others curves.
        subgraph: whether the text is that of a subgraph.
    """

    def __init__(
        self, diagram: Diagram, rankdir: str = "TB", dpi: float = 200, splines: str = "ortho", subgraph: bool = False
    ) -> None:
        self.diagram = diagram
        self.rankdir = rankdir
        self.dpi = dpi
        self.splines = splines
        self.subgraph = subgraph

    def to_string(self) -> str:
        """The text in the DOT language."""
        return to_dot(self.diagram, self.rankdir, self.dpi, self.splines, self.subgraph)

    def create(self, prog: Any = None, format: str = "png", encoding: str | None = None) -> bytes:
        """The content of a file.

        Args:
            prog: Graphviz' program; taken for code that passes it, and not needed.
            format: ``svg``, ``pdf``, ``png`` or another one of pixels, or ``dot`` for the text.
            encoding: of the text, UTF-8 if not given.

        Raises:
            ValueError: for another format.
            ImportError: for one of pixels without Pillow.

        Example:
            >>> from rkeras import Input, Sequential, layers
            >>> model = Sequential([Input((2,)), layers.Dense(3)])
            >>> from rkeras.visualization import model_to_dot
            >>> model_to_dot(model).create(prog="dot", format="svg")[:4]
            b'<svg'
        """
        del prog
        kind = format.lower()
        if kind in _TEXT_FORMATS:
            return self.to_string().encode(encoding or "utf-8")
        if kind == "svg":
            from rkeras.visualization.svg import to_svg

            return to_svg(self._drawing).encode()
        if kind == "pdf":
            from rkeras.visualization.pdf import to_pdf

            return to_pdf(self._drawing)
        if kind in _BITMAP_FORMATS:
            from rkeras.visualization.png import to_bitmap

            return to_bitmap(self._drawing, self.dpi, _BITMAP_FORMATS[kind])
        raise ValueError(f"graphs cannot be written as {format!r}; the formats are {', '.join(FORMATS)}")

    def write(
        self,
        path: str | os.PathLike[str],
        prog: Any = None,
        format: str = "raw",
        encoding: str | None = None,
    ) -> bool:
        """Writes a file; as text if no format is given. Returns true, as pydot does."""
        Path(path).write_bytes(self.create(prog, format, encoding))
        return True

    @functools.cached_property
    def _drawing(self) -> Drawing:
        from rkeras.visualization.scene import draw

        return draw(self.diagram, self.rankdir, straight=self.splines in ("line", "polyline"))

    def __getattr__(self, name: str) -> Any:
        action, _, kind = name.partition("_")
        if action in ("create", "write") and kind in FORMATS:
            return functools.partial(getattr(self, action), format=kind)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _repr_svg_(self) -> str:
        return self.create(format="svg").decode()

    def __str__(self) -> str:
        return self.to_string()
