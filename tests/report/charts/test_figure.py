import re
import struct
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbench.report.charts.figure import (
    SUFFIXES,
    Drawing,
    Key,
    layer_key,
    plain,
    save,
    source_of,
)
from rnnbench.report.tokens import COLOURS, Hue

BEGINNINGS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
# Control characters, a terminal escape, half a surrogate pair, right to left, markup.
HOSTILE = "a\x00b\x1b[31m\ud800\u202e</svg><script>alert(1)</script>&$\\frac{1}$"


def draw_line(axes):
    axes.plot([1, 2], [3, 4])


def make_drawing(**values):
    whole = {
        "title": "A title",
        "caption": "A caption",
        "panel": (3.0, 2.0),
        "rows": ((draw_line,),),
    }
    return Drawing(**(whole | values))


def png_size(content):
    return struct.unpack(">II", content[16:24])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_same_drawing_gives_same_bytes_of_the_kind_asked_for(suffix):
    first = save(make_drawing(), suffix, "a source")

    assert first.startswith(BEGINNINGS[suffix])
    assert first == save(make_drawing(), suffix, "a source")


def test_svg_names_its_title_and_stands_on_white():
    text = save(make_drawing(title="Ratio of two layers"), "svg", "x").decode()

    assert ET.fromstring(text).tag.endswith("svg")
    assert "Ratio of two layers" in text
    assert "fill: #ffffff" in text


@pytest.mark.parametrize("place", ["title", "caption", "source", "key", "cpu"])
def test_hostile_text_leaves_a_well_formed_svg(place, make_run):
    values = {place: HOSTILE} if place in ("title", "caption") else {}
    if place == "key":
        values["key"] = (Key(plain(HOSTILE, 40), "#000000"),)
    source = HOSTILE
    if place == "cpu":
        source = source_of(with_cpu(make_run(), HOSTILE))

    text = save(make_drawing(**values), "svg", source).decode()

    assert not list(ET.fromstring(text).iter("{http://www.w3.org/2000/svg}script"))


def with_cpu(run, name):
    return replace(run, environment=replace(run.environment, cpu_model=name))


@pytest.mark.parametrize("place", ["title", "caption", "source", "cpu"])
def test_a_megabyte_of_text_makes_no_large_figure(place, make_run):
    long = "word " * 200_000
    values = {place: long} if place in ("title", "caption") else {}
    source = source_of(with_cpu(make_run(), long)) if place == "cpu" else long
    drawing = make_drawing(**values)

    content = save(drawing, "png", source)

    assert len(content) < 10**6
    assert max(png_size(content)) < 4000


@given(st.text(), st.integers(min_value=3, max_value=60))
def test_plain_text_is_one_bounded_printable_line(text, most):
    line = plain(text, most)

    assert len(line) <= most
    assert line.isprintable()


def test_plain_text_keeps_both_ends_of_a_long_name():
    line = plain("package.module.layers:" + "x" * 500 + "Factory", 40)

    assert line.startswith("package.")
    assert line.endswith("Factory")


@settings(max_examples=15, deadline=None)
@given(title=st.text(max_size=60), caption=st.text(max_size=60))
def test_any_text_gives_a_well_formed_svg(title, caption):
    ET.fromstring(save(make_drawing(title=title, caption=caption), "svg", caption))


def test_source_names_sweep_machine_versions_and_day(make_run):
    said = source_of(make_run())

    assert said == (
        "rnnbench 0.1.0, sweep quick, Example CPU 9000, PyTorch 2.13.0+cpu, 2026-11-23"
    )


def test_layers_have_the_colours_of_the_page():
    assert layer_key("gru").colour == COLOURS[Hue.GRU].light
    assert layer_key("lstm").colour == COLOURS[Hue.LSTM].light
    assert layer_key("package.module:Layer").colour == COLOURS[Hue.OWN].light
    assert all(
        re.fullmatch("#[0-9a-f]{6}", colour)
        for each in COLOURS.values()
        for colour in (each.light, each.dark)
    )
