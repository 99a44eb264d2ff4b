"""A use is a workload with a name and a source; its numbers are those of the run."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.analysis.labels import limits
from rnnbench.model.case import DEFAULTS
from rnnbench.model.errors import SweepError
from rnnbench.model.formatting import significant
from rnnbench.model.metric import TIME
from rnnbench.model.run import Use
from rnnbench.model.status import Status
from rnnbench.report.sections.used import uses_fold
from rnnbench.report.view import view
from rnnbench.storage.results_file import (
    attach,
    empty_document,
    load_run,
    write_document,
)
from rnnbench.sweep.load import load_sweep

SHIPPED = Path(__file__).parents[3] / "configs" / "uses.yaml"
PLAIN = """\
# Why?
axes:
  layer: [lstm, gru]
  input_size: 10
  hidden_size: 20
  seq_len: 5
  batch_size: 3
"""
USES = """\
uses:
  - {name: reading, said_of: LSTM, source: "Somebody 2014, Table 1", why: Shorter.}
  - name: speech
    said_of: GRU
    our_choice: small enough
    seq_len: 1
    batch_size: [1, 8]
"""
# What the article names, and for which layer.
NAMED = {
    "RNN": ["short-text classification", "simple time-series forecasting"],
    "LSTM": [
        *("machine translation", "text generation"),
        *("stock-price forecasting", "weather forecasting"),
    ],
    "GRU": ["real-time speech recognition", "online text classification"],
    "bidirectional": ["named-entity recognition", "sentiment analysis"],
}


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / "some.yaml"
        path.write_text(text, encoding="utf-8")
        return load_sweep(path)

    return load_text


@pytest.fixture
def faults(load):
    """The faults of a text, less the file's name."""

    def faults_of(text):
        with pytest.raises(SweepError) as caught:
            load(text)
        return [
            re.fullmatch(r".*some\.yaml:(\d+:\d+: .+)", line).group(1)
            for line in str(caught.value).splitlines()
        ]

    return faults_of


def test_a_use_starts_from_the_axes_and_says_what_is_its_own(load):
    sweep = load(PLAIN + USES)

    assert [case.id for case in sweep.cases] == [
        "lstm-inference-i10-h20-l1-t5-b3-cpu",
        "gru-inference-i10-h20-l1-t5-b3-cpu",
        "lstm-inference-i10-h20-l1-t1-b1-cpu",
        "lstm-inference-i10-h20-l1-t1-b8-cpu",
        "gru-inference-i10-h20-l1-t1-b1-cpu",
        "gru-inference-i10-h20-l1-t1-b8-cpu",
    ]
    ids = tuple(case.id for case in sweep.cases)
    assert sweep.record.uses == (
        Use(
            name="reading",
            said_of="LSTM",
            source="Somebody 2014, Table 1",
            our_choice=False,
            cases=ids[:2],
            why="Shorter.",
        ),
        Use(
            name="speech",
            said_of="GRU",
            source="small enough",
            our_choice=True,
            cases=ids[2:],
        ),
    )


def test_a_sweep_without_uses_names_none(load):
    assert load(PLAIN).record.uses == ()


def test_the_axes_of_a_sweep_of_uses_are_no_case_of_their_own(load):
    sweep = load(PLAIN + "uses: [{name: a, said_of: RNN, our_choice: b, seq_len: 7}]\n")

    assert {case.seq_len for case in sweep.cases} == {7}


def test_what_is_excluded_is_no_case_of_a_use(load):
    sweep = load(PLAIN + USES + "exclude: [{layer: gru, batch_size: 8}]\n")

    ids = sweep.record.uses[1].cases
    assert len(ids) == 3
    assert "gru-inference-i10-h20-l1-t1-b8-cpu" not in ids


def test_two_uses_may_share_a_case(load):
    same = "{name: %s, said_of: RNN, our_choice: x}"

    sweep = load(PLAIN + f"uses: [{same % 'one'}, {same % 'two'}]\n")

    first, second = sweep.record.uses
    assert first.cases == second.cases == tuple(case.id for case in sweep.cases)


@pytest.mark.parametrize(
    ("use", "what"),
    [
        (
            "name: a, said_of: RNN",
            "8:8: uses: needs either source or our_choice",
        ),
        (
            "name: a, said_of: RNN, source: b, our_choice: c",
            "8:8: uses: needs either source or our_choice",
        ),
        ("said_of: RNN, source: b", "8:8: uses.name: is missing"),
        ("name: a, source: b", "8:8: uses.said_of: is missing"),
        ("name: '', said_of: RNN, source: b", "8:15: uses.name: is empty"),
        (
            "name: a, said_of: gru, source: b",
            "8:27: uses.said_of: 'gru' is none of RNN, LSTM, GRU, bidirectional",
        ),
        (
            "name: a, said_of: RNN, source: b, hiden_size: 5",
            "8:43: uses.hiden_size: no such axis or key of a use (hidden_size?)",
        ),
        (
            "name: a, said_of: RNN, sorce: b",
            "8:32: uses.sorce: no such axis or key of a use (source?)",
        ),
        (
            "name: a, said_of: LSTM, source: b, proj_size: 40",
            "8:55: uses.proj_size: 40 is not less than hidden_size 20",
        ),
    ],
)
def test_a_fault_in_a_use_is_named_with_its_place(faults, use, what):
    assert what in faults(PLAIN + f"uses: [{{{use}}}]\n")


def test_every_fault_of_every_use_comes_at_once(faults):
    found = faults(PLAIN + "uses: [{name: a}, {said_of: GRU, source: b, seq_len: 0}]\n")

    assert len(found) >= 3
    assert any("uses.said_of: is missing" in one for one in found)
    assert any("uses.seq_len: 0 is less than 1" in one for one in found)


def test_an_empty_list_of_uses_is_a_fault(faults):
    assert faults(PLAIN + "uses: []\n") == ["8:7: uses: is an empty list"]


def test_every_use_of_the_article_is_shipped_with_a_source_or_as_our_choice():
    shipped = load_sweep(SHIPPED).record.uses

    for said_of, names in NAMED.items():
        for name in names:
            mine = [use for use in shipped if use.name.startswith(name)]
            assert mine, name
            assert {use.said_of for use in mine} == {said_of}
    for use in shipped:
        # An author and a year, or where it can be read.
        assert use.our_choice or re.search(r"\b(19|20)\d\d\b|example of", use.source)
        assert len(use.source) > 20


def test_every_shipped_use_is_measured_with_each_layer_and_streams_have_both():
    sweep = load_sweep(SHIPPED)
    cases = {case.id: case for case in sweep.cases}

    for use in sweep.record.uses:
        mine = [cases[one] for one in use.cases]
        assert {case.layer for case in mine} == {"rnn_tanh", "gru", "lstm"}
        both_ways = {case.bidirectional for case in mine}
        assert both_ways == (
            {False, True} if use.said_of == "bidirectional" else {False}
        )
    streams = [use.name for use in sweep.record.uses if _is_stream(cases[use.cases[0]])]
    named = [name.partition(",")[0] for name in streams]
    for name in named:
        assert sum(use.name.startswith(name) for use in sweep.record.uses) == 2
    assert {*NAMED["GRU"], "text generation"} == set(named)


def _is_stream(case):
    return case.seq_len == case.batch_size == 1


def seconds_of(case):
    return {"lstm": 4e-3, "gru": 3e-3, "rnn_tanh": 1e-3}[case.layer] * (
        2 if case.bidirectional else 1
    )


@pytest.fixture
def run(load, simulate):
    text = PLAIN.replace("[lstm, gru]", "[rnn_tanh, gru, lstm]") + USES
    sweep = load(text)
    found = simulate(sweep.cases, seconds_of, memory=lambda case: 2**20 * case.seq_len)
    return replace(found, sweep=sweep.record)


def tables(run):
    return uses_fold(view(run)).tables


def test_the_numbers_are_those_of_the_run(run):
    found = view(run)

    times, memory = tables(run)

    by_id = {each.case.id: each for each in found.cases}
    titles = [column.title for column in times.columns]
    assert titles == ["use", "size", "GRU ÷ LSTM", "RNN tanh", "GRU", "LSTM"]
    shapes = ("t5-b3", "t1-b1", "t1-b8")
    for row, held, shape in zip(times.rows, memory.rows, shapes, strict=True):
        steps = int(shape[1]) * int(shape[4])
        for column, layer in enumerate(("rnn_tanh", "gru", "lstm")):
            time = by_id[f"{layer}-inference-i10-h20-l1-{shape}-cpu"].time
            assert row[3 + column].text == TIME.format(time.estimate)
            rate, unit = row[3 + column].note.split(" ")
            shown = float(rate.replace(",", ""))
            assert unit == "steps/s"
            assert shown == pytest.approx(steps / time.estimate, rel=0.005)
            assert held[2 + column].text == f"{int(shape[1])}.00 MiB"
        (ratio,) = [
            one
            for one in found.times
            if one.pair.candidate.id == f"gru-inference-i10-h20-l1-{shape}-cpu"
        ]
        assert row[2].text == f"{significant(ratio.interval.estimate)}× GRU"
        assert row[2].note == limits(ratio.interval)


def test_latency_is_one_step_of_one_sequence(run):
    times, _ = tables(run)

    assert [(row[0].text, row[0].note) for row in times.rows] == [
        ("reading", "said of LSTM; throughput"),
        ("speech", "said of GRU; latency"),
        ("speech", "said of GRU; throughput"),
    ]


def test_where_the_sizes_are_from_is_said_of_each_use(run):
    assert uses_fold(view(run)).notes == (
        ("reading", "Source: Somebody 2014, Table 1. Shorter."),
        ("speech", "Our choice: small enough."),
    )


def test_a_layer_that_failed_is_said_to_have(run):
    first = replace(
        run.results[0], status=Status.TIMEOUT, reason="slow", turns=(), peak_memory=None
    )

    times, memory = tables(replace(run, results=(first, *run.results[1:])))

    assert times.rows[0][3].text == "not measured: timeout"
    assert memory.rows[0][2].text == "not read"


def test_a_layer_that_stands_alone_has_a_time_and_no_ratio(run):
    alone = tuple(one for one in run.results if one.case.layer == "rnn_tanh")

    times, _ = tables(replace(run, results=alone))

    assert times.rows[0][2].text == "not measured"


def test_both_directions_of_a_use_have_a_row_each(load, simulate):
    sweep = load(
        PLAIN
        + "compare: [layer, bidirectional]\n"
        + "uses: [{name: a, said_of: bidirectional, our_choice: x, "
        + "bidirectional: [false, true]}]\n"
    )
    run = simulate(sweep.cases, seconds_of, compare=sweep.record.compare)

    times, _ = tables(replace(run, sweep=sweep.record))

    assert [row[1].note for row in times.rows] == [
        "inference",
        "bidirectional, inference",
    ]


def test_a_run_without_uses_has_no_such_part(make_run, make_result):
    assert uses_fold(view(make_run([make_result()]))) is None


def test_the_uses_travel_in_the_results_file(run, tmp_path):
    path = tmp_path / "run.json"
    document = empty_document()

    attach(document, run)
    write_document(path, document)

    assert load_run(path).sweep.uses == run.sweep.uses


def test_a_use_takes_an_axis_that_the_axes_leave_at_its_default(load):
    sweep = load(
        PLAIN + "uses: [{name: a, said_of: RNN, our_choice: x, num_layers: 3}]\n"
    )

    assert {case.num_layers for case in sweep.cases} == {3}
    assert DEFAULTS["num_layers"] == 1
