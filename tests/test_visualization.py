"""Pictures of models: the graph, the layout, and files that can be read."""

import io
import json
import random
import re
import subprocess
import sys
import types
import xml.etree.ElementTree as ET
import zlib
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

import rkeras as keras
from fixtures.visualization_models import MODELS, cycles, residual, siamese, stack, tickets, translators
from rkeras import layers
from rkeras.utils import model_to_dot, plot_model
from rkeras.visualization.diagram import Box, Cluster, Diagram
from rkeras.visualization.layout import DIRECTIONS, arrange
from rkeras.visualization.pdf import to_pdf
from rkeras.visualization.png import _paint
from rkeras.visualization.scene import box_size, draw
from rkeras.visualization.text import shorten, text_width

FROM_KERAS = json.loads(Path(__file__).with_name("fixtures").joinpath("visualization.json").read_text())
EVERYTHING = {
    "show_shapes": True,
    "show_dtype": True,
    "show_layer_names": True,
    "show_layer_activations": True,
    "show_trainable": True,
    "expand_nested": True,
}
SVG = "{http://www.w3.org/2000/svg}"


def arranged(diagram, rankdir="TB"):
    return arrange(
        [box_size(box) for box in diagram.boxes],
        diagram.edges,
        [box.cluster for box in diagram.boxes],
        [cluster.parent for cluster in diagram.clusters],
        [(100.0, 19.0)] * len(diagram.clusters),
        rankdir,
    )


def plain(count, edges):
    return Diagram("plain", [Box(f"n{i}", "layer", f"n{i}", [], None) for i in range(count)], [], list(edges))


def overlap(a, b):
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def contains(outer, inner):
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width + 0.02
        and inner.y + inner.height <= outer.y + outer.height + 0.02
    )


def is_on_edge(rect, point):
    x, y = point
    beside = min(abs(x - rect.x), abs(x - rect.x - rect.width)) < 0.05 and rect.y - 0.05 <= y <= rect.y + rect.height + 0.05
    above = min(abs(y - rect.y), abs(y - rect.y - rect.height)) < 0.05 and rect.x - 0.05 <= x <= rect.x + rect.width + 0.05
    return beside or above


def points_along(route, horizontal):
    """Points on a route, its curves as they are drawn."""
    for a, b in pairwise(route.points):
        for t in np.linspace(0, 1, 9):
            s = 3 * t**2 - 2 * t**3
            far = 1.5 * (1 - t) ** 2 * t + 1.5 * (1 - t) * t**2 + t**3
            along, across = (0, 1) if horizontal else (1, 0)
            point = [0.0, 0.0]
            point[along] = a[along] + (b[along] - a[along]) * far
            point[across] = a[across] + (b[across] - a[across]) * s
            yield tuple(point)


def check(diagram, layout):
    """What holds for each layout, whatever the graph."""
    for a, b in combinations(layout.boxes, 2):
        assert not overlap(a, b)
    for rect in [*layout.boxes, *layout.clusters]:
        assert rect.x >= 0 and rect.y >= 0
        assert rect.x + rect.width <= layout.width and rect.y + rect.height <= layout.height
    around = {i: set() for i in range(len(diagram.boxes))}
    for i, box in enumerate(diagram.boxes):
        cluster = box.cluster
        while cluster is not None:
            around[i].add(cluster)
            cluster = diagram.clusters[cluster].parent
        for k, frame in enumerate(layout.clusters):
            inside = k in around[i]
            assert contains(frame, layout.boxes[i]) if inside else not overlap(frame, layout.boxes[i])
    drawn = sorted([(route.source, route.target) for route in layout.routes] + [(i, i) for i in layout.loops])
    assert drawn == sorted(diagram.edges)
    for route in layout.routes:
        assert is_on_edge(layout.boxes[route.source], route.points[0])
        assert is_on_edge(layout.boxes[route.target], route.points[-1])
        # The head of the arrow is at a right angle to the box.
        (x0, y0), (x1, y1) = route.points[-2:]
        assert (y0 == y1) if layout.horizontal else (x0 == x1)
        for x, y in points_along(route, layout.horizontal):
            for rect in layout.boxes:
                assert not (rect.x + 0.1 < x < rect.x + rect.width - 0.1 and rect.y + 0.1 < y < rect.y + rect.height - 0.1)


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
def test_same_graph_as_keras(build, expand):
    diagram = model_to_dot(build(keras), expand_nested=expand).diagram
    names = [box.name for box in diagram.boxes]
    expected = FROM_KERAS[f"{build.__name__}{'_expanded' if expand else ''}"]
    assert sorted(names) == expected["layers"]
    assert sorted([names[a], names[b]] for a, b in diagram.edges) == expected["edges"]


@pytest.mark.parametrize("rankdir", DIRECTIONS)
@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
def test_nothing_overlaps_and_arrows_end_at_boxes(build, rankdir):
    diagram = model_to_dot(build(keras), **EVERYTHING).diagram
    check(diagram, arranged(diagram, rankdir))


@pytest.mark.parametrize("seed", range(20))
def test_layout_of_random_graphs_with_cycles_and_clusters(seed):
    rng = random.Random(seed)
    count = rng.randint(2, 25)
    parents = [None, 0, None][: rng.randint(0, 3)]
    boxes = [rng.choice([None, *range(len(parents))]) for _ in range(count)]
    used = sorted({c for b in boxes for c in ([b, parents[b]] if b is not None else []) if c is not None})
    number = {c: i for i, c in enumerate(used)}
    diagram = Diagram(
        "random",
        [
            Box(f"n{i}", "layer", "n" * rng.randint(1, 20), [("output", "(None, 3)")] * rng.randint(0, 3), number.get(c))
            for i, c in enumerate(boxes)
        ],
        [Cluster(f"c{c}", f"c{c}", number.get(parents[c])) for c in used],
        sorted({(rng.randrange(count), rng.randrange(count)) for _ in range(rng.randint(0, 2 * count))}),
    )
    check(diagram, arranged(diagram, rng.choice(DIRECTIONS)))


@pytest.mark.parametrize("rankdir", DIRECTIONS)
def test_direction(rankdir):
    first, last = arranged(model_to_dot(stack(keras)).diagram, rankdir).boxes
    assert {
        "TB": first.y + first.height < last.y,
        "BT": last.y + last.height < first.y,
        "LR": first.x + first.width < last.x,
        "RL": last.x + last.width < first.x,
    }[rankdir]


def test_skip_connections_leave_the_main_way_straight():
    diagram = model_to_dot(residual(keras)).diagram
    layout = arranged(diagram)
    middle = {box.name: rect.x + rect.width / 2 for box, rect in zip(diagram.boxes, layout.boxes, strict=True)}
    for i in (0, 1, 3, 4, 6):
        way = [middle[f"{name}{i}{part}"] for name, part in (("conv", "_a"), ("conv", "_b"), ("add", ""), ("relu", ""))]
        assert max(way) - min(way) < 0.05


def test_long_edges_are_straight_on_their_way():
    # Past each rank in between at one place: a piece out of the source, a straight one, a piece to the target.
    edges = [(i, i + 1) for i in range(9)] + [(0, 9), (2, 7)]
    routes = {(r.source, r.target): r.points for r in arranged(plain(10, edges)).routes}
    for edge in ((0, 9), (2, 7)):
        assert len({x for x, _ in routes[edge]}) <= 3


def test_outputs_are_centred_below_what_they_share():
    diagram = model_to_dot(tickets(keras)).diagram
    layout = arranged(diagram)
    middle = {box.name: rect.x + rect.width / 2 for box, rect in zip(diagram.boxes, layout.boxes, strict=True)}
    assert middle["priority"] < middle["features"] < middle["department"]
    assert middle["title"] < middle["text_body"] < middle["tags"]
    assert abs(middle["features"] - (middle["priority"] + middle["department"]) / 2) < 2


def test_few_lines_cross_where_none_must():
    # Two ways side by side, listed so that the order of the boxes would cross them.
    edges = [(0, 2), (1, 3), (2, 5), (3, 4), (4, 6), (5, 7)]
    layout = arranged(plain(8, edges))
    sides = [layout.boxes[a].x < layout.boxes[b].x for a, b in ((0, 1), (2, 3), (5, 4), (7, 6))]
    assert len(set(sides)) == 1


def test_deep_models_are_laid_out():
    count = 2000
    edges = [(i, i + 1) for i in range(count - 1)] + [(i, i + 3) for i in range(0, count - 3, 3)]
    edges += [(0, i) for i in range(2, count, 5)]
    edges = sorted(set(edges))
    layout = arranged(plain(count, edges))
    assert len(layout.routes) == len(edges)
    rows = [rect.y for rect in layout.boxes]
    assert rows == sorted(rows)


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_svg_has_each_layer_once_and_an_arrow_for_each_edge():
    dot = model_to_dot(tickets(keras))
    root = ET.fromstring(dot.create(prog="dot", format="svg"))
    assert root.tag == f"{SVG}svg"
    nodes = [g.find(f"{SVG}title").text for g in root.iter(f"{SVG}g") if g.get("class") == "node"]
    assert sorted(nodes) == sorted(["title", "text_body", "tags", "concatenate", "features", "priority", "department"])
    assert len(list(root.iter(f"{SVG}polygon"))) == len(dot.diagram.edges) == 6
    assert "priority (Dense)" in texts(dot.create_svg())


def test_rows_follow_the_options():
    model = tickets(keras)
    model.get_layer("priority").trainable = False

    def rows(**options):
        return {box.name: dict(box.rows) for box in model_to_dot(model, **options).diagram.boxes}

    assert rows()["features"] == {}
    assert rows(show_shapes=True)["features"] == {"input": "(None, 20100)", "output": "(None, 64)"}
    assert rows(show_shapes=True)["tags"] == {"output": "(None, 100)"}
    assert rows(show_shapes=True)["concatenate"]["input"] == "[(None, 10000), (None, 10000), (None, 100)]"
    assert rows(show_dtype=True)["features"] == {"dtype": "float32"}
    assert rows(show_layer_activations=True)["features"] == {"activation": "relu"}
    assert rows(show_layer_activations=True)["concatenate"] == {}
    trainable = {name: row.get("trainable") for name, row in rows(show_trainable=True).items()}
    assert trainable["features"] == "yes" and trainable["priority"] == "no" and trainable["tags"] is None


def test_names_are_shown_if_wanted():
    model = stack(keras)
    assert [box.title for box in model_to_dot(model, show_layer_names=False).diagram.boxes] == ["Dense", "Dense"]
    assert [box.title for box in model_to_dot(model).diagram.boxes] == ["a (Dense)", "b (Dense)"]


def test_ops_are_boxes_with_the_name_of_their_class():
    x = keras.Input((4,), name="x")
    boxes = model_to_dot(keras.Model(x, keras.ops.relu(x * 2.0)), show_layer_names=False).diagram.boxes
    assert [(box.kind, box.title) for box in boxes] == [("input", "InputLayer"), ("op", "Multiply"), ("op", "Relu")]


def test_many_inputs_are_counted():
    inputs = [keras.Input((3,)) for _ in range(30)]
    model = keras.Model(inputs, layers.Concatenate(name="all")(inputs))
    rows = {box.name: dict(box.rows) for box in model_to_dot(model, show_shapes=True).diagram.boxes}
    assert rows["all"]["input"] == "[30 x (None, 3)]"


def test_layer_called_on_several_shapes_shows_them():
    shared = layers.GlobalMaxPooling1D(name="shared")
    a, b = keras.Input((5, 2)), keras.Input((7, 2))
    model = keras.Model([a, b], [shared(a), shared(b)])
    rows = {box.name: dict(box.rows) for box in model_to_dot(model, show_shapes=True).diagram.boxes}
    assert rows["shared"] == {"input": "(None, 5, 2) / (None, 7, 2)", "output": "(None, 2)"}


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)


def test_model_with_a_call_of_its_own_is_one_box():
    model = Subclassed()
    model.build((None, 3))
    (box,) = model_to_dot(model, show_shapes=True).diagram.boxes
    assert box.title == "own (Subclassed)"
    assert dict(box.rows) == {"input": "(None, 3)", "output": "(None, 2)"}


@pytest.mark.parametrize("make", [Subclassed, lambda: keras.Sequential([layers.Dense(2)])])
def test_unbuilt_model_says_what_to_do(make, tmp_path):
    model = make()
    with pytest.raises(ValueError, match=r"not built.*build\(input_shape\)"):
        plot_model(model, tmp_path / "model.png")
    assert model._repr_svg_() is None


def test_wrong_arguments(tmp_path):
    model = stack(keras)
    with pytest.raises(ValueError, match="rankdir must be one of TB, LR, BT, RL, got 'UP'"):
        model_to_dot(model, rankdir="UP")
    with pytest.raises(ValueError, match=r"unrecognized keyword arguments: \['colour'\]"):
        plot_model(model, tmp_path / "a.svg", colour=True)
    with pytest.raises(ValueError, match="layer_range is no longer supported"):
        plot_model(model, tmp_path / "a.svg", layer_range=("a", "b"))
    with pytest.raises(ValueError, match="dpi must be positive"):
        model_to_dot(model, dpi=0)
    with pytest.raises(ValueError, match=r"cannot be written as 'xyz'; the formats are svg, pdf, png"):
        plot_model(model, tmp_path / "a.xyz")
    assert list(tmp_path.iterdir()) == []


# A small grammar of DOT: identifiers, numbers, strings, HTML-like labels, and punctuation.
TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(<(?:<[^<>]*>|[^<>])*>)|([A-Za-z_]\w*|\d+)|(->|[{}\[\];,=]))', re.S)


def tokens(text):
    found = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        assert match, text[at : at + 40]
        found.append(match.group().strip())
        at = match.end()
    return found


@pytest.mark.parametrize("build", [tickets, siamese, cycles])
def test_dot_text_is_well_formed(build):
    dot = model_to_dot(build(keras), **EVERYTHING)
    words = tokens(dot.to_string())
    assert words[0] == "digraph" and words[2] == "{" and words[-1] == "}"
    assert words.count("{") == words.count("}") == 1 + len(dot.diagram.clusters)
    assert words.count("->") == len(dot.diagram.edges)
    labels = [word for word in words if word.startswith("<")]
    assert len(labels) == len(dot.diagram.boxes)
    shown = ["".join(ET.fromstring(label[1:-1]).itertext()) for label in labels]
    for box in dot.diagram.boxes:
        values = [x for row in box.rows for x in row]
        assert "".join([box.title, *values]) in shown


def test_dot_text_as_subgraph_and_with_settings():
    model = stack(keras)
    assert tokens(model_to_dot(model, subgraph=True).to_string())[:3] == ["subgraph", '"cluster_stack"', "{"]
    text = model_to_dot(model, rankdir="LR", dpi=70, splines="curved").to_string()
    assert "rankdir=LR, dpi=70, splines=curved" in text
    assert str(model_to_dot(model)) == model_to_dot(model).to_string()


HOSTILE = ["<&\">'", "]]>", "&amp;", "back\\slash\\", "line\nbreak\x00\x1b", "right\u202eto left", "한국어 층", "naïve \U0001f600", "x" * 5000, "{a|b}", "\ud800", "%s %d"]


def hostile():
    model = keras.Sequential([keras.Input((2,))], name='m"<\n>&')
    for name in HOSTILE:
        model.add(layers.Dense(2, name=name))
    return model


def test_hostile_names_are_escaped():
    dot = model_to_dot(hostile(), show_shapes=True)
    titles = [text for text in texts(dot.create_svg()) if text.endswith("(Dense)")]
    assert len(titles) == len(HOSTILE)
    assert titles[0] == "<&\">' (Dense)" and titles[2] == "&amp; (Dense)"
    assert titles[4] == "line\\nbreak\\x00\\x1b (Dense)"
    assert titles[5] == "right\\u202eto left (Dense)"
    assert "…" in titles[8] and titles[8].startswith("xxxx")
    assert max(rect.width for rect in arranged(dot.diagram).boxes) < 500
    words = tokens(dot.to_string())
    assert words.count("->") == len(HOSTILE) - 1
    for name, label in zip(HOSTILE, [word for word in words if word.startswith("<")], strict=True):
        assert name[:1] in "".join(ET.fromstring(label[1:-1]).itertext()) or not name.isprintable()
    check_pdf(dot.create_pdf())
    pytest.importorskip("PIL")
    assert dot.create_png()[:8] == b"\x89PNG\r\n\x1a\n"


def check_pdf(data):
    """The table of a PDF leads to its objects."""
    assert data.startswith(b"%PDF-1.")
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data).group(1))
    table = data[start:].split(b"\n")
    assert table[0] == b"xref"
    count = int(table[1].split()[1])
    for i in range(1, count):
        line = table[2 + i]
        assert data[int(line.split()[0]) :].startswith(b"%d 0 obj\n" % i)


def pdf_content(data):
    return zlib.decompress(re.search(rb"stream\n(.*?)\nendstream", data, re.S).group(1)).decode()


def test_pdf_is_vectors_and_text():
    data = model_to_dot(tickets(keras)).create(format="pdf")
    check_pdf(data)
    content = pdf_content(data)
    assert b"priority (Dense)".hex() in content
    # A frame and a head for each box.
    assert content.count(" re B") == 14


def test_pdf_of_a_long_model_has_a_larger_unit():
    count = 300
    data = to_pdf(draw(plain(count, [(i, i + 1) for i in range(count - 1)])))
    box = [float(x) for x in re.search(rb"MediaBox \[0 0 (\S+) (\S+)\]", data).groups()]
    unit = float(re.search(rb"/UserUnit (\S+)", data).group(1))
    assert max(box) <= 14400 and unit > 1


def test_asian_names_keep_their_characters_in_pdf():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, name="층"), layers.Dense(2, name="層の")])
    content = pdf_content(model_to_dot(model).create_pdf())
    assert re.search(rf"/F1 \S+ Tf <{'층'.encode('utf-16-be').hex()}>", content)
    assert re.search(rf"/F2 \S+ Tf <{'層の'.encode('utf-16-be').hex()}>", content)


def test_png_has_the_size_that_dpi_asks_for():
    image_module = pytest.importorskip("PIL.Image")
    model = tickets(keras)
    layout = arranged(model_to_dot(model).diagram)
    for dpi in (72, 144):
        image = image_module.open(io.BytesIO(model_to_dot(model, dpi=dpi).create_png()))
        assert image.size == (round(layout.width * dpi / 72), round(layout.height * dpi / 72))
        assert round(image.info["dpi"][0]) == dpi


def test_png_shows_boxes_lines_and_text():
    pytest.importorskip("PIL")
    dot = model_to_dot(stack(keras), show_shapes=True)
    layout = arranged(dot.diagram)
    pixels = np.asarray(_paint(draw(dot.diagram), 144)).astype(int)
    for rect in layout.boxes:
        head = pixels[int(2 * rect.y + 4) : int(2 * rect.y + 44), int(2 * rect.x + 4) : int(2 * (rect.x + rect.width) - 4)]
        # Dark, with white letters in it.
        assert np.median(head.sum(axis=-1)) < 300
        assert 0.01 < (head.sum(axis=-1) > 700).mean() < 0.4
    (route,) = layout.routes
    (x0, y0), (x1, y1) = route.points[0], route.points[-1]
    assert (pixels[int(2 * y0 + 4) : int(2 * y1 - 4), round(x0 + x1)].sum(axis=-1) < 450).all()


def test_too_large_pictures_are_painted_smaller():
    pytest.importorskip("PIL")
    drawing = draw(plain(200, [(i, i + 1) for i in range(199)]))
    with pytest.warns(UserWarning, match=r"too large for dpi=600.*\.svg or \.pdf"):
        assert _paint(drawing, 600).height <= 32000


def test_without_pillow(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL", None)
    model = stack(keras)
    with pytest.raises(ImportError, match=r"pip install 'rkeras\[plot\]'"):
        plot_model(model, tmp_path / "model.png")
    plot_model(model, tmp_path / "model.svg")
    plot_model(model, tmp_path / "model.pdf")
    assert (tmp_path / "model.svg").read_bytes().startswith(b"<svg")


def test_files_by_their_endings(tmp_path):
    pytest.importorskip("PIL")
    model = stack(keras)
    begins = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF", "dot": b"digraph", "jpg": b"\xff\xd8", "PNG": b"\x89PNG"}
    for ending, begin in begins.items():
        path = tmp_path / f"model.{ending}"
        assert plot_model(model, path, show_shapes=True) is None
        assert path.read_bytes().startswith(begin)
    plot_model(model, str(tmp_path / "bare"))
    assert (tmp_path / "bare").read_bytes().startswith(b"\x89PNG")


def test_methods_of_pydot(tmp_path):
    dot = model_to_dot(stack(keras))
    assert dot.write(tmp_path / "a") is True and (tmp_path / "a").read_text() == dot.to_string()
    dot.write_svg(str(tmp_path / "b"))
    assert (tmp_path / "b").read_bytes() == dot.create_svg() == dot.create(None, "svg")
    assert dot.create_dot().decode() == dot.to_string()
    with pytest.raises(AttributeError, match="no attribute 'create_xyz'"):
        dot.create_xyz()


def test_notebooks_get_the_picture(monkeypatch, tmp_path):
    shown = []
    display = types.SimpleNamespace(
        SVG=lambda filename: shown.append(("SVG", filename)) or "svg", Image=lambda filename: "image"
    )
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(display=display))
    path = str(tmp_path / "model.svg")
    assert plot_model(stack(keras), path) == "svg" and shown == [("SVG", path)]
    assert plot_model(stack(keras), str(tmp_path / "model.pdf")) is None
    svg = stack(keras)._repr_svg_()
    assert {"a (Dense)", "activation", "relu", "(None, 3)"} <= set(texts(svg))


def test_same_bytes_each_time():
    program = (
        "import rkeras, hashlib, sys; sys.path.insert(0, 'tests')\n"
        "from fixtures.visualization_models import siamese\n"
        "dot = rkeras.utils.model_to_dot(siamese(rkeras), show_shapes=True, expand_nested=True)\n"
        "data = dot.create_svg() + dot.create_pdf() + dot.create_dot()\n"
        "print(hashlib.sha256(data).hexdigest())"
    )
    root = Path(__file__).parents[1]
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, cwd=root, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_lines_that_several_edges_share_are_drawn_once():
    drawing = draw(plain(6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 3), (0, 4), (0, 5)]))
    (edges,) = [group for group in drawing.groups if group.kind == "edges"]
    pieces = [(shape.start, shape.end) for shape in edges.shapes if hasattr(shape, "controls")]
    assert len(set(pieces)) == len(pieces)
    straight = sorted((a[0], a[1], b[1]) for a, b in pieces if a[0] == b[0])
    for (x0, _, end), (x1, start, _) in pairwise(straight):
        assert x0 != x1 or end < start


def test_straight_lines_if_asked_for():
    svg = model_to_dot(tickets(keras), splines="line").create_svg().decode()
    assert " C" not in svg and " C" in model_to_dot(tickets(keras)).create_svg().decode()


def test_clusters_are_shown_with_their_names():
    svg = model_to_dot(siamese(keras), expand_nested=True).create_svg()
    assert {"encoder (Functional)", "classifier (Functional)", "head (Sequential)"} <= set(texts(svg))
    assert "encoder (Functional)" in texts(model_to_dot(siamese(keras)).create_svg())


def test_edges_that_lead_back_still_point_at_their_target():
    diagram = model_to_dot(translators(keras), expand_nested=True).diagram
    names = [box.name for box in diagram.boxes]
    (back,) = [r for r in arranged(diagram).routes if (names[r.source], names[r.target]) in {("f_2", "g_in"), ("g_2", "f_in")} and r.points[0][1] > r.points[-1][1]]
    # It comes from below.
    assert back.points[-2][1] > back.points[-1][1]


def test_widths_of_text():
    assert text_width("Dense", 1000) == 722 + 556 + 556 + 500 + 556
    assert text_width("é", 1000) == text_width("e", 1000)
    assert text_width("층", 1000) == 1000
    short = shorten("abc" * 50, 10, 100)
    assert text_width(short, 10) <= 100 and "…" in short
    assert shorten("abc", 10, 100) == "abc"
    assert shorten("abc", 10, 1) == "…"
