import math
from dataclasses import replace

import pytest

from rnnbench.analysis.ratio import Verdict, absolute, backend, judge, pooled, ratios
from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Turns
from rnnbench.model.status import Status


def truth(case):
    """A GRU takes 1.5 times an LSTM's time; without oneDNN an LSTM takes twice."""
    seconds = {"lstm": 1e-3, "gru": 1.5e-3, "rnn_tanh": 0.5e-3}[case.layer]
    return seconds * (2 if case.layer == "lstm" and not case.onednn else 1)


def only(run, metric=TIME, **wanted):
    return [
        ratio
        for ratio in ratios(run)
        if ratio.metric is metric
        and all(getattr(ratio.pair.candidate, k) == v for k, v in wanted.items())
    ]


def test_the_known_ratio_lies_in_the_interval_whatever_disturbs_a_launch(
    make_sweep, simulate
):
    run = simulate(make_sweep(layer=["lstm", "gru"]), truth, noise=0.01)

    (ratio,) = only(run)

    assert ratio.interval.low < 1.5 < ratio.interval.high
    assert ratio.interval.half_width < 0.05
    assert ratio.verdict is Verdict.SLOWER
    assert len(ratio.logs) == ratio.interval.count == 6


def test_intervals_hold_the_truth_about_as_often_as_they_say(make_sweep, simulate):
    sizes = list(range(16, 216))

    run = simulate(make_sweep(hidden_size=sizes, layer=["lstm", "gru"]), truth)
    held = [r.interval.low < 1.5 < r.interval.high for r in only(run)]

    assert 0.90 <= sum(held) / len(held) <= 0.99


def test_a_gru_without_a_switch_is_held_against_the_lstm_with_it_and_without(
    make_case, simulate
):
    cases = [make_case(), make_case(onednn=False), make_case(layer="gru")]

    run = simulate(cases, truth)
    found = {
        (r.pair.axis, backend(r.pair.baseline)): r.verdict
        for r in ratios(run)
        if r.metric is TIME
    }

    assert found == {
        ("layer", "oneDNN on"): Verdict.SLOWER,
        ("layer", "oneDNN off"): Verdict.FASTER,
        ("onednn", "oneDNN on"): Verdict.SLOWER,
    }


@pytest.mark.parametrize(
    ("low", "high", "time", "memory"),
    [
        (0.50, 0.60, Verdict.FASTER, Verdict.LESS),
        (0.97, 0.99, Verdict.FASTER, Verdict.LESS),
        (0.985, 1.015, Verdict.TIE, Verdict.TIE),
        (1.005, 1.015, Verdict.TIE, Verdict.TIE),
        (0.97, 1.01, Verdict.UNDECIDED, Verdict.UNDECIDED),
        (0.0, math.inf, Verdict.UNDECIDED, Verdict.UNDECIDED),
        (1.01, 1.03, Verdict.SLOWER, Verdict.MORE),
        (2.0, 3.0, Verdict.SLOWER, Verdict.MORE),
    ],
)
def test_the_verdict_is_where_the_interval_lies(low, high, time, memory):
    interval = Interval((low + high) / 2, low, high, 6)

    assert judge(interval, TIME) is time
    assert judge(interval, PEAK_MEMORY) is memory


def test_a_ratio_and_its_inverse_are_judged_alike():
    for edge in (1.0199, 1.0201):
        over = judge(Interval(1.01, 1.0, edge, 6))
        under = judge(Interval(1 / 1.01, 1 / edge, 1.0, 6))

        assert over is under


def test_one_launch_decides_nothing(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), truth, launches=1)

    (ratio,) = only(run)

    assert ratio.verdict is Verdict.UNDECIDED
    assert ratio.interval.high == math.inf


def test_only_launches_that_measured_both_are_compared(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), truth)
    lstm, gru = run.results
    run = replace(run, results=(lstm, replace(gru, turns=gru.turns[2:])))

    (ratio,) = only(run)

    assert [launch for launch, _ in ratio.logs] == [3, 4, 5, 6]


def test_turns_that_do_not_meet_in_rounds_are_not_compared(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), truth)
    lstm, gru = run.results
    odd = (Turns(1, (1.0,)), *gru.turns[1:])
    run = replace(run, results=(lstm, replace(gru, turns=odd)))

    (ratio,) = only(run)

    assert [launch for launch, _ in ratio.logs] == [2, 3, 4, 5, 6]


def test_what_has_no_turns_has_no_ratio(make_case, make_result, make_run):
    run = make_run(
        [
            make_result(make_case()),
            make_result(make_case(layer="gru"), status=Status.KILLED),
        ]
    )

    assert ratios(run) == ()


@pytest.mark.parametrize("axis", ["threads", "allocator"])
def test_what_a_process_is_started_with_is_compared_over_launches(
    make_sweep, simulate, axis
):
    values = {"threads": [1, 2], "allocator": ["steady", "system"]}[axis]
    plain = values[0]

    run = simulate(
        make_sweep(**{axis: values}),
        lambda case: 1.0 if getattr(case, axis) == plain else 3.0,
        noise=0.01,
    )
    (ratio,) = [each for each in ratios(run) if each.metric is TIME]

    assert ratio.pair.axis == axis
    assert getattr(ratio.pair.baseline, axis) == plain
    assert ratio.interval.low < 3 < ratio.interval.high
    assert ratio.verdict is Verdict.SLOWER


def test_the_ratio_of_memory_is_exact(make_sweep, simulate):
    run = simulate(
        make_sweep(layer=["lstm", "gru"]),
        truth,
        memory=lambda case: 3000 if case.layer == "gru" else 4000,
    )

    (ratio,) = only(run, PEAK_MEMORY)

    assert ratio.interval == Interval(0.75, 0.75, 0.75, 1)
    assert ratio.verdict is Verdict.LESS


@pytest.mark.parametrize(("ours", "theirs"), [(None, 1), (1, None), (0, 1), (1, 0)])
def test_memory_that_was_not_read_or_not_needed_has_no_ratio(
    make_case, make_result, make_run, ours, theirs
):
    run = make_run(
        [
            make_result(make_case(layer="gru"), peak_memory=ours),
            make_result(make_case(), peak_memory=theirs),
        ]
    )

    assert only(run, PEAK_MEMORY) == []


def test_pooling_takes_the_launches_that_half_of_the_ratios_share(make_sweep, simulate):
    run = simulate(
        make_sweep(hidden_size=[16, 32, 64], layer=["lstm", "gru"]),
        lambda case: (
            truth(case) * (2 if (case.layer, case.hidden_size) == ("gru", 32) else 1)
        ),
        noise=0.01,
    )
    first, second, *others, last = run.results
    run = replace(
        run,
        results=(
            first,
            replace(second, turns=second.turns[:5]),
            *others,
            replace(last, turns=last.turns[:4]),
        ),
    )

    found = only(run)
    interval = pooled(found)

    # The fifth launch has two of three ratios, the sixth but one.
    assert interval.count == 5
    logs = [math.log(ratio.interval.estimate) for ratio in found]
    assert math.log(interval.estimate) == pytest.approx(sum(logs) / 3)
    assert interval.half_width < 0.1


def test_pooling_without_a_common_launch_gives_nothing(make_sweep, simulate):
    run = simulate(make_sweep(hidden_size=[16, 32, 64], layer=["lstm", "gru"]), truth)
    parts = [
        replace(result, turns=result.turns[place // 2 * 2 : place // 2 * 2 + 2])
        for place, result in enumerate(run.results)
    ]

    assert pooled(only(replace(run, results=tuple(parts)))) is None


def test_pooling_nothing_gives_nothing():
    assert pooled([]) is None


def test_pooled_memory_is_the_geometric_mean(make_sweep, simulate):
    run = simulate(
        make_sweep(hidden_size=[16, 32], layer=["lstm", "gru"]),
        truth,
        memory=lambda c: 100 if c.layer == "lstm" else {16: 50, 32: 200}[c.hidden_size],
    )

    assert pooled(only(run, PEAK_MEMORY)).estimate == pytest.approx(1.0)


def test_the_time_of_a_case_is_between_its_launches(make_turns):
    interval = absolute(make_turns(2e-3, noise=0.01))

    assert interval.low < 2e-3 < interval.high
    assert interval.count == 6


def test_what_was_not_measured_has_no_time():
    assert absolute(()) is None
