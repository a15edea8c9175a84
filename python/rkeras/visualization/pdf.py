"""Drawings as PDF: one page of vectors, text in the standard font Helvetica."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from rkeras.visualization.drawing import Color, Curve, Drawing, Rectangle, Shape, Text, Triangle
from rkeras.visualization.text import text_width

# Readers need not show larger pages; a larger unit makes room.
_LARGEST_PAGE = 14400.0
_ENCODING = "cp1252"


def to_pdf(drawing: Drawing) -> bytes:
    """The PDF document of a drawing."""
    unit = max(1.0, drawing.width / _LARGEST_PAGE, drawing.height / _LARGEST_PAGE)
    scale = 1 / unit
    width, height = drawing.width * scale, drawing.height * scale
    # From points with y down to the page's own with y up.
    lines = [f"{scale:.6f} 0 0 {-scale:.6f} 0 {height:.2f} cm"]
    for group in drawing.groups:
        for shape in group.shapes:
            lines.extend(_operators(shape))
    content = zlib.compress("\n".join(lines).encode("ascii"))
    title = drawing.title.encode("utf-16").hex()
    return _document(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] /UserUnit {unit:.4f} "
            "/Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>".encode(),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            f"<< /Title <{title}> >>".encode(),
        ]
    )


def _document(objects: list[bytes]) -> bytes:
    """A file of numbered objects, the first the catalog and the last the information about the document."""
    parts = [b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"]
    offsets = []
    for i, content in enumerate(objects, 1):
        offsets.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (i, content))
    start = sum(map(len, parts))
    size = len(objects) + 1
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    parts.append(f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode())
    parts.append(f"trailer\n<< /Size {size} /Root 1 0 R /Info {size - 1} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return b"".join(parts)


def _color(color: Color, operator: str) -> str:
    return " ".join(f"{value / 255:.3f}" for value in color) + f" {operator}"


def _point(point: tuple[float, float]) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"


def _operators(shape: Shape) -> Iterator[str]:
    if isinstance(shape, Rectangle):
        yield _color(shape.fill, "rg")
        if shape.stroke:
            yield _color(shape.stroke, "RG")
            yield f"1 w {'[5 3]' if shape.dashed else '[]'} 0 d"
        paint = "B" if shape.stroke else "f"
        yield f"{shape.x:.2f} {shape.y:.2f} {shape.width:.2f} {shape.height:.2f} re {paint}"
    elif isinstance(shape, Triangle):
        a, b, c = map(_point, shape.points)
        yield f"{_color(shape.fill, 'rg')} {a} m {b} l {c} l f"
    elif isinstance(shape, Text):
        yield from _text(shape)
    else:
        yield from _curve(shape)


def _curve(curve: Curve) -> Iterator[str]:
    yield f"{_color(curve.stroke, 'RG')} {curve.width} w [] 0 d {_point(curve.start)} m"
    for controls, end in curve.steps:
        points = [*controls, end] if controls else [end]
        yield " ".join(map(_point, points)) + (" c" if controls else " l")
    yield "S"


def _text(text: Text) -> Iterator[str]:
    # The standard fonts know the characters of western Europe; others are spelled out.
    known = "".join(c if c.encode(_ENCODING, "ignore") else f"\\u{ord(c):04x}" for c in text.text)
    size = text.size * min(1.0, text.width / max(text_width(known, text.size), 1e-6))
    yield _color(text.fill, "rg")
    # Upright again, in the page that is upside down.
    yield f"BT /F {size:.2f} Tf 1 0 0 -1 {text.x:.2f} {text.y:.2f} Tm <{known.encode(_ENCODING).hex()}> Tj ET"
