"""Diagrams in the DOT language of Graphviz, for those who have it."""

from __future__ import annotations

from html import escape

from rkeras.visualization.diagram import Box, Diagram


def to_dot(diagram: Diagram, rankdir: str, dpi: float, splines: str, subgraph: bool = False) -> str:
    """The text of a graph, or of a subgraph to be put into one.

    Example:
        >>> from rkeras.visualization.diagram import Box
        >>> diagram = Diagram("tiny", [Box("d", "layer", "Dense", [], None)], [], [])
        >>> print(to_dot(diagram, "TB", 200, "ortho"), end="")
        digraph "tiny" {
          graph [rankdir=TB, dpi=200, splines=ortho, concentrate=true];
          node [shape=plain, fontname=Helvetica];
          n0 [label=<<table border="0" cellborder="1" cellspacing="0" cellpadding="6"><tr><td>Dense</td></tr></table>>];
        }
    """
    inside: dict[int | None, list[int]] = {}
    for i, cluster in enumerate(diagram.clusters):
        inside.setdefault(cluster.parent, []).append(i)
    boxes: dict[int | None, list[int]] = {}
    for i, box in enumerate(diagram.boxes):
        boxes.setdefault(box.cluster, []).append(i)

    def content(cluster: int | None, indent: str) -> list[str]:
        lines = [f"{indent}n{i} [label=<{_table(diagram.boxes[i])}>];" for i in boxes.get(cluster, ())]
        for i in inside.get(cluster, ()):
            lines.append(f"{indent}subgraph cluster_{i} {{")
            lines.append(f"{indent}  graph [label={_quoted(diagram.clusters[i].title)}, labeljust=l, style=dashed];")
            lines += [*content(i, indent + "  "), indent + "}"]
        return lines

    name = _quoted(f"cluster_{diagram.name}" if subgraph else diagram.name)
    if subgraph:
        lines = [f"subgraph {name} {{", f"  graph [label={_quoted(diagram.name)}, labeljust=l, style=dashed];"]
    else:
        lines = [
            f"digraph {name} {{",
            f"  graph [rankdir={rankdir}, dpi={dpi:g}, splines={_quoted_if_needed(splines)}, concentrate=true];",
            "  node [shape=plain, fontname=Helvetica];",
        ]
    lines += content(None, "  ")
    lines += [f"  n{source} -> n{target};" for source, target in diagram.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quoted_if_needed(word: str) -> str:
    return word if word.isascii() and word.isalpha() else _quoted(word)


def _table(box: Box) -> str:
    """An HTML-like label: its text is escaped as in XML."""
    span = ' colspan="2"' if box.rows else ""
    rows = [f"<tr><td{span}>{escape(box.title)}</td></tr>"]
    rows += [f"<tr><td>{escape(key)}</td><td>{escape(value)}</td></tr>" for key, value in box.rows]
    return f'<table border="0" cellborder="1" cellspacing="0" cellpadding="6">{"".join(rows)}</table>'
