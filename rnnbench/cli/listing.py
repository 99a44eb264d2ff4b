"""What a sweep would run here, in rows and sentences for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rnnbench.model.cost import parameters, step_flops
from rnnbench.model.metric import significant
from rnnbench.model.workload import Workload
from rnnbench.runner.duration import estimate
from rnnbench.sweep.load import Sweep

HEADINGS = ("case", "parameters", "MFLOP a call", "here")


@dataclass(frozen=True, slots=True)
class WorkloadRows:
    """A workload: its id, and a row under HEADINGS for each member."""

    workload: str
    rows: tuple[tuple[str, str, str, str], ...]


def blocks(sweep: Sweep, reasons: Sequence[str | None]) -> Iterator[WorkloadRows]:
    """Every case, by workload; a reason is why it would be skipped, None: not asked."""
    here = dict(zip(sweep.cases, reasons, strict=True))
    for workload in sweep.workloads:
        rows = []
        for case in workload.members:
            count, work = parameters(case), step_flops(case)
            rows.append(
                (
                    case.id,
                    "unknown" if count is None else f"{count:,}",
                    "unknown" if work is None else significant(work / 1e6),
                    _here(here[case]),
                )
            )
        yield WorkloadRows(workload.id, tuple(rows))


def summary(sweep: Sweep, reasons: Sequence[str | None], cores: int) -> Iterator[str]:
    """How many, what was collapsed, what would be skipped and why, how long."""
    yield f"{sweep.record.name}: {sweep.record.question}"
    compared = ", ".join(sweep.record.compare)
    yield (
        f"{_count(len(sweep.workloads), 'workload')}, "
        f"{_count(len(sweep.cases), 'case')}; measured side by side: {compared}"
    )
    yield from (f"note: {note}" for note in sweep.notes)
    for reason, count in Counter(filter(None, reasons)).items():
        yield f"skipped here: {_count(count, 'case')}: {reason}"
    yield duration(sweep, reasons, cores)


def duration(sweep: Sweep, reasons: Sequence[str | None], cores: int) -> str:
    """The estimate as a sentence."""
    skipped = {
        case for case, reason in zip(sweep.cases, reasons, strict=True) if reason
    }
    policy = sweep.record.policy
    workloads = [
        Workload(members, one.compare)
        for one in sweep.workloads
        if (members := tuple(case for case in one.members if case not in skipped))
    ]
    if not workloads:
        return "time: nothing would run here"
    guess = estimate(workloads, policy, cores)
    budget = f"the budget ends it at {_time(policy.budget)}"
    if guess.least > policy.budget:
        budget += ", most likely before every interval is narrow enough"
    return (
        f"time, as an estimate from the shapes alone and for a calm machine (on a busy "
        f"one a turn waits): {_time(guess.least)} if the first look is enough, "
        f"{_time(guess.most)} if all {policy.launches} launches are needed; {budget}"
    )


def _here(reason: str | None) -> str:
    if reason is None:
        return "not asked"
    return f"skipped: {reason}" if reason else "runs"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
