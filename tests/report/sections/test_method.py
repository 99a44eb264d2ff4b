"""How a run was measured: failures, statuses, precision, and what was disturbed."""

import math
from dataclasses import replace

import pytest

from rnnbench.model.condition import Condition, ConditionLevel
from rnnbench.model.status import Status
from rnnbench.report.sections.method import failure_sentence, method
from rnnbench.report.sections.precision import precision_of
from rnnbench.report.sentences import plain
from rnnbench.report.view import view


@pytest.fixture
def pair(make_sweep, simulate):
    return simulate(
        make_sweep(layer=["lstm", "gru"], hidden_size=[8, 16]), lambda case: 1e-3
    )


def folds(run):
    return {fold.id: fold for fold in method(view(run)).folds}


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_failures_stand_before_what_was_skipped_and_are_open(
    pair, make_case, make_result
):
    failed = [
        make_result(make_case(hidden_size=99), status=Status.SKIPPED, reason="no GPU"),
        make_result(make_case(hidden_size=98), status=Status.TIMEOUT, reason="60 s"),
    ]

    run = replace(pair, results=(*pair.results, *failed))

    fold = folds(run)["failures"]
    assert fold.is_open
    (table,) = fold.tables
    timeout, skipped = (each.case.id for each in failed[::-1])
    assert texts(table) == [
        ["timeout", "1", "60 s", timeout],
        ["skipped", "1", "no GPU", skipped],
    ]
    assert plain(failure_sentence(run)) == (
        "1 of 6 cases failed. The reason: timeout, 60 s"
    )


def test_what_was_skipped_alone_is_folded_and_no_failure(pair, make_case, make_result):
    skipped = make_result(make_case(hidden_size=99), status=Status.SKIPPED)

    run = replace(pair, results=(*pair.results, skipped))

    assert not folds(run)["failures"].is_open
    assert failure_sentence(run) == ()


def test_a_condition_that_was_off_opens_its_part(pair):
    conditions = (
        Condition(name="governor", level=ConditionLevel.OK, state="performance"),
        Condition(
            name="swap",
            level=ConditionLevel.WARNING,
            state="in use",
            effect="calls wait for the disk",
            fix="close programs",
        ),
    )

    fold = folds(replace(pair, conditions=conditions))["conditions"]

    assert fold.is_open
    assert "1 of 2 were off" in fold.title
    assert texts(fold.tables[0])[0] == ["swap", "in use", "calls wait for the disk"]
    assert "conditions" not in folds(pair)


def test_where_all_was_measured_nothing_is_said_to_be_missing(pair):
    assert "failures" not in folds(pair)


def test_memory_that_was_not_read_is_listed_with_its_reason(pair):
    results = tuple(replace(one, memory_reason="no psutil") for one in pair.results)

    (table,) = folds(replace(pair, results=results))["unread"].tables

    assert ["peak memory", "4", "no psutil"] in texts(table)


def test_statuses_are_counted(pair, make_case, make_result):
    failed = make_result(make_case(hidden_size=99), status=Status.OUT_OF_MEMORY)

    run = replace(pair, results=(*pair.results, failed))

    assert method(view(run)).counts == (
        ("ok", "ok", 4),
        ("out_of_memory", "out of memory", 1),
    )


def test_disturbed_turns_are_told(make_case, make_result, make_turns, make_run):
    rough = [replace(one, rough=1, retaken=3) for one in make_turns()]
    run = make_run([make_result(make_case(), turns=tuple(rough))])

    steps = dict(method(view(run)).steps)

    assert (
        "18 disturbed calls were repeated, and 20.0% of the turns"
        in (steps["Undisturbed."])
    )


def test_precision_is_that_of_the_intervals(pair):
    found = precision_of(view(pair))

    widths = sorted(
        (ratio.interval.high - ratio.interval.low) / 2 / ratio.interval.estimate
        for ratio in view(pair).times
    )
    assert found.of == 2
    assert found.widest == pytest.approx(widths[-1])
    assert found.within == sum(width <= 0.02 for width in widths)
    assert sum(bar.height > 0 for bar in found.bars) in (1, 2)


def test_one_launch_has_no_interval(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), lambda case: 1e-3, launches=1)

    found = precision_of(view(run))

    assert (found.of, found.within, found.alone) == (1, 0, 1)
    assert math.isinf(found.widest)
    assert found.launches == (1, 1)


def test_a_run_without_ratios_has_no_precision(make_run):
    assert precision_of(view(make_run())) is None


def test_an_interval_beyond_its_ratio_is_said_in_words(make_sweep, simulate):
    cases = make_sweep(layer=["lstm", "gru"])
    run = simulate(cases, lambda case: 1e-3, launches=2, noise=1.5)

    found = precision_of(view(run))

    assert found.widest > 1
    assert found.widest_words == (
        "1 is not resolved (beyond ±100 %) and needs more launches"
    )
    assert max(bar.x for bar in found.bars) <= 100
