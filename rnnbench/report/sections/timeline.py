"""The operators of one call over time: a lane for each thread or stream."""

from collections.abc import Iterable, Sequence

from rnnbench.model.metric import TIME
from rnnbench.model.profile import Kind, Span
from rnnbench.report.content import Block, Lane, Timeline
from rnnbench.report.sections.profiled import KINDS, Group, Member

# Less than half a pixel of a wide screen: nobody could see the gap.
_FINEST = 1 / 1600


def timelines(groups: Sequence[Group]) -> list[Block]:
    """A drawing for each group that has spans to be drawn."""
    return [
        _timeline(f"why-timeline-{number}", group)
        for number, group in enumerate(groups)
        if any(member.profile.timeline for member in group.members)
    ]


def _timeline(name: str, group: Group) -> Timeline:
    ends = [
        span.start + span.seconds
        for member in group.members
        for span in member.profile.timeline
    ]
    factor, unit = TIME.scale(max(ends))
    lanes = [
        _lane(label, spans, factor, max(ends) * _FINEST)
        for member in group.members
        for label, spans in _lanes(member)
    ]
    kinds = {span.kind for member in group.members for span in member.profile.timeline}
    return Timeline(
        name,
        f"One call over time: {group.title}",
        f"Operators from the start of the call, under the profiler. {_left_out(group)}",
        f"time, {unit}",
        tuple((KINDS[kind], kind.value) for kind in Kind if kind in kinds),
        tuple(lanes),
    )


def _left_out(group: Group) -> str:
    """How many spans are not drawn, of each, and what a gap then means."""
    parts = [
        f"{member.profile.left_out:,} of {member.label}"
        for member in group.members
        if member.profile.left_out
    ]
    gap = "dispatch and Python on a host, waiting on a device"
    if not parts:
        return f"Every span is drawn; a gap is time between operators: {gap}."
    return (
        f"The shortest spans are left out: {', '.join(parts)}. A gap is one of those "
        f"or time between operators: {gap}."
    )


def _lanes(member: Member) -> list[tuple[str, list[Span]]]:
    """Spans by lane; threads are numbered, as their own numbers say nothing."""
    lanes: dict[str, list[Span]] = {}
    for span in member.profile.timeline:
        lanes.setdefault(span.lane, []).append(span)
    named, threads = [], 0
    for lane, spans in lanes.items():
        name = lane
        if lane.startswith("thread"):
            threads += 1
            name = f"thread {threads}"
        named.append((f"{member.label}, {name}", spans))
    return named


def _lane(label: str, spans: Sequence[Span], factor: float, finest: float) -> Lane:
    by_kind: dict[Kind, list[Span]] = {}
    for span in spans:
        by_kind.setdefault(span.kind, []).append(span)
    return Lane(
        label,
        tuple(
            (
                KINDS[kind],
                tuple(
                    (start / factor, (end - start) / factor)
                    for start, end in _joined(mine, finest)
                ),
            )
            for kind, mine in by_kind.items()
        ),
    )


def _joined(spans: Iterable[Span], finest: float) -> list[tuple[float, float]]:
    """Start and end of stretches, over gaps that are too small to be seen."""
    joined: list[tuple[float, float]] = []
    for span in sorted(spans, key=lambda span: span.start):
        end = span.start + span.seconds
        if joined and span.start - joined[-1][1] < finest:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((span.start, end))
    return joined
