import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.report.site import compare_data
from rnnbench.report.site.summaries import (
    CaseSummary,
    RatioSummary,
    RunSummary,
    decode,
    encode,
    summary_of,
)
from rnnbench.report.view import view

NUMBERS = st.floats(min_value=1e-9, max_value=1e9)
ENDS = st.none() | NUMBERS


@given(
    st.builds(
        RunSummary,
        layers=st.just(("gru", "lstm")),
        environment=st.just((("torch", "2.13"),)),
        cases=st.lists(
            st.builds(
                CaseSummary,
                *[st.text(st.characters(codec="utf-8"))] * 4,
                *[NUMBERS] * 2,
                ENDS,
            )
        ).map(tuple),
        ratios=st.lists(
            st.builds(
                RatioSummary,
                *[st.integers(0, 9)] * 2,
                *[NUMBERS] * 2,
                ENDS,
                *[st.integers(-1, 1)] * 2,
            )
        ).map(tuple),
    )
)
def test_a_summary_is_read_back_as_it_was_written(summary):
    assert decode(encode(summary)) == summary


@given(st.binary() | st.text().map(lambda text: json.dumps(text).encode()))
def test_other_bytes_are_no_summary(content):
    with pytest.raises(ValueError):  # noqa: PT011 - json's, or ours
        decode(content)


def test_a_summary_holds_every_time_and_ratio_of_the_two_layers(night):
    seen = view(night())

    summary = summary_of(seen)

    assert summary.layers == ("gru", "lstm")
    assert [case.id for case in summary.cases] == [one.case.id for one in seen.cases]
    (ratio,) = summary.ratios
    assert summary.cases[ratio.candidate].layer == "gru"
    assert summary.cases[ratio.baseline].layer == "lstm"
    assert ratio.low < ratio.ratio < ratio.high
    assert (ratio.side, ratio.phase) == (1, 0)
    assert ("memory", "16.0 GiB") in summary.environment


def island_of(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text)[1])


def test_the_page_offers_every_run_and_begins_with_two_machines(
    results, tmp_path, make_site
):
    site = make_site(results, tmp_path / "reports")

    page = tmp_path / "reports" / "compare" / "index.html"
    data = island_of(page)
    assert [run["id"] for run in data["runs"]] == [run.id for run in site.runs]
    chosen = re.findall(r'value="([^"]+)" selected', page.read_text(encoding="utf-8"))
    assert set(chosen) == {run.id for run in site.runs}


def test_shared_cases_have_one_place_in_the_island(results, tmp_path, make_site):
    make_site(results, tmp_path / "reports")

    data = island_of(tmp_path / "reports" / "compare" / "index.html")

    one, other = data["runs"]
    assert len(data["cases"]) == 2
    assert [place for place, _ in one["times"]] == [
        place for place, _ in other["times"]
    ]
    assert [each[:2] for each in one["ratios"]] == [
        each[:2] for each in other["ratios"]
    ]
    assert data["layers"] == [["LSTM", "lstm"], ["GRU", "gru"]]


def test_older_runs_are_left_out_where_there_is_no_room(
    tmp_path, night, save_run, make_site, monkeypatch
):
    for number in range(1, 6):
        save_run(tmp_path / f"{number}.json", night(number))
    monkeypatch.setattr(compare_data, "MOST_VALUES", 7)

    site = make_site(tmp_path, tmp_path / "reports")

    page = tmp_path / "reports" / "compare" / "index.html"
    assert [run["id"] for run in island_of(page)["runs"]] == [
        run.id for run in site.runs[:2]
    ]
    assert "3 older runs are not on this page" in page.read_text(encoding="utf-8")


def test_the_page_says_everything_without_a_script(results, tmp_path, make_site):
    make_site(results, tmp_path / "reports")

    text = (tmp_path / "reports" / "compare" / "index.html").read_text(encoding="utf-8")

    assert "GRU faster at 1 of 1" in text
    assert "LSTM faster at 1 of 1" in text
    assert "<noscript>" in text
