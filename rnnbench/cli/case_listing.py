"""The cases of a sweep as rows and sentences for people."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rnnbench.model.case import Case
from rnnbench.model.cost import parameters, step_flops
from rnnbench.model.formatting import counted, significant
from rnnbench.model.workload import Workload
from rnnbench.runner.duration import estimate
from rnnbench.sweep.load import Sweep

HEADINGS = ("case", "parameters", "MFLOP per call", "on this machine")


@dataclass(frozen=True, slots=True)
class ListedWorkload:
    """A workload: its id, and for each of its cases a row under HEADINGS."""

    id: str
    rows: tuple[tuple[str, str, str, str], ...]


def listing(
    sweep: Sweep, reasons: Sequence[str | None], faults: Mapping[Case, str]
) -> Iterator[ListedWorkload]:
    """Every case, by workload.

    `reasons`: why each case would be skipped, "" if it runs, None if not asked.
    `faults`: why cases of layers that are not PyTorch's fail.
    """
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
                    _availability(here[case], faults.get(case, "")),
                )
            )
        yield ListedWorkload(workload.id, tuple(rows))


def summary(
    sweep: Sweep, reasons: Sequence[str | None], faults: Mapping[Case, str], cores: int
) -> Iterator[str]:
    """The question, the counts, what is skipped or fails and why, and the duration."""
    yield f"{sweep.record.name}: {sweep.record.question}"
    compared = ", ".join(sweep.record.compare)
    yield (
        f"{counted(len(sweep.workloads), 'workload')}, "
        f"{counted(len(sweep.cases), 'case')}; measured side by side: {compared}"
    )
    yield from (f"note: {note}" for note in sweep.notes)
    for reason, count in Counter(filter(None, reasons)).items():
        yield f"skipped here: {counted(count, 'case')}: {reason}"
    for (layer, fault), count in Counter(
        (case.layer, fault) for case, fault in faults.items()
    ).items():
        yield f"fails: {layer}: {counted(count, 'case')}: {fault}"
    yield duration(sweep, reasons, cores)


def duration(sweep: Sweep, reasons: Sequence[str | None], cores: int) -> str:
    """The estimated duration as a sentence."""
    skipped = {
        case for case, reason in zip(sweep.cases, reasons, strict=True) if reason
    }
    policy = sweep.record.policy
    workloads = [
        Workload(members, workload.compare)
        for workload in sweep.workloads
        if (members := tuple(c for c in workload.members if c not in skipped))
    ]
    if not workloads:
        return "time: nothing would run here"
    expected = estimate(workloads, policy, cores)
    budget = f"the budget ends it after {_time(policy.budget)}"
    if expected.least > policy.budget:
        budget += ", most likely before every interval is narrow enough"
    return (
        "time, estimated from the shapes for an idle machine: "
        f"{_time(expected.least)} if the first interim look is enough, "
        f"{_time(expected.most)} if all {policy.launches} launches are needed; {budget}"
    )


def _availability(reason: str | None, fault: str) -> str:
    if fault:
        return f"fails: {fault}"
    if reason is None:
        return "not asked"
    return f"skipped: {reason}" if reason else "runs"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
