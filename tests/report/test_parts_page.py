"""Large runs: an overview, and a page for each part."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbench.report import parts_page
from rnnbench.report.parts_page import report_pages
from rnnbench.report.run_page import Surroundings
from rnnbench.report.run_parts import run_parts
from rnnbench.report.view import view


@pytest.fixture(scope="module")
def run(make_sweep, simulate):
    cases = make_sweep(
        layer=["lstm", "gru"],
        hidden_size=[16, 32, 64],
        phase=["inference", "train"],
        dtype=["float32", "float64"],
    )
    return simulate(cases, lambda case: 1e-3 * (2 if case.layer == "gru" else 1))


@given(st.integers(0, 30))
@settings(max_examples=15)
def test_each_result_and_ratio_is_in_one_part(run, most):
    parts = list(run_parts(run, most))

    results = [result for part in parts for result in part.run.results]
    assert sorted(one.case.id for one in results) == sorted(
        one.case.id for one in run.results
    )
    assert len({part.subject for part in parts}) == len(parts)
    ratios = [ratio for part in parts for ratio in view(part.run).ratios]
    assert sorted(map(repr, ratios)) == sorted(map(repr, view(run).ratios))
    assert max(len(part.run.results) for part in parts) <= max(most, 2)


def test_a_run_is_split_by_subject_before_it_is_split_by_size(run):
    parts = list(run_parts(run, 12))
    smaller = list(run_parts(run, 6))
    smallest = list(run_parts(run, 5))

    assert [part.subject for part in parts] == ["float32", "float64"]
    assert [part.subject for part in smaller][:2] == [
        "float32, inference",
        "float32, training",
    ]
    assert smallest[0].subject == "float32, inference, hidden size 16"


def test_a_part_keeps_the_yardsticks_of_its_workloads_and_nothing_else(run):
    for part in run_parts(run, 6):
        own = {result.workload for result in part.run.results}
        assert {each.workload for each in part.run.yardsticks} == own


def test_what_was_learned_is_in_one_part(make_learning_run):
    run = make_learning_run()

    parts = list(run_parts(run, 1))

    assert len(parts) > 1
    assert [bool(part.run.learning.results) for part in parts] == [
        True,
        *[False] * (len(parts) - 1),
    ]


def test_a_large_run_has_an_overview_that_leads_to_each_part(run, monkeypatch):
    monkeypatch.setattr(parts_page, "MOST_CASES", 12)
    around = Surroundings(results="latest.json")

    *parts, overview = report_pages(view(run), "latest.html", around)

    assert [page.address for page in parts] == [
        "latest-parts/1-float32.html",
        "latest-parts/2-float64.html",
    ]
    assert overview.address == "latest.html"
    links = re.findall(r'href="(latest-parts[^"]+)"', overview.text)
    assert links == [page.address for page in parts]
    assert "the <b" in overview.text
    assert all('href="../latest.html"' in page.text for page in parts)


def test_a_small_run_has_one_page(run):
    (page,) = report_pages(view(run), "index.html", Surroundings())

    assert page.address == "index.html"
    assert "explore" in page.text


def test_text_of_a_large_run_is_escaped(run, monkeypatch):
    hostile = "<script>alert(1)</script>"
    monkeypatch.setattr(parts_page, "MOST_CASES", 2)
    sweep = replace(run.sweep, question=hostile, name=hostile)

    *_, page = report_pages(
        view(replace(run, sweep=sweep)), "index.html", Surroundings()
    )

    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text
