import re
from xml.etree import ElementTree as ET

import pytest

from rnnbench.report.charts.figures import draw_bars, draw_roof, draw_timeline
from rnnbench.report.content import (
    Bar,
    BarPanel,
    Bars,
    Lane,
    Marks,
    Roof,
    Stretch,
    Timeline,
)

SVG = "{http://www.w3.org/2000/svg}"
LEGEND = ((0, "pointwise"), (1, "matrix products"), (6, "idle"))
HOSTILE = ("</svg><script>alert(1)</script>", "$\\frac{1}$", '"&\\1', "a\nb\\g<0>")


def bars(*values, label="GRU", text="50 %"):
    parts = tuple(Stretch(n, value, text) for n, value in enumerate(values))
    panel = BarPanel("a title", "share, %", (Bar(label, parts),))
    return Bars("bars", "A title", "A caption", LEGEND, (panel, panel))


def timeline(*stretches, label="GRU, thread 1"):
    lanes = (Lane(label, ((1, stretches),)),)
    return Timeline("line", "A title", "A caption", "time, ms", LEGEND, lanes)


def roof(*points, label="GRU"):
    marks = (Marks(label, 0, points),)
    return Roof("roof", "Roofline", "A caption", "FLOP/B", "GFLOP/s", 100, 10, marks)


def everything(label="GRU"):
    yield from draw_bars(bars(50, 50, label=label))
    yield draw_timeline(timeline((0, 1), label=label))
    yield draw_roof(roof((1, 5), (20, 50), label=label))


def texts(svg):
    return [
        "".join(node.itertext()).strip()
        for node in ET.fromstring(svg).iter(f"{SVG}text")
    ]


@pytest.mark.parametrize("number", range(4))
def test_a_drawing_is_well_formed_and_named_for_those_who_listen(number):
    root = ET.fromstring(list(everything())[number])

    assert root.get("role") == "img"
    title = root.find(f"{SVG}title")
    assert title.get("id") == root.get("aria-labelledby")
    assert title.text


def test_bars_name_their_parts_in_words_beside_their_colours():
    svg = draw_bars(bars(60, 40))[0]

    assert {"GRU", "pointwise", "matrix products", "50 %", "share, %"} <= set(
        texts(svg)
    )
    assert "idle" not in texts(svg)  # a legend names what is drawn
    assert "var(--series-0, #d55e00)" in svg


def test_a_word_stands_only_in_a_part_that_has_room_for_it():
    svg = draw_bars(bars(99, 1))[0]

    assert texts(svg).count("50 %") == 1


def test_a_part_of_nothing_is_not_drawn():
    assert texts(draw_bars(bars(100, 0))[0]) == texts(draw_bars(bars(100))[0])


def test_bars_without_any_length_are_an_empty_frame():
    ET.fromstring(draw_bars(bars(0, 0))[0])
    ET.fromstring(draw_bars(bars())[0])


def test_a_lane_draws_all_stretches_of_a_kind_as_one_path():
    few = draw_timeline(timeline((0, 1), (200, 1)))
    many = draw_timeline(timeline(*((n, 0.5) for n in range(200)), (200, 1)))

    assert few.count("<path") == many.count("<path")
    assert "GRU, thread 1" in texts(few)
    assert "time, ms" in texts(few)
    assert len(many) < len(few) + 200 * 80


def test_a_timeline_without_a_span_is_an_empty_frame():
    ET.fromstring(draw_timeline(timeline()))


def test_the_roof_has_a_mark_for_each_point_and_both_axes_named():
    svg = draw_roof(roof((1, 5), (20, 50), (400, 90)))

    marks = [
        use
        for use in ET.fromstring(svg).iter(f"{SVG}use")
        if "var(--series-0," in (use.get("style") or "")
    ]
    assert len(marks) == 3 + 1  # and the legend's
    assert {"FLOP/B", "GFLOP/s", "GRU", "100"} <= set(texts(svg))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(name):
    for svg in everything(name):
        assert not list(ET.fromstring(svg).iter(f"{SVG}script"))


def test_ids_are_unique_across_drawings_and_every_reference_resolves():
    page = "".join(everything())

    ids = re.findall(r'\bid="([^"]+)"', page)
    used = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([^")]+)', page)
    assert len(ids) == len(set(ids))
    assert set(used) <= set(ids)


def test_the_same_drawing_is_the_same_text_and_follows_the_page_into_the_dark():
    assert list(everything()) == list(everything())
    for svg in everything():
        assert "#000000" not in svg
        assert "#ffffff" not in svg
        assert "<style" not in svg
