"""The rule of the gate, on numbers that are drawn: no process and no clock."""

import asyncio
import math
import random
import time

import pytest

from rnnbench.model.case import Case
from rnnbench.model.run import Status
from rnnbench.regression.gate_decision import Decision, Judgement, Verdict, examine
from rnnbench.regression.pair import Fault, Match, Side


def match(layer="lstm", hidden_size=8):
    case = Case(
        layer=layer, input_size=8, hidden_size=hidden_size, seq_len=4, batch_size=2
    )
    return Match(case, case)


class Drawn:
    """Launches whose log-ratios are drawn about `levels`; it counts them."""

    def __init__(self, levels, spread=0.004, seed=0):
        self.deadline = time.monotonic() + 1000
        self.levels = levels
        self.spread = spread
        self.random = random.Random(seed)
        self.launches = []

    async def launch(self, matches):
        self.launches.append(tuple(matches))
        return {one: self.bout(one) for one in matches}

    def bout(self, one):
        level = self.levels.get(one, 0.0)
        return level if isinstance(level, tuple) else self.draw(level)

    def draw(self, level):
        return self.random.gauss(level, self.spread)


def verdicts(launcher, matches):
    return [one.verdict for one in asyncio.run(examine(matches, launcher))]


def test_equal_versions_are_not_flagged():
    matches = [match(hidden_size=size) for size in range(1, 61)]

    found = [
        verdict
        for seed in range(100)
        for verdict in verdicts(Drawn({}, seed=seed), matches)
    ]

    # 6,000 of them, at the spread that pairs of equal versions were seen to have.
    assert Verdict.REGRESSION not in found
    assert found.count(Verdict.UNCHANGED) > 0.99 * len(found)


def test_at_the_edge_of_the_band_the_level_holds():
    matches = [match(hidden_size=size) for size in range(1, 11)]
    edge = dict.fromkeys(matches, math.log(1.01))

    nights = [
        Verdict.REGRESSION in verdicts(Drawn(edge, spread=0.02, seed=seed), matches)
        for seed in range(300)
    ]

    # At most 1 % of nights would have a first flag at each of two looks.
    assert sum(nights) <= 3


@pytest.mark.parametrize(("slowdown", "least"), [(1.03, 0.9), (1.05, 1.0)])
def test_a_slowdown_is_found(slowdown, least):
    matches = [match(hidden_size=size) for size in range(1, 21)]
    levels = {matches[3]: math.log(slowdown)}

    nights = [verdicts(Drawn(levels, seed=seed), matches) for seed in range(50)]

    assert sum(one[3] is Verdict.REGRESSION for one in nights) >= least * len(nights)
    assert not any(Verdict.REGRESSION in one[:3] + one[4:] for one in nights)


def test_what_is_faster_is_called_so():
    one = match()

    assert verdicts(Drawn({one: -0.05}), [one]) == [Verdict.IMPROVEMENT]


def test_a_flag_is_measured_anew_by_processes_of_its_own():
    slow, same = match("gru"), match("lstm")
    launcher = Drawn({slow: 0.05})

    asyncio.run(examine([slow, same], launcher))

    assert launcher.launches == [(slow, same)] * 7 + [(slow,)] * 7


def test_a_flag_that_chance_raised_is_cleared():
    one = match()

    class Lucky(Drawn):
        def draw(self, level):
            return super().draw(0.05 if len(self.launches) <= 7 else 0.0)

    (judgement,) = asyncio.run(examine([one], Lucky({})))

    assert judgement.verdict is Verdict.CLEARED
    assert judgement.first.estimate > 1.04
    assert judgement.confirmed.estimate < 1.01


def test_what_is_too_wide_gets_more_launches_and_then_no_answer():
    wide, narrow = match("gru"), match("lstm")
    levels = {wide: 0.01}

    class Wide(Drawn):
        def draw(self, level):
            spread = 0.05 if level else 0.001
            return level + spread * (-1) ** len(self.launches)

    launcher = Wide(levels)

    assert verdicts(launcher, [wide, narrow]) == [
        Verdict.INCONCLUSIVE,
        Verdict.UNCHANGED,
    ]
    assert launcher.launches == [(wide, narrow)] * 7 + [(wide,)] * 7


def fault(side, status=Status.ERROR):
    return (Fault(side, status, "no"),)


@pytest.mark.parametrize(
    ("faults", "verdict"),
    [
        (fault(Side.CANDIDATE), Verdict.BROKEN),
        (fault(Side.CANDIDATE, Status.KILLED), Verdict.BROKEN),
        (fault(Side.CANDIDATE, Status.SKIPPED), Verdict.UNMEASURED),
        (fault(Side.BASE), Verdict.UNMEASURED),
        (fault(Side.BASE) + fault(Side.CANDIDATE), Verdict.UNMEASURED),
    ],
)
def test_a_failure_is_worse_only_where_the_base_had_none(faults, verdict):
    one = match()
    launcher = Drawn({one: faults})

    (judgement,) = asyncio.run(examine([one], launcher))

    assert judgement.verdict is verdict
    assert f"{faults[0].side}: {faults[0].status}: no" in judgement.reason
    assert len(launcher.launches) == 2


def test_a_failure_by_chance_is_made_up_for():
    one = match()

    class Once(Drawn):
        def bout(self, one):
            return fault(Side.BASE) if len(self.launches) == 3 else self.draw(0.0)

    launcher = Once({})

    assert verdicts(launcher, [one]) == [Verdict.UNCHANGED]
    assert len(launcher.launches) == 8


def test_a_budget_that_ends_before_a_look_judges_nothing():
    one = match()

    class Short(Drawn):
        async def launch(self, matches):
            return await super().launch(matches) if len(self.launches) < 6 else {}

    (judgement,) = asyncio.run(examine([one], Short({one: 0.5})))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason == "the budget ended after 6 of 7 launches"


def test_a_flag_without_time_to_confirm_it_is_none():
    one = match()

    class Short(Drawn):
        async def launch(self, matches):
            return await super().launch(matches) if len(self.launches) < 7 else {}

    (judgement,) = asyncio.run(examine([one], Short({one: 0.5})))

    assert judgement.verdict is Verdict.UNCONFIRMED


def test_a_part_of_the_budget_is_kept_for_confirming():
    one = match()
    seen = []

    class Watched(Drawn):
        async def launch(self, matches):
            seen.append(self.deadline)
            return await super().launch(matches)

    launcher = Watched({one: 0.05})
    end, now = launcher.deadline, time.monotonic()

    asyncio.run(examine([one], launcher))

    assert seen[0] == pytest.approx(end - (end - now) / 3, abs=1)
    assert seen[7] == end


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([Verdict.UNCHANGED, Verdict.REGRESSION], 1),
        ([Verdict.UNMEASURED, Verdict.BROKEN], 1),
        ([Verdict.UNCHANGED, Verdict.UNMEASURED, Verdict.INCONCLUSIVE], 0),
        ([Verdict.CLEARED], 0),
        ([Verdict.IMPROVEMENT], 0),
        ([Verdict.UNMEASURED, Verdict.INCONCLUSIVE, Verdict.UNCONFIRMED], 2),
        ([], 2),
    ],
)
def test_the_exit_code_is_of_what_was_judged(found, code):
    judgements = tuple(Judgement(match(), verdict) for verdict in found)

    decision = Decision(sweep="s", environments={}, judgements=judgements, seconds=1.0)

    assert decision.exit_code == code
