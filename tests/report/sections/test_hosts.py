"""The host effect in words, on the page and in Markdown."""

from dataclasses import replace

import pytest

from rnnbench.analysis.host_effect import HostEffect, HostShare
from rnnbench.report.markdown import render_markdown
from rnnbench.report.run_page import render_page
from rnnbench.report.sections.hosts import host_sentence, hosts_fold
from rnnbench.report.view import view

SHARES = (HostShare("one", 3, -0.002), HostShare("two", 3, 0.002))


@pytest.fixture
def run(make_sweep, simulate):
    return simulate(
        make_sweep(layer=["lstm", "gru"]), lambda case: 1e-3, noise=0.01, launches=6
    )


def on_hosts(run, names):
    """`run` with its launches on hosts, in turn."""
    return replace(
        run,
        results=tuple(
            replace(
                result,
                turns=tuple(
                    replace(each, host=names[each.launch % len(names)])
                    for each in result.turns
                ),
            )
            for result in run.results
        ),
    )


def test_a_fleet_is_on_the_page_and_in_markdown(run):
    seen = view(on_hosts(run, ["h1", "h2"]))
    sentence = host_sentence(seen.host_effect)

    page = render_page(seen)

    assert "spread over 2 hosts" in sentence
    assert sentence in page
    assert 'id="hosts"' in page
    assert sentence.split(".")[0] in render_markdown(seen)


def test_a_single_machine_says_nothing_of_hosts(run):
    seen = view(run)

    assert host_sentence(seen.host_effect) == ""
    assert 'id="hosts"' not in render_page(seen)
    assert "host" not in render_markdown(seen)


def test_one_host_is_said_to_stand_for_itself(run):
    effect = view(on_hosts(run, ["h1"])).host_effect

    assert "describe that host" in host_sentence(effect)
    assert hosts_fold(effect) is None


def test_hosts_that_repeat_nothing_have_no_spread():
    effect = HostEffect(SHARES, None, None, 0)

    assert "no host repeated a ratio" in host_sentence(effect)
    assert "%" not in host_sentence(effect)


def test_a_row_of_the_fold_is_a_host_with_its_deviation():
    fold = hosts_fold(HostEffect(SHARES, 0.003, 0.01, 8))

    rows = [[cell.text for cell in row] for row in fold.tables[0].rows]
    assert rows == [["one", "3", "−0.20%"], ["two", "3", "+0.20%"]]
