"""The rule of the gate on drawn numbers, without a process."""

import asyncio
import math
import random
import time

import pytest

from rnnbench.model.case import Case
from rnnbench.model.status import Status
from rnnbench.regression.case_pair import CasePair, Side, SideFault
from rnnbench.regression.gate_decision import (
    GateDecision,
    GateVerdict,
    Judgement,
    judge_pairs,
)


def pair(layer="lstm", hidden_size=8):
    case = Case(
        layer=layer, input_size=8, hidden_size=hidden_size, seq_len=4, batch_size=2
    )
    return CasePair(case, case)


class Drawn:
    """A launcher that draws log-ratios around `levels` and records its launches."""

    def __init__(self, levels, spread=0.004, seed=0):
        self.deadline = time.monotonic() + 1000
        self.levels = levels
        self.spread = spread
        self.random = random.Random(seed)
        self.launches = []

    async def launch(self, pairs):
        self.launches.append(tuple(pairs))
        return {some: self.result(some) for some in pairs}

    def result(self, some):
        level = self.levels.get(some, 0.0)
        return level if isinstance(level, tuple) else self.draw(level)

    def draw(self, level):
        return self.random.gauss(level, self.spread)


def verdicts(launcher, pairs):
    return [one.verdict for one in asyncio.run(judge_pairs(pairs, launcher))]


def test_equal_versions_are_not_flagged():
    pairs = [pair(hidden_size=size) for size in range(1, 61)]

    found = [
        verdict
        for seed in range(100)
        for verdict in verdicts(Drawn({}, seed=seed), pairs)
    ]

    # 6,000 pairs, with the spread that was measured for pairs of equal versions.
    assert GateVerdict.REGRESSION not in found
    assert found.count(GateVerdict.UNCHANGED) > 0.99 * len(found)


def test_at_the_edge_of_the_band_the_level_holds():
    pairs = [pair(hidden_size=size) for size in range(1, 11)]
    edge = dict.fromkeys(pairs, math.log(1.01))

    nights = [
        GateVerdict.REGRESSION in verdicts(Drawn(edge, spread=0.02, seed=seed), pairs)
        for seed in range(300)
    ]

    # At most 1 % of nights would have a first flag at each of two looks.
    assert sum(nights) <= 3


@pytest.mark.parametrize(("slowdown", "least"), [(1.03, 0.9), (1.05, 1.0)])
def test_a_slowdown_is_found(slowdown, least):
    pairs = [pair(hidden_size=size) for size in range(1, 21)]
    levels = {pairs[3]: math.log(slowdown)}

    nights = [verdicts(Drawn(levels, seed=seed), pairs) for seed in range(50)]

    assert sum(one[3] is GateVerdict.REGRESSION for one in nights) >= least * len(
        nights
    )
    assert not any(GateVerdict.REGRESSION in one[:3] + one[4:] for one in nights)


def test_a_faster_candidate_is_an_improvement():
    some = pair()

    assert verdicts(Drawn({some: -0.05}), [some]) == [GateVerdict.IMPROVEMENT]


def test_a_flagged_pair_is_measured_again_alone():
    slow, same = pair("gru"), pair("lstm")
    launcher = Drawn({slow: 0.05})

    asyncio.run(judge_pairs([slow, same], launcher))

    assert launcher.launches == [(slow, same)] * 7 + [(slow,)] * 7


def test_a_flag_raised_by_chance_is_cleared():
    some = pair()

    class Lucky(Drawn):
        def draw(self, level):
            return super().draw(0.05 if len(self.launches) <= 7 else 0.0)

    (judgement,) = asyncio.run(judge_pairs([some], Lucky({})))

    assert judgement.verdict is GateVerdict.CLEARED
    assert judgement.first.estimate > 1.04
    assert judgement.confirmed.estimate < 1.01


def test_a_wide_interval_gets_more_launches_and_then_no_verdict():
    wide, narrow = pair("gru"), pair("lstm")
    levels = {wide: 0.01}

    class Wide(Drawn):
        def draw(self, level):
            spread = 0.05 if level else 0.001
            return level + spread * (-1) ** len(self.launches)

    launcher = Wide(levels)

    assert verdicts(launcher, [wide, narrow]) == [
        GateVerdict.INCONCLUSIVE,
        GateVerdict.UNCHANGED,
    ]
    assert launcher.launches == [(wide, narrow)] * 7 + [(wide,)] * 7


def fault(side, status=Status.ERROR):
    return (SideFault(side, status, "no"),)


@pytest.mark.parametrize(
    ("faults", "verdict"),
    [
        (fault(Side.CANDIDATE), GateVerdict.BROKEN),
        (fault(Side.CANDIDATE, Status.KILLED), GateVerdict.BROKEN),
        (fault(Side.CANDIDATE, Status.SKIPPED), GateVerdict.UNMEASURED),
        (fault(Side.BASELINE), GateVerdict.UNMEASURED),
        (fault(Side.BASELINE) + fault(Side.CANDIDATE), GateVerdict.UNMEASURED),
    ],
)
def test_a_failure_is_worse_only_if_the_baseline_had_none(faults, verdict):
    some = pair()
    launcher = Drawn({some: faults})

    (judgement,) = asyncio.run(judge_pairs([some], launcher))

    assert judgement.verdict is verdict
    assert f"{faults[0].side}: {faults[0].status}: no" in judgement.reason
    assert len(launcher.launches) == 2


def test_a_single_failure_is_repeated():
    some = pair()

    class Once(Drawn):
        def result(self, some):
            return fault(Side.BASELINE) if len(self.launches) == 3 else self.draw(0.0)

    launcher = Once({})

    assert verdicts(launcher, [some]) == [GateVerdict.UNCHANGED]
    assert len(launcher.launches) == 8


def test_a_budget_that_ends_before_a_look_judges_nothing():
    some = pair()

    class Short(Drawn):
        async def launch(self, pairs):
            return await super().launch(pairs) if len(self.launches) < 6 else {}

    (judgement,) = asyncio.run(judge_pairs([some], Short({some: 0.5})))

    assert judgement.verdict is GateVerdict.INCONCLUSIVE
    assert judgement.reason == "the budget ended after 6 of 7 launches"


def test_a_flag_without_time_to_confirm_it_stays_unconfirmed():
    some = pair()

    class Short(Drawn):
        async def launch(self, pairs):
            return await super().launch(pairs) if len(self.launches) < 7 else {}

    (judgement,) = asyncio.run(judge_pairs([some], Short({some: 0.5})))

    assert judgement.verdict is GateVerdict.UNCONFIRMED


def test_a_part_of_the_budget_is_reserved_for_confirming():
    some = pair()
    seen = []

    class Watched(Drawn):
        async def launch(self, pairs):
            seen.append(self.deadline)
            return await super().launch(pairs)

    launcher = Watched({some: 0.05})
    end, now = launcher.deadline, time.monotonic()

    asyncio.run(judge_pairs([some], launcher))

    assert seen[0] == pytest.approx(end - (end - now) / 3, abs=1)
    assert seen[7] == end


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([GateVerdict.UNCHANGED, GateVerdict.REGRESSION], 1),
        ([GateVerdict.UNMEASURED, GateVerdict.BROKEN], 1),
        ([GateVerdict.UNCHANGED, GateVerdict.UNMEASURED, GateVerdict.INCONCLUSIVE], 0),
        ([GateVerdict.CLEARED], 0),
        ([GateVerdict.IMPROVEMENT], 0),
        (
            [GateVerdict.UNMEASURED, GateVerdict.INCONCLUSIVE, GateVerdict.UNCONFIRMED],
            2,
        ),
        ([], 2),
    ],
)
def test_the_exit_code_depends_on_judged_pairs_alone(found, code):
    judgements = tuple(Judgement(pair(), verdict) for verdict in found)

    decision = GateDecision(
        sweep="s", environments={}, judgements=judgements, seconds=1.0
    )

    assert decision.exit_code == code
