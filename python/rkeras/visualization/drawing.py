"""Pictures as lists of shapes, which every file format knows how to draw. Units are points, y goes down."""

from __future__ import annotations

import dataclasses

Point = tuple[float, float]
# Red, green and blue, 0 to 255.
Color = tuple[int, int, int]


@dataclasses.dataclass(frozen=True)
class Rectangle:
    """A filled rectangle, with a frame if it has a stroke."""

    x: float
    y: float
    width: float
    height: float
    fill: Color
    stroke: Color | None = None
    dashed: bool = False


@dataclasses.dataclass(frozen=True)
class Curve:
    """A cubic curve; a straight line without control points."""

    start: Point
    controls: tuple[Point, Point] | None
    end: Point
    stroke: Color
    width: float = 1.2


@dataclasses.dataclass(frozen=True)
class Triangle:
    """A filled triangle."""

    points: tuple[Point, Point, Point]
    fill: Color


@dataclasses.dataclass(frozen=True)
class Text:
    """A line of text from (x, y) on its baseline, reckoned to be ``width`` wide.

    Where the font makes it narrower, it is in the middle of that width if it is centred.
    """

    x: float
    y: float
    text: str
    size: float
    width: float
    fill: Color
    centred: bool = False


Shape = Rectangle | Curve | Triangle | Text


@dataclasses.dataclass(frozen=True)
class Group:
    """Shapes that belong together, with a name to be shown when pointed at."""

    kind: str
    name: str
    shapes: list[Shape]


@dataclasses.dataclass
class Drawing:
    """A picture: groups from back to front."""

    title: str
    width: float
    height: float
    groups: list[Group]
