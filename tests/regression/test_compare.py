from dataclasses import replace

import pytest

from rnnbench.model.errors import IncomparableError
from rnnbench.model.run import TurnValue, YardstickTurns
from rnnbench.model.status import Status
from rnnbench.regression.compare import compare
from rnnbench.regression.compared_value import CompareVerdict

QUIET = {"noise": 0.001}


@pytest.fixture(scope="module")
def cases(make_sweep):
    return make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32])


@pytest.fixture(scope="module")
def night(cases, simulate):
    """A run in which a GRU takes `factor` times as long as an LSTM."""

    def make(factor=1.0, seed=1, **values):
        truth = {"lstm": 1e-3, "gru": 1e-3 * factor}
        run = simulate(
            cases,
            lambda case: truth[case.layer],
            memory=lambda case: 4096,
            seed=seed,
            **(QUIET | values),
        )
        return replace(run, yardsticks=())

    return make


def verdicts(comparison, metric):
    return {
        value.case.partition("-")[0]: value.verdict
        for value in comparison.rows
        if value.metric == metric
    }


def with_first(run, **values):
    first, *others = run.results
    return replace(run, results=(replace(first, **values), *others))


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [
        (1.10, CompareVerdict.REGRESSION),
        (0.90, CompareVerdict.IMPROVEMENT),
        (1.00, CompareVerdict.UNCHANGED),
        (1.01, CompareVerdict.INCONCLUSIVE),
    ],
)
def test_a_verdict_is_where_the_interval_lies(night, factor, verdict):
    found = compare(night(), night(factor, seed=99))

    assert verdicts(found, "ratio") == {"gru": verdict}
    assert verdicts(found, "time")["lstm"] is CompareVerdict.UNCHANGED


def test_noise_is_inconclusive_and_nothing_is_worse(night):
    found = compare(night(noise=0.05), night(noise=0.05, seed=99))

    assert set(verdicts(found, "time").values()) == {CompareVerdict.INCONCLUSIVE}
    assert found.exit_code == 0


def test_a_wider_band_flags_less(night):
    found = compare(night(), night(1.10, seed=99), tolerance=0.2)

    assert found.exit_code == 0
    assert verdicts(found, "ratio") == {"gru": CompareVerdict.UNCHANGED}


@pytest.mark.parametrize(
    ("bytes_", "verdict"),
    [
        (4097, CompareVerdict.REGRESSION),
        (4095, CompareVerdict.IMPROVEMENT),
        (4096, CompareVerdict.UNCHANGED),
        (None, CompareVerdict.INCOMPARABLE),
        (0, CompareVerdict.IMPROVEMENT),
    ],
)
def test_memory_is_exact(night, bytes_, verdict):
    new = with_first(night(), peak_memory=bytes_, memory_reason="no reading")

    found = compare(night(), new)

    values = [
        value
        for value in found.rows
        if value.metric == "peak memory" and value.candidate == bytes_
    ]
    assert verdict in {value.verdict for value in values}
    assert found.exit_code == (verdict is CompareVerdict.REGRESSION)


def test_the_yardstick_takes_out_what_slows_a_whole_launch(night, make_turns):
    def disturbed(seed):
        # What simulate() shares within a launch is the yardstick here, too.
        run = night(seed=seed)
        results, sticks = [], []
        for result in run.results:
            shared = make_turns(1.0, noise=0.2, seed=seed)
            turns = tuple(
                replace(
                    own,
                    seconds=tuple(
                        a * b for a, b in zip(own.seconds, all_.seconds, strict=True)
                    ),
                )
                for own, all_ in zip(
                    make_turns(1e-3, noise=0.001, seed=seed), shared, strict=True
                )
            )
            results.append(replace(result, turns=turns))
            sticks.append((result.workload, shared))
        return run, results, dict(sticks)

    from_yardstick = []
    for seed in (3, 4):
        run, results, sticks = disturbed(seed)
        yardsticks = tuple(
            replace(stick, turns=sticks[stick.workload])
            for stick in _sticks(run, sticks)
        )
        from_yardstick.append(
            replace(run, results=tuple(results), yardsticks=yardsticks)
        )
    without = [replace(run, yardsticks=()) for run in from_yardstick]

    assert (
        verdicts(compare(*from_yardstick), "time")["lstm"] is CompareVerdict.UNCHANGED
    )
    assert verdicts(compare(*without), "time")["lstm"] is CompareVerdict.INCONCLUSIVE


def _sticks(run, sticks):
    return [YardstickTurns(workload, turns) for workload, turns in sticks.items()]


def test_equal_runs_are_rarely_called_worse(night):
    pairs = [(2 * seed, 2 * seed + 1) for seed in range(100, 200)]

    false_alarms = sum(
        compare(
            night(noise=0.02, seed=31 * a), night(noise=0.02, seed=31 * b)
        ).exit_code
        for a, b in pairs
    )

    # Comparisons that called anything worse: 6 values each, at 5 % over all of them and
    # beyond 1 %. Of 100 comparisons chance may give at most 5.
    assert false_alarms <= 5


def test_a_ratio_that_grows_because_its_denominator_is_faster_is_not_worse(
    night, cases
):
    base, new = night(), night(seed=99)
    faster = tuple(
        replace(
            result,
            turns=tuple(
                replace(t, seconds=tuple(s * 0.8 for s in t.seconds))
                for t in result.turns
            ),
        )
        if result.case.layer == "lstm"
        else result
        for result in new.results
    )

    found = compare(base, replace(new, results=faster))

    assert verdicts(found, "ratio") == {"gru": CompareVerdict.REGRESSION}
    assert verdicts(found, "time")["lstm"] is CompareVerdict.IMPROVEMENT
    assert found.exit_code == 0


def test_cases_of_one_file_alone_are_listed(night):
    base, new = night(), night(seed=99)
    found = compare(
        replace(base, results=base.results[1:]), replace(new, results=new.results[:-1])
    )

    one_sided = {
        value.verdict: value.case
        for value in found.rows
        if value.baseline is value.candidate is None
    }
    assert one_sided[CompareVerdict.ADDED] == base.results[0].case.id
    assert one_sided[CompareVerdict.REMOVED] == base.results[-1].case.id


def test_a_layer_of_another_name_and_the_same_sizes_is_perhaps_the_same(
    night, make_case, make_result
):
    old, new = (make_result(make_case(layer=name)) for name in ("my.rnn:a", "my.rnn:b"))
    base = night()

    found = compare(
        replace(base, results=(*base.results, old)),
        replace(base, results=(*base.results, new)),
    )

    assert found.renamed == ((old.case.id, new.case.id),)


@pytest.mark.parametrize(
    ("status", "code"), [(Status.KILLED, 2), (Status.TIMEOUT, 2), (Status.SKIPPED, 0)]
)
def test_a_case_that_fails_now_is_listed_and_does_not_pass(night, status, code):
    new = with_first(night(), status=status, reason="gone", turns=())

    found = compare(night(), new)

    values = [v for v in found.rows if v.verdict is CompareVerdict.INCOMPARABLE]
    assert [value.note for value in values] == [
        f"baseline ok, candidate {status}: gone"
    ]
    assert found.exit_code == code
    assert bool(found.failed) == (code == 2)


def test_one_launch_decides_nothing(night):
    found = compare(night(launches=1), night(2.0, launches=1, seed=9))

    assert set(verdicts(found, "ratio").values()) == {CompareVerdict.INCONCLUSIVE}


def test_another_machine_is_refused_by_the_field(night):
    new = night()
    other = replace(new.environment, cpu_model="Other CPU")

    with pytest.raises(IncomparableError, match=r"cpu_model '.*' -> 'Other CPU'"):
        compare(night(), replace(new, environment=other))


def test_another_torch_is_named_and_compared(night):
    new = night()
    other = replace(new.environment, torch="9.9", memory_bytes=1)

    found = compare(night(), replace(new, environment=other))

    assert [one.field for one in found.environment] == ["torch"]
    assert found.exit_code == 0


def test_medians_of_calls_are_not_compared_with_the_fastest_calls(night):
    old = replace(night(), turn=TurnValue.MEDIAN)

    with pytest.raises(IncomparableError, match=r"the median .* and the fastest in"):
        compare(old, night())
    assert compare(old, old).exit_code == 0


def test_files_without_a_common_case_can_not_be_compared(night):
    run = night()

    with pytest.raises(IncomparableError, match="no case in common"):
        compare(
            replace(run, results=run.results[:1]), replace(run, results=run.results[1:])
        )


def test_files_without_a_measured_case_can_not_be_compared(night):
    base = replace(night(), results=night().results[:1])
    new = with_first(base, status=Status.ERROR, reason="x", turns=())

    with pytest.raises(IncomparableError, match="no case was measured"):
        compare(base, new)
