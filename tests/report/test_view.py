"""The view of a run: every statistic once, in groups that differ in sizes alone."""

import math
from heapq import nsmallest
from statistics import fmean, stdev

import pytest
from scipy.stats import t

from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.status import Status
from rnnbench.report.view import view


@pytest.fixture
def run(make_sweep, simulate):
    cases = [
        case
        for case in make_sweep(
            phase=["inference", "train"],
            hidden_size=[32, 64],
            layer=["rnn_tanh", "gru", "lstm"],
            onednn=[True, False],
        )
        if case.onednn or case.layer == "lstm"
    ]
    return simulate(
        cases, lambda c: 1e-5 * c.hidden_size * len(c.layer), memory=lambda c: 64
    )


def test_gru_and_lstm_come_first_then_layers_then_settings(run):
    contrasts = view(run).contrasts

    assert [(one.axis, *one.layers) for one in contrasts] == [
        ("layer", "gru", "lstm"),
        ("layer", "rnn_tanh", "lstm"),
        ("onednn", "lstm", "lstm"),
    ]
    assert view(run).main == contrasts[0]


def test_every_ratio_is_in_one_group_of_its_conditions(run):
    found = view(run)

    grouped = [ratio for group in found.groups for ratio in group.ratios]

    assert sorted(map(id, grouped)) == sorted(map(id, found.ratios))
    for group in found.groups:
        sizes = [ratio.pair.baseline.hidden_size for ratio in group.ratios]
        assert sorted(sizes) == [32, 64]


def test_defaults_stand_before_the_backend_that_is_off(run):
    found = view(run)

    conditions = [one.conditions for one in found.groups_of(found.main)]

    assert [(one.backend_words, one.phase_words) for one in conditions] == [
        ("oneDNN on", "inference"),
        ("oneDNN on", "training"),
        ("oneDNN off", "inference"),
        ("oneDNN off", "training"),
    ]


def undisturbed(seconds):
    """An independent way from turns to the time of a call: their lower third's mean."""
    third = math.ceil(len(seconds) / 3)
    return fmean(nsmallest(third, map(math.log, seconds)))


def test_ratios_and_means_follow_from_the_raw_turns(run):
    found = view(run)
    turns = {one.case: one.turns for one in run.results}

    for group in found.groups_of(found.main, TIME):
        logs = []
        for ratio in group.ratios:
            ours = [undisturbed(one.seconds) for one in turns[ratio.pair.candidate]]
            theirs = [undisturbed(one.seconds) for one in turns[ratio.pair.baseline]]
            own = [a - b for a, b in zip(ours, theirs, strict=True)]
            reach = t.ppf(0.975, len(own) - 1) * stdev(own) / len(own) ** 0.5
            low, high = (math.exp(fmean(own) + side * reach) for side in (-1, 1))
            assert ratio.interval.low == pytest.approx(low)
            assert ratio.interval.high == pytest.approx(high)
            logs.append(fmean(own))
        assert group.mean.estimate == pytest.approx(math.exp(fmean(logs)))


def test_wins_count_decided_sizes_on_each_side(make_sweep, simulate):
    cases = make_sweep(hidden_size=[8, 16, 32], layer=["lstm", "gru"])
    factors = {8: 2, 16: 0.5, 32: 1}

    run = simulate(
        cases,
        lambda c: 1e-3 * (factors[c.hidden_size] if c.layer == "gru" else 1),
        memory=lambda c: 100 if c.layer == "gru" else 200,
    )

    found = view(run)
    (time,) = found.groups_of(found.main, TIME)
    (memory,) = found.groups_of(found.main, PEAK_MEMORY)
    assert time.wins == (1, 1)
    assert memory.wins == (3, 0)
    assert memory.mean.estimate == pytest.approx(0.5)


def test_layers_at_equal_parameters_are_a_group_of_their_own(make_case, simulate):
    cases = [make_case(), make_case(layer="gru")]
    cases.append(make_case(layer="gru", hidden_size=19, parameters_of=16))

    run = simulate(cases, lambda case: 1e-3)

    found = view(run)
    equal = [one.conditions.equal_parameters for one in found.groups_of(found.main)]
    assert equal == [False, True]


def test_memory_alone_is_no_contrast_of_a_page(make_case, make_result, make_run):
    timed = make_result(make_case())
    killed = make_result(make_case(layer="gru"), status=Status.KILLED, peak_memory=9)

    found = view(make_run([timed, killed]))

    assert found.ratios
    assert found.contrasts == ()
    assert found.main is None


def test_each_case_has_its_time_and_its_provenance(run):
    for each in view(run).cases:
        logs = [undisturbed(turns.seconds) for turns in each.result.turns]
        assert each.time.estimate == pytest.approx(math.exp(fmean(logs)))
        assert each.provenance.label
        assert isinstance(each.limit, str)
