"""How wide text is in Helvetica, and text made fit to be shown: so that boxes can be sized without any font."""

from __future__ import annotations

import unicodedata

# Advance widths in thousandths of the font size.
_WIDTHS = {
    char: width
    for width, chars in {
        191: "'",
        222: "ijl",
        260: "|",
        278: " !,./:;I[\\]ft",
        333: "()-`r",
        334: "{}",
        355: '"',
        389: "*",
        469: "^",
        500: "Jckvsxyz",
        556: "#$?L_abdeghnopqu0123456789",
        584: "+<=>~",
        611: "FTZ",
        667: "&ABEKPSVXY",
        722: "CDHNRUw",
        778: "GOQ",
        833: "Mm",
        889: "%",
        944: "W",
        1000: "…",
        1015: "@",
    }.items()
    for char in chars
}


def _advance(char: str) -> int:
    known = _WIDTHS.get(char)
    if known is not None:
        return known
    if unicodedata.combining(char):
        return 0
    if unicodedata.east_asian_width(char) in "WF":
        return 1000
    # An accented letter is as wide as the letter.
    return _WIDTHS.get(unicodedata.normalize("NFD", char)[0], 667)


def text_width(text: str, size: float) -> float:
    """The width of a line of text.

    Args:
        text: without line breaks.
        size: of the font; the result has its unit.

    Example:
        >>> text_width("Dense", 10)
        28.9
    """
    return sum(map(_advance, text)) * size / 1000


def printable(text: str) -> str:
    """Text with control characters, direction marks and lone surrogates spelled out.

    Example:
        >>> printable("a" + chr(10) + "b")
        'a\\\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shorten(text: str, size: float, limit: float) -> str:
    """Text with its middle left out if it is wider than ``limit``.

    Example:
        >>> shorten("a" * 40, 10, 60)
        'aaaa…aaaa'
    """
    if text_width(text, size) <= limit:
        return text
    # The longest that fits: widths grow with the number of characters kept.
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(_without_middle(text, middle), size) <= limit:
            low = middle
        else:
            high = middle - 1
    return _without_middle(text, low)


def _without_middle(text: str, keep: int) -> str:
    tail = keep // 2
    return text[: keep - tail] + "…" + (text[-tail:] if tail else "")
