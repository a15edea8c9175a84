"""Drawings as PDF: one page of vectors, text in the standard font Helvetica."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

from rkeras.visualization.drawing import Color, Curve, Drawing, Rectangle, Shape, Text, Triangle
from rkeras.visualization.text import text_width

# Readers need not show larger pages; a larger unit makes room.
_LARGEST_PAGE = 14400.0
_ENCODING = "cp1252"
# Fonts that readers have without their being in the file: for text with Korean or Japanese letters, for all else.
_ASIAN = (
    ("HYGoThic-Medium", "Korea1", "UniKS-UTF16-H", "\uac00", "\ud7a3"),
    ("HeiseiKakuGo-W5", "Japan1", "UniJIS-UTF16-H", "\u3040", "\u30ff"),
    ("STSong-Light", "GB1", "UniGB-UTF16-H", "\0", "\U0010ffff"),
)


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
    names = ["/F0 5 0 R", *(f"/F{i} {5 + i} 0 R" for i in range(1, len(_ASIAN) + 1))]
    return _document(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] /UserUnit {unit:.4f} "
            f"/Contents 4 0 R /Resources << /Font << {' '.join(names)} >> >> >>",
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            *(_asian_font(*font[:3]) for font in _ASIAN),
            f"<< /Title <{drawing.title.encode('utf-16').hex()}> >>",
        ]
    )


def _asian_font(name: str, ordering: str, encoding: str) -> str:
    flags = "/Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80"
    return (
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /{encoding} /DescendantFonts [<< /Type /Font "
        f"/Subtype /CIDFontType0 /BaseFont /{name} /DW 1000 "
        f"/CIDSystemInfo << /Registry (Adobe) /Ordering ({ordering}) /Supplement 1 >> "
        f"/FontDescriptor << /Type /FontDescriptor /FontName /{name} {flags} >> >>] >>"
    )


def _document(objects: Sequence[str | bytes]) -> bytes:
    """A file of numbered objects, the first the catalog and the last the information about the document."""
    parts = [b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"]
    offsets = []
    for i, content in enumerate(objects, 1):
        offsets.append(sum(map(len, parts)))
        data = content.encode("ascii") if isinstance(content, str) else content
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (i, data))
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
            yield f"1 w 0 J {'[5 3]' if shape.dashed else '[]'} 0 d"
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
    # Round ends close the gaps where pieces of a line meet.
    yield f"{_color(curve.stroke, 'RG')} {curve.width} w 1 J [] 0 d {_point(curve.start)} m"
    points = [*curve.controls, curve.end] if curve.controls else [curve.end]
    yield " ".join(map(_point, points)) + (" c S" if curve.controls else " l S")


def _text(text: Text) -> Iterator[str]:
    runs = [(font, "".join(chars)) for font, chars in groupby(text.text, partial(_font_of, text.text))]
    width = sum(len(run) * text.size if font else text_width(run, text.size) for font, run in runs)
    size = text.size * min(1.0, text.width / max(width, 1e-6))
    yield _color(text.fill, "rg")
    # Upright again, in the page that is upside down.
    yield f"BT 1 0 0 -1 {text.x:.2f} {text.y:.2f} Tm"
    for font, run in runs:
        data = run.encode("utf-16-be" if font else _ENCODING)
        yield f"/F{font} {size:.2f} Tf <{data.hex()}> Tj"
    yield "ET"


def _font_of(text: str, char: str) -> int:
    """The number of the font for a character: Helvetica has those of western Europe."""
    if char.encode(_ENCODING, "ignore"):
        return 0
    # The language of the whole text decides about characters that several languages have.
    for i, (*_, first, last) in enumerate(_ASIAN, 1):
        if any(first <= c <= last for c in text):
            return i
    raise AssertionError("the last font takes all characters")
