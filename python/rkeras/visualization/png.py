"""Drawings as pictures of pixels, painted with Pillow."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rkeras.visualization.drawing import Curve, Drawing, Point, Rectangle, Shape, Text, Triangle

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

# What is larger many programs do not open.
_LONGEST_SIDE = 32000
_MOST_PIXELS = 40_000_000
# Lines are painted so many times larger, in bands of so many pixels, and made smaller: Pillow does not smooth them.
_SMOOTHING = 3
_BAND = 512
_CURVE_PIECES = 16
# Fonts of the common systems that have what Pillow's own lacks, tried in turn.
_OTHER_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NanumGothic.ttf",
    "malgun.ttf",
    "AppleSDGothicNeo.ttc",
    "Arial Unicode.ttf",
    "msgothic.ttc",
    "wqy-zenhei.ttc",
    "DejaVuSans.ttf",
)


def to_bitmap(drawing: Drawing, dpi: float, file_format: str = "PNG") -> bytes:
    """The drawing as a file that Pillow writes.

    Args:
        drawing: what to paint.
        dpi: pixels an inch, which is 72 points.
        file_format: Pillow's name of the format.

    Raises:
        ImportError: without Pillow.
    """
    image = _paint(drawing, dpi)
    file = io.BytesIO()
    image.save(file, file_format, dpi=(dpi, dpi))
    return file.getvalue()


def _paint(drawing: Drawing, dpi: float) -> Image.Image:
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise ImportError(
            "pictures of pixels are painted with Pillow, which is not installed: pip install 'rkeras[plot]', or "
            "write an .svg or .pdf file, which needs nothing"
        ) from error
    scale = _scale(drawing, dpi)
    size = (max(1, round(drawing.width * scale)), max(1, round(drawing.height * scale)))
    image = Image.new("RGB", size, "white")
    lettering = _Lettering(scale)
    # Whole groups at a time: boxes are in front of lines, which are in front of clusters.
    for group in drawing.groups:
        lines = [shape for shape in group.shapes if isinstance(shape, (Curve, Triangle))]
        if lines:
            _paint_lines(image, lines, scale)
        pen = ImageDraw.Draw(image)
        for shape in group.shapes:
            if isinstance(shape, Rectangle):
                _paint_rectangle(pen, shape, scale)
            elif isinstance(shape, Text):
                lettering.write(pen, shape)
    return image


def _scale(drawing: Drawing, dpi: float) -> float:
    scale = dpi / 72
    fitting = min(
        scale,
        _LONGEST_SIDE / max(drawing.width, drawing.height),
        math.sqrt(_MOST_PIXELS / (drawing.width * drawing.height)),
    )
    if fitting < scale:
        warnings.warn(
            f"the picture of {drawing.title!r} is too large for dpi={dpi:g} and is painted with "
            f"{fitting * 72:.0f} dpi; an .svg or .pdf file is sharp at any size",
            stacklevel=7,
        )
    return fitting


def _paint_rectangle(pen: ImageDraw.ImageDraw, shape: Rectangle, scale: float) -> None:
    corners = [round(v * scale) for v in (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)]
    x0, y0, x1, y1 = corners
    line = max(1, round(scale))
    if not shape.dashed:
        pen.rectangle((x0, y0, x1, y1), shape.fill, shape.stroke, line if shape.stroke else 0)
        return
    pen.rectangle((x0, y0, x1, y1), shape.fill)
    dash, period = round(5 * scale), max(2, round(8 * scale))
    for x in range(x0, x1, period):
        for y in (y0, y1 - line + 1):
            pen.rectangle((x, y, min(x + dash, x1), y + line - 1), shape.stroke)
    for y in range(y0, y1, period):
        for x in (x0, x1 - line + 1):
            pen.rectangle((x, y, x + line - 1, min(y + dash, y1)), shape.stroke)


def _outline(shape: Shape) -> list[Point]:
    """The corners of a triangle; points along a curve, close to each other."""
    if isinstance(shape, Triangle):
        return list(shape.points)
    assert isinstance(shape, Curve)
    between = _along(shape.start, *shape.controls, shape.end) if shape.controls else ()
    return [shape.start, *between, shape.end]


def _along(a: Point, b: Point, c: Point, d: Point) -> Iterator[Point]:
    for i in range(1, _CURVE_PIECES):
        t = i / _CURVE_PIECES
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        yield (
            sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True)),
            sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)),
        )


def _paint_lines(image: Image.Image, shapes: list[Any], scale: float) -> None:
    """Paints lines and heads of arrows in horizontal bands, so that the enlarged picture stays small."""
    from PIL import Image, ImageDraw

    large = scale * _SMOOTHING
    outlines = [(shape, [(x * large, y * large) for x, y in _outline(shape)]) for shape in shapes]
    margin = 4 * large
    extents = [(min(y for _, y in points) - margin, max(y for _, y in points) + margin) for _, points in outlines]
    for top in range(0, image.height, _BAND):
        height = min(_BAND, image.height - top)
        first, last = top * _SMOOTHING, (top + height) * _SMOOTHING
        there = [o for o, (low, high) in zip(outlines, extents, strict=True) if low < last and high > first]
        if not there:
            continue
        box = (0, top, image.width, top + height)
        mask = Image.new("L", (image.width * _SMOOTHING, height * _SMOOTHING))
        pen = ImageDraw.Draw(mask)
        for shape, points in there:
            moved = [(x, y - first) for x, y in points]
            if isinstance(shape, Triangle):
                pen.polygon(moved, 255)
            else:
                pen.line(moved, 255, max(_SMOOTHING, round(shape.width * large)), joint="curve")
        # All have the same colour.
        color = there[0][0].fill if isinstance(there[0][0], Triangle) else there[0][0].stroke
        image.paste(color, box, mask.reduce(_SMOOTHING))


class _Lettering:
    """Text in a font that has its characters, small enough for its place."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.fonts: dict[tuple[str, float], Any] = {}

    def write(self, pen: ImageDraw.ImageDraw, text: Text) -> None:
        size = text.size * self.scale
        font_name = "" if text.text.isascii() else self._font_with(text.text)
        font = self._font(font_name, size)
        room = text.width * self.scale
        length = font.getlength(text.text)
        if length > room:
            font = self._font(font_name, size * room / length)
            length = font.getlength(text.text)
        x = text.x * self.scale + ((room - length) / 2 if text.centred else 0.0)
        pen.text((x, text.y * self.scale), text.text, text.fill, font, anchor="ls")

    def _font(self, name: str, size: float) -> Any:
        from PIL import ImageFont

        size = round(size, 1)
        if (name, size) not in self.fonts:
            self.fonts[name, size] = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
        return self.fonts[name, size]

    def _font_with(self, text: str) -> str:
        """The first font that has all characters; Pillow's own if there is none."""
        for name in ("", *_OTHER_FONTS):
            try:
                font = self._font(name, 16.0)
            except OSError:
                continue
            # Characters that a font lacks all look like this one, which none has.
            missing = bytes(font.getmask("\U0010ffff"))
            if all(bytes(font.getmask(c)) != missing for c in set(text) if not c.isspace()):
                return name
        return ""
