"""The answers of a launch's processes, joined to the turns of one pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from rnnbench.model.case import Case
from rnnbench.model.run import Turns
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.status import Status
from rnnbench.worker.protocol import Measured, MemberTurns, Report


@dataclass(slots=True)
class Answered:
    """The answers of one process about its cases, so far.

    `measured`: one answer with all rounds, or an answer per round.
    """

    name: str
    cases: list[Case]
    prepared: Report
    measured: list[Measured] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        """Whether a case of it can still be timed."""
        last = self.measured[-1] if self.measured else self.prepared
        return any(outcome.status is Status.OK for outcome in last.outcomes)


def merged(
    launch: int, answered: Sequence[Answered]
) -> tuple[dict[str, Turns], Mapping[str, tuple[str, ...]], Turns]:
    """Turns of each case, process-wide state that its process changed, the yardstick.

    Without cases that failed. The yardstick is that of the process with most rounds.
    """
    turns: dict[str, Turns] = {}
    changed: dict[str, tuple[str, ...]] = {}
    for one in answered:
        reports = (one.prepared, *one.measured)
        names = tuple(sorted({name for report in reports for name in report.changed}))
        for place, case in enumerate(one.cases):
            parts = [part.turns[place] for part in one.measured]
            if not _is_whole(one, place):
                continue
            first_call = one.prepared.outcomes[place].first_call
            turns[case.id] = _joined(launch, parts, first_call)
            if names:
                changed[case.id] = names
    longest = max(answered, key=lambda one: len(one.measured))
    yardstick = [part.yardstick for part in longest.measured]
    return turns, changed, Turns(launch, tuple(_all(yardstick, "seconds")))


def facts_of(answered: Sequence[Answered]) -> dict[str, RuntimeFacts]:
    """Facts of the cases that were checked in a runtime other than eager."""
    return {
        case.id: outcome.facts
        for one in answered
        for case, outcome in zip(one.cases, one.prepared.outcomes, strict=True)
        if outcome.facts is not None
    }


def _is_whole(one: Answered, place: int) -> bool:
    """Whether the case has turns of every round."""
    reports = (one.prepared, *one.measured)
    came_through = all(report.outcomes[place].status is Status.OK for report in reports)
    return came_through and all(part.turns[place].seconds for part in one.measured)


def _joined(launch: int, parts: Sequence[MemberTurns], first_call: float) -> Turns:
    return Turns(
        launch,
        tuple(_all(parts, "seconds")),
        tuple(_all(parts, "faults")),
        tuple(_all(parts, "back_to_back")),
        first_call,
        sum(part.rough for part in parts),
        sum(part.retaken for part in parts),
    )


def _all(parts: Sequence[MemberTurns], name: str) -> chain[Any]:
    return chain.from_iterable(getattr(part, name) for part in parts)
