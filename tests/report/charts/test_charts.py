import math
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.report.charts.draw import draw_chart
from rnnbench.report.content import (
    Chart,
    Cloud,
    Effect,
    Line,
    Panel,
    Plane,
    Point,
    Row,
    Rows,
)

SVG = "{http://www.w3.org/2000/svg}"


def interval(estimate, low=None, high=None):
    return Interval(estimate, low or estimate / 1.1, high or estimate * 1.1, 6)


def a_line(label="GRU", style=0, values=(1.5, 1.2, 0.9), **more):
    sizes = (32, 64, 128)
    points = tuple(Point(x, interval(y)) for x, y in zip(sizes, values, strict=False))
    return Line(label, style, points, **more)


def a_chart(*lines, title="inference"):
    panel = Panel(title, "hidden_size", "time ÷ LSTM", lines or (a_line(),))
    return Chart("chart", "A title", "A caption", (panel, panel))


def draw_forest(*effects, row="bias"):
    panel = Rows("inference", "time, as a multiple", (Row(row, effects),))
    return draw_chart(Chart("forest", "The knobs", "A caption", (panel,)))[0]


def draw_plane(*clouds):
    corners = ("faster,\nmore", "slower,\nmore", "faster,\nless", "slower,\nless")
    panel = Plane("CPU", "time ÷ LSTM", "memory ÷ LSTM", clouds, corners)
    return draw_chart(Chart("plane", "A title", "A caption", (panel,)))[0]


def a_cloud(label="GRU", *spots, shape=0):
    return Cloud(label, 0, shape, spots or ((interval(2), interval(0.5)),))


def texts(svg):
    return [
        "".join(node.itertext()).strip()
        for node in ET.fromstring(svg).iter(f"{SVG}text")
    ]


def drawn(svg, name):
    """How many marks of the series are drawn, by the colour that the page may set."""
    return sum(
        f"var(--series-{name}," in (use.get("style") or "")
        for use in ET.fromstring(svg).iter(f"{SVG}use")
    )


def test_a_panel_is_well_formed_and_named_for_those_who_listen():
    root = ET.fromstring(draw_chart(a_chart())[0])

    assert root.get("role") == "img"
    title = root.find(f"{SVG}title")
    assert title.get("id") == root.get("aria-labelledby")
    assert title.text == "A title, over hidden_size: inference"


def test_lines_are_labelled_directly_and_axes_name_what_was_measured():
    svg = draw_chart(a_chart(a_line(), a_line("RNN tanh", 1, (0.5, 0.5, 0.5))))[0]

    assert {"GRU", "RNN tanh", "hidden_size", "32", "64", "128", "1"} <= set(texts(svg))


def test_labels_of_lines_that_end_together_do_not_overlap():
    near = [
        a_line(name, 0, (1.0, 1.0, 1.0 + n / 1000)) for n, name in enumerate("ABCD")
    ]

    svg = draw_chart(a_chart(*near))[0]
    heights = sorted(
        height(node)
        for node in ET.fromstring(svg).iter(f"{SVG}text")
        if (node.text or "").strip() in set("ABCD")
    )

    assert len(heights) == 4
    assert min(below - above for above, below in pairwise(heights)) > 9


def height(text):
    moved = re.search(r"translate\(\S+ (\S+)\)", text.get("transform") or "")
    return float(moved[1] if moved else text.get("y"))


def test_every_point_has_its_mark_and_its_bar():
    svg = draw_chart(a_chart())[0]

    assert drawn(svg, 0) == 3 * 3  # a marker and two caps each


def test_a_pale_point_is_drawn_without_a_label_or_a_line():
    alone = draw_chart(a_chart(a_line()))[0]
    pale = draw_chart(
        a_chart(a_line(), a_line("", 0, (2.0, 2.0, 2.0), connected=False))
    )

    assert drawn(pale[0], 0) == drawn(alone, 0) + 3
    assert "" not in texts(pale[0])


def test_colours_follow_the_page_into_the_dark():
    svg = draw_chart(a_chart())[0]

    assert "currentColor" in svg
    assert "var(--series-0, #d55e00)" in svg
    assert "#000000" not in svg
    assert "#ffffff" not in svg
    assert "<style" not in svg


def test_the_same_chart_is_the_same_text():
    assert draw_chart(a_chart()) == draw_chart(a_chart())


def test_ids_are_unique_across_panels_and_every_reference_resolves():
    page = "".join(draw_chart(a_chart())) + draw_forest(Effect("a", interval(1)))

    ids = re.findall(r'\bid="([^"]+)"', page)
    used = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([^")]+)', page)
    assert len(ids) == len(set(ids))
    assert set(used) <= set(ids)


@pytest.mark.parametrize(
    "name", ["</svg><script>alert(1)</script>", "$\\frac{1}$", '"&\\1', "a\nb\\g<0>"]
)
def test_a_hostile_name_is_text(name):
    svg = draw_chart(a_chart(a_line(name), title=name))[0]
    forest = draw_forest(Effect(name, interval(1.2)), row=name)

    for drawing in (svg, forest):
        root = ET.fromstring(drawing)
        assert not list(root.iter(f"{SVG}script"))
    assert name in ET.fromstring(svg).find(f"{SVG}title").text


@pytest.mark.parametrize(
    "odd",
    [
        Interval(1.5, 0.0, math.inf, 1),
        Interval(1.0, 1.0, 1.0, 1),
        Interval(1e-9, 1e-10, 1e-8, 3),
        Interval(1e9, 1.0, math.inf, 2),
    ],
)
def test_an_odd_interval_is_drawn_to_the_edge_and_no_further(odd):
    line = Line("GRU", 0, (Point(64, odd),))

    for svg in (
        *draw_chart(a_chart(line)),
        draw_forest(Effect("a", odd)),
        draw_plane(a_cloud("GRU", (odd, odd))),
    ):
        assert "nan" not in svg
        assert "inf" not in svg.replace("inference", "")
        ET.fromstring(svg)


def test_a_forest_names_each_effect_with_its_ratio_and_has_the_line_at_one():
    effects = [Effect(f"layer {n}", interval(1 + n / 10), n % 3) for n in range(6)]

    svg = draw_forest(*effects, row="no bias / bias")

    assert "layer 5 1.50" in texts(svg)
    assert {"no bias / bias", "1", "time, as a multiple"} <= set(texts(svg))
    assert drawn(svg, 0) == 2 * 3


def test_a_row_that_is_too_long_is_cut_with_a_mark():
    svg = draw_forest(Effect("x" * 200, interval(1.0)), row="y" * 200)

    assert sum("…" in text for text in texts(svg)) == 2


def test_a_plane_names_its_clouds_and_its_quarters_once():
    spots = [(interval(x), interval(y)) for x in (0.2, 4) for y in (0.3, 3)]

    words = texts(draw_plane(a_cloud("GRU", *spots), a_cloud("RNN tanh", shape=1)))

    for name in ("GRU", "RNN tanh", "time ÷ LSTM", "memory ÷ LSTM"):
        assert words.count(name) == 1
    assert sum("faster" in word for word in words) == 2
    assert sum("slower" in word for word in words) == 2


def test_a_quarter_too_narrow_for_its_words_has_none():
    words = texts(draw_plane(a_cloud("GRU", (interval(4), interval(0.5)))))

    assert not any("faster" in word for word in words)
    assert sum("slower" in word for word in words) == 2


def test_a_guide_is_a_named_line_without_marks():
    svg = draw_chart(a_chart(a_line(), a_line("FLOPs 0.75", 0, (1, 1, 1), guide=True)))[
        0
    ]

    assert "FLOPs 0.75" in texts(svg)
    assert drawn(svg, 0) == 3 * 3


@pytest.mark.parametrize(
    ("metric", "values", "ticks"),
    [
        (TIME, (1e-4, 1e-3, 1e-2), {"100 µs", "1 ms", "10 ms"}),
        (PEAK_MEMORY, (2.0**16, 2.0**18, 2.0**20), {"64 KiB", "256 KiB", "1 MiB"}),
        (PEAK_MEMORY, (70e3, 75e3, 80e3), {"64 KiB", "80 KiB"}),
    ],
)
def test_an_absolute_axis_has_round_ticks_with_units(metric, values, ticks):
    panel = Panel("inference", "hidden_size", "y", (a_line("GRU", 0, values),), metric)

    svg = draw_chart(Chart("chart", "A title", "A caption", (panel,)))[0]

    assert ticks <= set(texts(svg))


def test_of_sizes_too_near_to_each_other_the_power_of_two_is_named():
    sizes = (1, 7, 8, 9, 63, 64, 65)
    points = tuple(Point(size, interval(1.5)) for size in sizes)

    words = texts(draw_chart(a_chart(Line("GRU", 0, points)))[0])

    assert {"1", "8", "64"} <= set(words)
    assert not {"7", "9", "63", "65"} & set(words)
