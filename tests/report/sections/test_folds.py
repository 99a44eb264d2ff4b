"""The parts of a page beside its answer: limits, energy, code, first calls, backend."""

from dataclasses import replace

import pytest

from rnnbench.analysis.attribution import attribute
from rnnbench.model.status import Status
from rnnbench.report.sections.claimed import claims_fold
from rnnbench.report.sections.costs import backend_fold, layers_fold
from rnnbench.report.sections.first_calls import first_calls_fold
from rnnbench.report.sections.limits import energy_fold, limits_fold
from rnnbench.report.sections.provenance import provenance_fold
from rnnbench.report.sentences import plain
from rnnbench.report.view import view


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def lead(fold):
    return " ".join(plain(line) for line in fold.lead)


@pytest.fixture
def both(make_sweep, simulate):
    """GRU and LSTM with oneDNN on and off; the LSTM is twice as slow without it."""
    cases = [
        case
        for case in make_sweep(
            hidden_size=[16, 32],
            layer=["gru", "lstm", "rnn_tanh"],
            onednn=[True, False],
        )
        if case.onednn or case.layer == "lstm"
    ]
    return simulate(
        cases,
        lambda c: 1e-3 * (2 if c.layer == "lstm" and not c.onednn else 1),
        noise=0.001,
    )


def test_the_backend_s_factor_is_that_of_the_attribution(both):
    found = view(both)

    (table,) = backend_fold(found).tables
    (row,) = texts(table)

    ratios = [one for one in found.ratios if one.pair.is_gru_to_lstm]
    part = attribute(ratios)
    assert row[:2] == ["inference", "2"]
    shown = [float(text.removesuffix("×")) for text in row[2:]]
    assert shown == pytest.approx(
        [part.default.estimate, part.alike.estimate, part.backend.estimate], rel=0.01
    )


def test_without_both_ways_there_is_no_share_of_the_backend(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), lambda case: 1e-3)

    assert backend_fold(view(run)) is None


def test_the_other_layers_have_a_forest_and_the_pair_of_the_page_has_none_there(both):
    (forest,) = layers_fold(view(both)).forests

    assert {mark.hue for row in forest.rows for mark in row.marks} == {"rnn"}
    assert [row.label for row in forest.rows] == ["inference", "oneDNN off, inference"]


def test_the_limit_is_told_from_the_positions_under_the_roof(both, make_ceiling):
    found = view(replace(both, ceilings=(make_ceiling(),)))

    fold = limits_fold(found)

    ceilings, bounds = fold.tables
    assert texts(ceilings)[0][:3] == [
        "CPU, float32, 1 thread",
        "100 GFLOP/s",
        "10.0 GB/s",
    ]
    shares = {each.case: each.limit.share for each in found.cases}
    nearest = max(shares, key=shares.get)
    assert f"at {shares[nearest]:.0%}" in lead(fold)
    assert {row[0] for row in texts(bounds)} == {"GRU", "LSTM", "RNN tanh"}
    assert sum(int(row[2]) for row in texts(bounds)) == len(found.cases)


def test_a_case_above_its_roof_is_told(both, make_ceiling):
    low = make_ceiling(flops=1.0, bytes=1.0)

    fold = limits_fold(view(replace(both, ceilings=(low,))))

    assert f"{len(both.results)} lie above it" in lead(fold)


def test_without_ceilings_there_is_no_limit(both):
    assert limits_fold(view(both)) is None


def test_energy_is_told_only_of_the_cases_that_were_read(both):
    first = replace(both.results[0], energy=0.25)

    fold = energy_fold(view(replace(both, results=(first, *both.results[1:]))))

    assert f"1 of {len(both.results)} cases were read" in lead(fold)
    assert [row[3] for row in texts(fold.tables[0])] == ["250 mJ"]
    assert energy_fold(view(both)) is None


def test_a_profile_that_contradicts_the_prediction_opens_its_part(
    make_case, make_result, make_run, make_profile
):
    # An LSTM is predicted to run fused, and its profile shows plain products.
    wrong = make_result(make_case(), profile=make_profile("gru"))
    right = make_result(make_case(hidden_size=32), profile=make_profile("lstm"))

    contradicted = provenance_fold(view(make_run([wrong, right])))
    confirmed = provenance_fold(view(make_run([right])))

    assert contradicted.is_open
    assert "1 profile contradict" in contradicted.title
    assert texts(contradicted.tables[0])[0][-1].endswith("was seen.")
    assert not confirmed.is_open
    assert "as predicted in 1 of 1 profile" in confirmed.title


def test_every_measured_case_is_counted_with_its_code(both, make_case, make_result):
    failed = make_result(make_case(hidden_size=99), status=Status.ERROR)

    run = replace(both, results=(*both.results, failed))

    table = provenance_fold(view(run)).tables[-1]
    assert sum(int(row[-1]) for row in texts(table)) == len(both.results)


def test_first_calls_are_told_only_of_layers_that_are_not_torch_s(
    make_case, make_result, make_run, make_turns
):
    turns = make_turns(1e-3, noise=0)
    results = [
        make_result(make_case(layer=layer), turns=turns)
        for layer in ("lstm", "mine:Layer")
    ]

    fold = first_calls_fold(view(make_run(results)))

    (row,) = texts(fold.tables[0])
    assert row[0] == "mine:Layer"
    assert row[3:] == ["9.00 ms", "1.00 ms", "9×"]
    assert first_calls_fold(view(make_run(results[:1]))) is None


def test_the_claims_name_their_source_and_lead_only_where_something_is(both):
    found = view(both)

    there = claims_fold(found, frozenset({"explore"}))
    gone = claims_fold(found, frozenset())

    assert "chapter 9" in lead(there)
    (table,) = there.tables
    verdicts = {row[0].text[:2]: row[1] for row in table.rows}
    assert verdicts["C6"].link == "#explore"
    assert not any(row[1].link for row in gone.tables[0].rows)
