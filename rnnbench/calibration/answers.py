"""The answers of a self-check: rates with intervals, and the shift with busy lanes."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import takewhile
from math import expm1, log
from statistics import fmean, median

from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.analysis.ratio import TIE, Verdict, judge
from rnnbench.analysis.stats import Interval, holm, rate_interval, ratio_interval, welch
from rnnbench.calibration.self_check import CheckedMember, CheckedShape, SelfCheck
from rnnbench.model.run import paired

# Two ratios that differ by less than this give the same answer: see `TIE`.
CLOSE = TIE - 1
# The largest probability of calling a sound number of lanes unsound.
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Repeats:
    """Differences between ratios of two layers that were measured twice, as shares.

    `close`: the share of repeats that differ by less than `CLOSE`.
    """

    close: Interval
    median: float
    largest: float


@dataclass(frozen=True, slots=True)
class LaneShift:
    """How much ratios differ between `lanes` busy lanes and one, as shares.

    `median` and `largest` are over shapes. `is_sound`: no ratio is shown to shift by
    more than `CLOSE`.
    """

    lanes: int
    median: float
    largest: float
    is_sound: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """Shares of verdicts; None, or no row, where there are too few launches.

    `different`: equal layers that are called faster or slower. `found`: for each
    slowdown the members that are called slower. `shifts`: for each number of lanes
    beyond one.
    """

    different: Interval | None
    found: tuple[tuple[float, Interval], ...]
    repeats: Repeats | None
    shifts: tuple[LaneShift, ...]

    @property
    def sound_lanes(self) -> int | None:
        """The most lanes such that this and every smaller number is sound, or None."""
        if not self.shifts:
            return None
        sound = takewhile(lambda shift: shift.is_sound, self.shifts)
        return max((shift.lanes for shift in sound), default=1)


def answers_of(check: SelfCheck) -> Answers:
    """Give each set of launches the verdict that a run of that size would give.

    Sets share no launch, so that their verdicts are independent.
    """
    sets = [
        (shape, launches)
        for shape in check.shapes
        for launches in _sets(shape, check.set_launches)
    ]
    slowdowns = sorted({share for shape, _ in sets for share in _slowdowns(shape)})
    return Answers(
        _share(
            _verdict(other, first, launches) in (Verdict.FASTER, Verdict.SLOWER)
            for shape, launches in sets
            for first, other in _equals(shape)
        ),
        tuple(
            (share, found)
            for share in slowdowns
            if (found := _found(share, sets)) is not None
        ),
        _repeats(check),
        tuple(_shifts(check)),
    )


Launches = AbstractSet[int]


def _found(
    share: float, sets: Iterable[tuple[CheckedShape, Launches]]
) -> Interval | None:
    return _share(
        _verdict(member, _plain_of(shape, member), launches) is Verdict.SLOWER
        for shape, launches in sets
        for member in shape.members
        if member.slowdown == share
    )


def _repeats(check: SelfCheck) -> Repeats | None:
    """Differences between the two sets of each pair of successive sets."""
    apart = []
    for shape in check.shapes:
        pair = _layers(shape)
        if pair is None:
            continue
        logs = [
            fmean(_logs(*pair, launches))
            for launches in _sets(shape, check.set_launches)
        ]
        pairs = zip(logs[::2], logs[1::2], strict=False)
        apart += [expm1(abs(after - before)) for before, after in pairs]
    if not apart:
        return None
    close = rate_interval(sum(each < CLOSE for each in apart), len(apart))
    return Repeats(close, median(apart), max(apart))


def _shifts(check: SelfCheck) -> Iterator[LaneShift]:
    """The shift for each number of lanes at which every shape has enough launches."""
    launches: dict[int, set[int]] = {}
    for launch, busy in enumerate(check.busy):
        launches.setdefault(busy, set()).add(launch)
    pairs = [pair for pair in map(_layers, check.shapes) if pair]
    alone = [_logs(*pair, launches.get(1, set())) for pair in pairs]
    for busy in sorted(launches.keys() - {1}):
        beside = [_logs(*pair, launches[busy]) for pair in pairs]
        if min(map(len, (*beside, *alone)), default=0) < check.set_launches:
            continue
        gaps = [welch(*both) for both in zip(beside, alone, strict=True)]
        sizes = [expm1(abs(gap.estimate)) for gap in gaps]
        beyond = [gap.p_beyond(log(TIE)) for gap in gaps]
        is_sound = not any(holm(beyond, _LEVEL))
        yield LaneShift(busy, median(sizes), max(sizes), is_sound)


def _sets(shape: CheckedShape, size: int) -> list[Launches]:
    """Launches in which every member took turns, in sets of `size`."""
    each = [{turns.launch for turns in member.turns} for member in shape.members]
    shared = sorted(set.intersection(*each)) if each else []
    starts = range(0, len(shared) - size + 1, size)
    return [frozenset(shared[start : start + size]) for start in starts]


def _verdict(
    candidate: CheckedMember, baseline: CheckedMember, launches: Launches
) -> Verdict:
    return judge(ratio_interval(_logs(candidate, baseline, launches)))


def _logs(
    candidate: CheckedMember, baseline: CheckedMember, launches: Launches
) -> list[float]:
    """The log-ratio of each launch, as a run takes it."""
    ours, theirs = (
        [turns for turns in member.turns if turns.launch in launches]
        for member in (candidate, baseline)
    )
    pairs = paired(ours, theirs)
    return [log_ratio(one.seconds, other.seconds) for one, other in pairs]


def _plain_members(shape: CheckedShape) -> list[CheckedMember]:
    return [member for member in shape.members if not member.slowdown]


def _layers(shape: CheckedShape) -> tuple[CheckedMember, CheckedMember] | None:
    """A layer that differs from the first one, and the first one; None without one."""
    first, *others = _plain_members(shape)
    pair = next((other for other in others if other.case != first.case), None)
    return None if pair is None else (pair, first)


def _equals(shape: CheckedShape) -> Iterator[tuple[CheckedMember, CheckedMember]]:
    """The first member of each case, with each further one."""
    for member in _plain_members(shape):
        first = _plain_of(shape, member)
        if first is not member:
            yield first, member


def _plain_of(shape: CheckedShape, member: CheckedMember) -> CheckedMember:
    plain = _plain_members(shape)
    return next(each for each in plain if each.case == member.case)


def _slowdowns(shape: CheckedShape) -> Sequence[float]:
    return [member.slowdown for member in shape.members if member.slowdown]


def _share(claims: Iterable[bool]) -> Interval | None:
    each = list(claims)
    return rate_interval(sum(each), len(each)) if each else None
