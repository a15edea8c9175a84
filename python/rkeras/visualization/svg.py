"""Drawings as SVG: plain text without anything from elsewhere."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from rkeras.visualization.drawing import Color, Drawing, Rectangle, Shape, Text, Triangle

_FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def to_svg(drawing: Drawing) -> str:
    """The SVG document of a drawing; its size is in points."""
    width, height = _number(drawing.width), _number(drawing.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONTS}" role="img" aria-label={quoteattr(drawing.title)}>',
        f"<title>{escape(drawing.title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for group in drawing.groups:
        lines.append(f'<g class="{group.kind}">')
        if group.name:
            lines.append(f"<title>{escape(group.name)}</title>")
        lines.extend(map(_element, group.shapes))
        lines.append("</g>")
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def _number(x: float) -> str:
    return f"{x:.2f}".rstrip("0").rstrip(".")


def _color(color: Color) -> str:
    return "#" + bytes(color).hex()


def _points(*points: tuple[float, float]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _element(shape: Shape) -> str:
    if isinstance(shape, Rectangle):
        stroke = f' stroke="{_color(shape.stroke)}"' if shape.stroke else ""
        dashes = ' stroke-dasharray="5 3"' if shape.dashed else ""
        return (
            f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" width="{_number(shape.width)}" '
            f'height="{_number(shape.height)}" fill="{_color(shape.fill)}"{stroke}{dashes}/>'
        )
    if isinstance(shape, Triangle):
        return f'<polygon points="{_points(*shape.points)}" fill="{_color(shape.fill)}"/>'
    if isinstance(shape, Text):
        # The length keeps text in its box whatever font there is.
        x, anchor = shape.x, ""
        if shape.centred:
            x, anchor = shape.x + shape.width / 2, ' text-anchor="middle"'
        return (
            f'<text x="{_number(x)}" y="{_number(shape.y)}" font-size="{_number(shape.size)}"{anchor} '
            f'textLength="{_number(shape.width)}" lengthAdjust="spacingAndGlyphs" fill="{_color(shape.fill)}">'
            f"{escape(shape.text)}</text>"
        )
    if shape.controls:
        line = f'<path d="M{_points(shape.start)} C{_points(*shape.controls, shape.end)}" fill="none"'
    else:
        line = f'<path d="M{_points(shape.start)} L{_points(shape.end)}" fill="none"'
    # Round ends close the gaps where pieces of a line meet.
    return f'{line} stroke="{_color(shape.stroke)}" stroke-width="{shape.width}" stroke-linecap="round"/>'
