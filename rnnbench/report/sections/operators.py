"""Where the time of a call went: by kind, and by operator."""

from collections.abc import Sequence
from itertools import chain

from rnnbench.analysis.ratio import absolute
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.profile import Kind, Operator, Profile
from rnnbench.report.content import (
    Bar,
    BarPanel,
    Bars,
    Block,
    Cell,
    Column,
    Stretch,
    Table,
)
from rnnbench.report.sections.profiled import KINDS, Group, Member

_TOP = 6


def time_blocks(groups: Sequence[Group], charted: Sequence[Group]) -> list[Block]:
    """Bars by kind, the numbers of all, and the operators of those in the charts."""
    return [_bars(charted), _kinds(groups), _operators(charted)]


def _bars(groups: Sequence[Group]) -> Bars:
    panels = chain.from_iterable((_shares(one), _times(one)) for one in groups)
    return Bars(
        "why-kinds",
        "Where the time of one call goes, by kind of operator",
        "First the shares, then the time, of the same calls under the profiler, which "
        "slows them: the table has both times.",
        tuple((KINDS[kind], kind.value) for kind in Kind),
        tuple(panels),
    )


def _shares(group: Group) -> BarPanel:
    bars = [
        Bar(
            member.label,
            tuple(
                Stretch(KINDS[kind], 100 * share, f"{100 * share:.0f} %")
                for kind, share in shares(member.profile).items()
            ),
        )
        for member in group.members
    ]
    return BarPanel(group.title, "share of the call, %", tuple(bars))


def _times(group: Group) -> BarPanel:
    factor, unit = TIME.scale(max(one.profile.seconds for one in group.members))
    bars = [
        Bar(
            member.label,
            tuple(
                Stretch(KINDS[kind], seconds / factor, significant(seconds / factor))
                for kind, seconds in member.profile.kinds
            ),
        )
        for member in group.members
    ]
    return BarPanel(group.title, f"time under the profiler, {unit}", tuple(bars))


def shares(profile: Profile) -> dict[Kind, float]:
    """Of the profiled call, what each kind took."""
    whole = sum(seconds for _, seconds in profile.kinds)
    return {kind: seconds / whole if whole else 0.0 for kind, seconds in profile.kinds}


def _kinds(groups: Sequence[Group]) -> Table:
    members = [member for group in groups for member in group.members]
    there = {kind for each in members for kind, spent in each.profile.kinds if spent}
    kinds = [kind for kind in Kind if kind in there]
    rows = [_row(group, member, kinds) for group in groups for member in group.members]
    titles = (
        *("time per call", "under the profiler", "times as long"),
        *(f"{kind.value}, %" for kind in kinds),
    )
    return Table(
        f"Time by kind, and with the profiler beside without: {len(rows)} cases",
        (
            Column("workload"),
            Column("layer"),
            *(Column(title, number=True) for title in titles),
        ),
        tuple(rows),
        folded=True,
    )


def _row(group: Group, member: Member, kinds: Sequence[Kind]) -> tuple[Cell, ...]:
    usual = absolute(member.result.turns)
    profiled = member.profile.seconds
    found = shares(member.profile)
    return (
        Cell(group.title),
        Cell(member.label),
        Cell(TIME.format(usual.estimate) if usual else ""),
        Cell(TIME.format(profiled)),
        Cell(significant(profiled / usual.estimate) if usual else ""),
        *(Cell(f"{100 * found.get(kind, 0):.1f}") for kind in kinds),
    )


def _operators(groups: Sequence[Group]) -> Table:
    members = [(group, member) for group in groups for member in group.members]
    rows = [
        _operator(group, member, operator)
        for group, member in members
        for operator in _top(member.profile)
    ]
    titles = ("workload", "layer", "operator", "kind")
    numbers = ("calls", "own time, host", "own time, device", "of the call, %")
    return Table(
        f"The {_TOP} operators of each case in the charts that take the most time",
        (
            *(Column(title) for title in titles),
            *(Column(title, number=True) for title in (*numbers, "allocated")),
        ),
        tuple(rows),
        folded=True,
    )


def _operator(group: Group, member: Member, operator: Operator) -> tuple[Cell, ...]:
    device = operator.device_seconds
    return (
        Cell(group.title),
        Cell(member.label),
        Cell(operator.name),
        Cell(operator.kind),
        Cell(str(operator.calls)),
        Cell(TIME.format(operator.host_seconds)),
        Cell(TIME.format(device) if device else "none"),
        Cell(_share(operator, member.profile)),
        Cell(PEAK_MEMORY.format(operator.allocated_bytes)),
    )


def _top(profile: Profile) -> list[Operator]:
    return sorted(profile.operators, key=_spent, reverse=True)[:_TOP]


def _spent(operator: Operator) -> float:
    return operator.device_seconds or operator.host_seconds


def _share(operator: Operator, profile: Profile) -> str:
    if profile.seconds <= 0:
        return ""
    return f"{100 * _spent(operator) / profile.seconds:.1f}"
