from xml.etree import ElementTree as ET

import pytest

from rnnbench.model.errors import ResultsError
from rnnbench.report.charts.saving import chart_named, charts_of, saved, source_of
from rnnbench.report.content import Chart
from rnnbench.report.run_page import page

BEGINNINGS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.fixture(scope="module")
def run(make_sweep, simulate):
    return simulate(
        make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32]),
        lambda case: 1e-6 * case.hidden_size,
        memory=lambda case: 100 * case.hidden_size,
    )


@pytest.fixture(scope="module")
def whole(run):
    return page(run)


def test_charts_are_named_as_on_the_page(whole):
    names = [chart.id for chart in charts_of(whole)]

    assert names[:2] == ["tradeoff-0", "memory-0"]
    assert "pareto" in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["tradeoff", "tradeoff-0", "memory", "pareto"])
def test_a_kind_is_its_first_chart(whole, name):
    assert chart_named(whole, name).id in (name, f"{name}-0")


def test_an_unknown_name_is_answered_with_those_there_are_on_one_line(whole):
    with pytest.raises(ResultsError, match=r"nope: .* tradeoff-0, memory-0") as caught:
        chart_named(whole, "nope")

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_a_chart_is_saved_whole_and_the_same_each_time(run, whole, suffix):
    chart = chart_named(whole, "tradeoff")

    first = saved(chart, suffix, source_of(run))

    assert first.startswith(BEGINNINGS[suffix])
    assert first == saved(chart, suffix, source_of(run))


def test_an_svg_alone_has_a_size_a_white_ground_and_its_title(run, whole):
    text = saved(chart_named(whole, "pareto"), "svg", source_of(run)).decode()

    root = ET.fromstring(text)
    assert root.get("width").endswith("pt")
    assert "fill: #ffffff" in text
    assert "currentColor" not in text
    assert "Time against memory" in text


def test_the_source_names_the_run_the_machine_and_the_day(run):
    assert source_of(run) == "rnnbench 0.1.0, quick, Example CPU 9000, 2026-11-23"


def test_a_title_of_any_length_is_drawn(run):
    chart = Chart(
        "pareto", "word " * 200, "caption " * 300, charts_of(page(run))[0].panels
    )

    assert saved(chart, "svg", "source").startswith(b"<?xml")
