"""Steps to a target are exact: the same code gives the same steps, seed by seed."""

from dataclasses import replace

import pytest

from rnnbench.model.errors import IncomparableError
from rnnbench.model.learning import Learning
from rnnbench.model.status import Status
from rnnbench.regression.changes import find_changes
from rnnbench.regression.compare import compare
from rnnbench.regression.compare_learning import QUALITY, STEPS
from rnnbench.regression.history import Quantity, add, nights
from rnnbench.regression.history_store import load

CASE = "adding_t50-gru-h32"


@pytest.fixture(scope="module")
def run(make_learning_run):
    return make_learning_run()


def with_result(run, change, case=CASE):
    """The run with one learning result changed."""
    results = tuple(
        change(one) if one.case.id == case else one for one in run.learning.results
    )
    return replace(run, learning=replace(run.learning, results=results))


def slower(result, steps=10):
    """The first seed reaches the target `steps` later."""
    first, *others = result.seeds
    values = first.values + (first.values[-1],) * (steps // first.every)
    moved = replace(
        first, reached=first.reached + steps, values=values, digest="f" * 64
    )
    return replace(result, seeds=(moved, *others))


def value_of(comparison, case=CASE):
    (value,) = [one for one in comparison.rows if one.case == case]
    return value


def test_the_same_steps_are_unchanged(run):
    found = compare(run, run)

    learned = [one for one in found.rows if one.metric in (STEPS, QUALITY)]
    assert {one.verdict for one in learned} == {"unchanged"}
    assert len(learned) == len(run.learning.results)
    assert found.exit_code == 0


def test_one_seed_that_needs_ten_steps_more_is_a_regression(run):
    found = compare(run, with_result(run, slower))

    value = value_of(found)
    assert value.verdict == "regression"
    assert value.candidate - value.baseline == pytest.approx(10 / 5)
    assert "seed 0" in value.note
    assert found.exit_code == 1
    assert value_of(compare(with_result(run, slower), run)).verdict == "improvement"


def test_other_curves_with_the_same_steps_are_told(run):
    def recurved(result):
        first, *others = result.seeds
        return replace(result, seeds=(replace(first, digest="e" * 64), *others))

    value = value_of(compare(run, with_result(run, recurved)))

    assert value.verdict == "unchanged"
    assert "other curves at 1 seeds" in value.note


def test_another_target_can_not_be_compared(run):
    tasks = tuple(
        replace(task, target=0.01) if task.target else task
        for task in run.learning.tasks
    )
    other = replace(run, learning=replace(run.learning, tasks=tasks))

    assert value_of(compare(run, other)).verdict == "incomparable"


def test_a_case_that_now_fails_ends_with_status_2(run):
    def failing(result):
        return replace(result, status=Status.ERROR, reason="x", seeds=())

    found = compare(run, with_result(run, failing))

    assert CASE in found.failed
    assert found.exit_code == 2
    assert value_of(found).verdict == "incomparable"


def test_cases_that_only_one_run_learned_are_told(run):
    without = replace(run, learning=Learning())

    assert value_of(compare(run, without)).verdict == "removed"
    assert value_of(compare(without, run)).verdict == "added"


def test_runs_without_times_are_compared_by_what_they_learned(run, make_run):
    alone = replace(run, results=(), yardsticks=())

    assert value_of(compare(alone, with_result(alone, slower))).verdict == "regression"
    with pytest.raises(IncomparableError):
        compare(make_run(), make_run())


def test_history_shows_the_night_on_which_steps_changed(run, tmp_path):
    for day in range(1, 7):
        of_day = run if day < 5 else with_result(run, slower)
        created = f"2026-10-{day:02d}T02:00:00+00:00"
        add(replace(of_day, created=created), tmp_path)
    history = load(tmp_path)

    (change,) = [
        one for one in find_changes(history) if one.series.quantity == Quantity.STEPS
    ]

    assert change.series.case == CASE
    assert change.after.created.startswith("2026-10-05")
    (number,) = nights(history, CASE)[0].numbers
    assert number[0] == "steps to target 0.05 within 1000, 5 seeds"
