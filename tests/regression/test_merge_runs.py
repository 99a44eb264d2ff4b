"""Runs that were measured apart become the run that measured all their launches."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbench.analysis.ratio import ratios
from rnnbench.model.errors import ResultsError
from rnnbench.model.policy import Policy
from rnnbench.model.run import TurnValue
from rnnbench.model.serving import ServedBy, Serving, StreamCapacity
from rnnbench.model.status import Status
from rnnbench.regression.merge_runs import NamedRun, merge
from rnnbench.storage.results_file import load_run, save_run


@pytest.fixture(scope="module")
def whole(make_sweep, simulate):
    cases = make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32], threads=[1, 2])
    return simulate(cases, lambda case: 1e-3 * case.hidden_size, launches=9)


def chosen(run, launches, *, first=1, hosts=None):
    """`run` with those launches alone, numbered from `first` on."""

    def kept(owner):
        turns = [each for each in owner.turns if each.launch in launches]
        return replace(
            owner,
            turns=tuple(
                replace(each, launch=first + place, host=(hosts or {}).get(place, ""))
                for place, each in enumerate(turns)
            ),
        )

    return replace(
        run,
        results=tuple(map(kept, run.results)),
        yardsticks=tuple(map(kept, run.yardsticks)),
    )


def named(*runs):
    return [NamedRun(Path(f"{name}.json"), run) for name, run in zip("abc", runs)]  # noqa: B905 - names for as many as there are


@settings(max_examples=25)
@given(
    owners=st.lists(st.integers(0, 2), min_size=9, max_size=9).filter(
        lambda owners: len(set(owners)) > 1
    ),
    first=st.integers(0, 50),
)
def test_a_merged_run_has_the_ratios_of_all_its_launches(whole, owners, first):
    parts = [
        [launch for launch, owner in enumerate(owners, start=1) if owner == part]
        for part in sorted(set(owners))
    ]
    runs = [chosen(whole, part, first=first) for part in parts]

    merged = merge(named(*runs))

    expected = {ratio.pair: ratio for ratio in ratios(whole)}
    found = {ratio.pair: ratio for ratio in ratios(merged)}
    assert found.keys() == expected.keys()
    for pair, ratio in found.items():
        other = expected[pair]
        assert sorted(value for _, value in ratio.logs) == sorted(
            value for _, value in other.logs
        )
        for end in ("estimate", "low", "high"):
            assert getattr(ratio.interval, end) == pytest.approx(
                getattr(other.interval, end), rel=1e-12
            )


def test_a_merged_run_survives_the_file_with_hosts_and_numbers(whole, tmp_path):
    runs = [
        chosen(whole, {1, 2}, hosts={0: "one", 1: "two"}),
        chosen(whole, {3, 4}, hosts={0: "two", 1: "three"}),
    ]
    save_run(tmp_path / "merged.json", merge(named(*runs)))

    turns = load_run(tmp_path / "merged.json").results[0].turns

    found = [(each.launch, each.host) for each in turns]
    assert found == [(1, "one"), (2, "two"), (3, "two"), (4, "three")]


def test_more_launches_make_an_imprecise_case_precise(whole):
    halves = [chosen(whole, launches) for launches in ({1, 2}, {3, 4, 5, 6, 7, 8, 9})]
    imprecise = [
        replace(
            half,
            results=tuple(
                replace(each, status=Status.IMPRECISE, reason="wide")
                for each in half.results
            ),
        )
        for half in halves
    ]

    merged = merge(named(*imprecise))

    assert {each.status for each in merged.results} == {Status.OK}
    assert {each.reason for each in merged.results} == {""}


def test_a_case_that_failed_once_has_failed(whole):
    first, second = (chosen(whole, launches) for launches in ({1, 2}, {3, 4}))
    failed = replace(first.results[0], status=Status.KILLED, reason="gone", turns=())
    second = replace(second, results=(failed, *second.results[1:]))

    merged = merge(named(first, second))

    assert (merged.results[0].status, merged.results[0].reason) == ("killed", "gone")


def test_readings_of_a_service_are_renumbered_with_the_launches(whole):
    capacity = StreamCapacity(
        launch=1,
        deadline=0.01,
        served_by=ServedBy.THREADS,
        servers=1,
        streams=4,
        misses=0.0,
    )
    served = [
        replace(
            half,
            results=tuple(
                replace(each, serving=Serving(capacities=(capacity,)))
                for each in half.results
            ),
        )
        for half in (chosen(whole, {1, 2}), chosen(whole, {3, 4}))
    ]

    merged = merge(named(*served))

    rows = merged.results[0].serving.capacities
    assert [row.launch for row in rows] == [1, 3]


def test_use_of_time_keeps_its_shares(whole):
    first, second = chosen(whole, {1, 2}), chosen(whole, {3})
    second = replace(second, effort=replace(second.effort, wall=50.0, lanes=1.0))

    effort = merge(named(first, second)).effort

    assert effort.lanes * effort.wall == pytest.approx(2.0 * 100.0 + 1.0 * 50.0)
    assert effort.launches == first.effort.launches + second.effort.launches


def of_environment(**values):
    return lambda run: replace(run, environment=replace(run.environment, **values))


def of_sweep(**values):
    return lambda run: replace(run, sweep=replace(run.sweep, **values))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (of_environment(cpu_model="Other"), "cpu_model is Other, not Example CPU 9000"),
        (of_environment(torch="2.12.0+cpu"), "torch is 2.12.0+cpu, not 2.13.0+cpu"),
        (of_environment(python="3.12.1"), "python is 3.12.1, not 3.11.7"),
        (of_sweep(digest="1" * 64), "the sweep's digest is 111"),
        (of_sweep(compare=("layer",)), "the sweep's compare is "),
        (of_sweep(policy=Policy(launches=3)), "the policy's launches is 3, not 20"),
        (lambda run: replace(run, version="9"), "the version of rnnbench is 9, not 0"),
        (
            lambda run: replace(run, turn=TurnValue.MEDIAN),
            "time of a turn is median, not fastest",
        ),
        (
            lambda run: replace(run, results=run.results[1:]),
            "the number or the names of cases is 7, not 8",
        ),
    ],
)
def test_runs_that_do_not_belong_together_are_refused_in_one_line(whole, change, said):
    first, second = chosen(whole, {1, 2}), chosen(whole, {3, 4})

    with pytest.raises(ResultsError) as raised:
        merge(named(first, change(second)))

    text = str(raised.value)
    assert text.startswith("b.json: can't be merged with a.json: ")
    assert said in text
    assert "\n" not in text


def test_kernel_and_memory_may_differ(whole):
    first, second = chosen(whole, {1, 2}), chosen(whole, {3, 4})
    second = of_environment(kernel="6.2.0", memory_bytes=2**30)(second)

    assert merge(named(first, second)).environment.memory_bytes == 2**30


def test_a_launch_does_not_count_twice(whole):
    first, second = chosen(whole, {1, 2}), chosen(whole, {2, 3})

    with pytest.raises(ResultsError, match=r"b\.json: holds a launch that is in a"):
        merge(named(first, second))


def test_one_file_is_nothing_to_merge(whole):
    with pytest.raises(ResultsError, match="at least two"):
        merge(named(whole))


def test_yardsticks_are_merged_by_workload(whole):
    first, second = chosen(whole, {1, 2}), chosen(whole, {3})

    merged = merge(named(first, second))

    counts = [len(each.turns) for each in merged.yardsticks]
    assert counts == [3] * len(whole.yardsticks)
