"""The results of a run, read off its journal."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rnnbench.model.case import Case, Device
from rnnbench.model.profile import Ceiling
from rnnbench.model.run import Result, YardstickTurns
from rnnbench.model.serving import Serving
from rnnbench.model.status import Status
from rnnbench.model.workload import Workload
from rnnbench.runner.journal import Journal, Pass
from rnnbench.runner.launch import Order
from rnnbench.runner.stop_rule import is_narrow, member_widths

# Cases whose call over time is kept in the results: a page shows as many, each takes
# 10 KB, and every profiled case has its trace.
MOST_TIMELINES = 12
NO_COUNTER = "no counter: NVML reads NVIDIA GPUs alone"


@dataclass(frozen=True, slots=True)
class JournalReader:
    """Results of an order; `unmeasured`: the reason where a case has no times.

    `host`: of launches that name none.
    """

    order: Order
    journal: Journal
    unmeasured: str
    host: str = ""

    def results(self) -> tuple[Result, ...]:
        """A result of every case, in the order of the workloads."""
        found = [
            result
            for workload in self.order.workloads
            for result in self._of_workload(workload)
        ]
        profiled = [place for place, result in enumerate(found) if result.profile]
        for place in profiled[MOST_TIMELINES:]:
            found[place] = _without_timeline(found[place])
        return tuple(found)

    def yardsticks(self) -> tuple[YardstickTurns, ...]:
        """The yardstick's turns beside each workload that was measured."""
        return tuple(
            YardstickTurns(workload.id, tuple(one.yardstick for one in passes))
            for workload in self.order.workloads
            if (passes := self._passes(workload))
        )

    def ceilings(self) -> tuple[Ceiling, ...]:
        """The best that the machine can do, where it was measured."""
        found = self.journal.ceilings.values()
        return tuple(ceiling for entry in found for ceiling in entry.ceilings)

    def _of_workload(self, workload: Workload) -> Iterator[Result]:
        passes = self._passes(workload)
        widths = member_widths(workload, passes, without=self.journal.ended)
        for case in workload.members:
            width = widths.get(case.id, math.inf)
            yield self._result(case, workload.id, passes, width)

    def _result(
        self, case: Case, workload: str, passes: Sequence[Pass], width: float
    ) -> Result:
        turns = tuple(
            replace(one.turns[case.id], host=host)
            if (host := one.host or self.host)
            else one.turns[case.id]
            for one in passes
            if case.id in one.turns
        )
        changed = {name for one in passes for name in one.changed.get(case.id, ())}
        memory = self.journal.memory.get(case.id)
        profile = self.journal.profiles.get(case.id)
        energy = self.journal.energies.get(case.id)
        unread = NO_COUNTER if case.device is Device.CPU else "it was not read"
        status, reason = self._status(case, width, is_measured=bool(turns))
        return Result(
            case=case,
            workload=workload,
            status=status,
            reason=reason,
            turns=turns,
            peak_memory=memory.peak_memory if memory else None,
            memory_reason=memory.reason if memory else "it was not read",
            profile=profile.profile if profile else None,
            profile_reason=profile.reason if profile else "it was not profiled",
            energy=energy.energy if energy else None,
            energy_reason=energy.reason if energy else unread,
            process_changes=tuple(sorted(changed)),
            serving=self._serving(case),
            facts=next(
                (one.facts[case.id] for one in passes if case.id in one.facts), None
            ),
        )

    def _serving(self, case: Case) -> Serving | None:
        """The readings of `case` as a service, in the order of their processes."""
        found = [
            by_case[case.id]
            for _, by_case in sorted(self.journal.serving.items())
            if case.id in by_case
        ]
        if not found:
            return None
        return Serving(
            latencies=tuple(one.latency for one in found if one.latency),
            capacities=tuple(each for one in found for each in one.capacities),
            cards=tuple(one.card for one in found if one.card),
            reasons=tuple((one.part, one.reason) for one in found if one.reason),
        )

    def _status(
        self, case: Case, width: float, *, is_measured: bool
    ) -> tuple[Status, str]:
        if ended := self.journal.ended.get(case.id):
            return ended.status, ended.reason
        if not is_measured:
            return Status.SKIPPED, self.unmeasured
        return measured_status(width, self.order.policy.precision)

    def _passes(self, workload: Workload) -> list[Pass]:
        done = self.journal.passes.get(workload.id, {})
        return [done[number] for number in sorted(done)]


def measured_status(width: float, precision: float) -> tuple[Status, str]:
    """Status and reason of a case that was measured, by its widest interval."""
    if is_narrow(width, precision):
        return Status.OK, ""
    if math.isinf(width):
        return Status.IMPRECISE, "a single launch gives no interval"
    found = f"±{width:.2%}" if width <= 1 else "wider than ±100%"
    return (
        Status.IMPRECISE,
        f"its interval is {found}, ±{precision:.2%} was asked for",
    )


def _without_timeline(result: Result) -> Result:
    """`result` without the drawing of its call; what is left out is counted."""
    if result.profile is None:
        return result
    left_out = result.profile.left_out + len(result.profile.timeline)
    return replace(
        result, profile=replace(result.profile, timeline=(), left_out=left_out)
    )
