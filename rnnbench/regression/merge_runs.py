"""Merge: runs of one sweep, measured apart on one kind of machine, as a single run."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.model.machine import FieldRole, differences
from rnnbench.model.policy import Policy
from rnnbench.model.run import (
    Effort,
    Environment,
    Result,
    Run,
    SweepRecord,
    Turns,
    YardstickTurns,
)
from rnnbench.model.serving import Serving
from rnnbench.model.status import FAILED, MEASURED
from rnnbench.model.workload import group
from rnnbench.runner.results import measured_status
from rnnbench.runner.stop_rule import widths_of

# Software whose versions have to agree within a run; a cluster asks for the same.
_VERSIONS = ("python", "numpy", "torch", "torch_git", "variables")
# A sweep that was renamed is the same sweep: its digest tells.
_NAMES = ("name", "question")


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run with the file that it is from, for messages."""

    path: Path
    run: Run


def merge(runs: Sequence[NamedRun]) -> Run:
    """The run with the launches of all `runs`, in their order.

    Launches are renumbered one run after the other, and keep the names of their hosts.
    What is read once for each case (memory, profile, energy) is of the first run that
    has it. A case that failed in one of the runs has failed. ResultsError in one line
    where there are fewer than two runs or two of them don't belong together.
    """
    if len(runs) < 2:
        raise ResultsError("merge: give at least two results files")
    for each in runs[1:]:
        _require_alike(runs[0], each)
    _require_distinct(runs)
    renumbered = list(_renumbered([each.run for each in runs]))
    first = renumbered[0]
    results = tuple(
        _merged(same) for same in zip(*map(_by_case, renumbered), strict=True)
    )
    yardsticks = _yardsticks(renumbered)
    return replace(
        first,
        created=max(run.created for run in renumbered),
        commit=first.commit if len({run.commit for run in renumbered}) == 1 else None,
        command=shlex.join(["rnnbench", "merge", *(str(each.path) for each in runs)]),
        environment=_smallest([run.environment for run in renumbered]),
        effort=_effort([run.effort for run in renumbered]),
        results=_with_status(first, results, yardsticks),
        yardsticks=yardsticks,
        ceilings=next((run.ceilings for run in renumbered if run.ceilings), ()),
        conditions=tuple(
            dict.fromkeys(each for run in renumbered for each in run.conditions)
        ),
    )


def _require_alike(first: NamedRun, other: NamedRun) -> None:
    """ResultsError, with what differs, unless both are of one sweep and kind."""
    for name, ours, theirs in _unlike(first.run, other.run):
        raise ResultsError(
            f"{other.path}: can't be merged with {first.path}: {name} is "
            f"{_short(theirs)}, not {_short(ours)}"
        )
    if first.run.sweep.learning:
        raise ResultsError(
            f"{first.path}: can't be merged: its learning results have their own seeds"
        )


def _unlike(first: Run, other: Run) -> Iterator[tuple[str, object, object]]:
    """What differs between two runs that forbids a merge: its name and both values."""
    yield from _differing("sweep", first.sweep, other.sweep, {*_NAMES, "policy"})
    yield from _differing("policy", first.sweep.policy, other.sweep.policy, set())
    for found in differences(first.environment, other.environment):
        if found.role is not FieldRole.SOFTWARE or found.field in _VERSIONS:
            yield found.field, found.baseline, found.candidate
    if first.version != other.version:
        yield "the version of rnnbench", first.version, other.version
    if first.turn != other.turn:
        yield "time of a turn", first.turn, other.turn
    if _ids(first) != _ids(other):
        yield "the number or the names of cases", len(first.results), len(other.results)


def _differing(
    owner: str,
    first: SweepRecord | Policy,
    other: SweepRecord | Policy,
    ignored: set[str],
) -> Iterator[tuple[str, object, object]]:
    for field in fields(first):
        ours, theirs = getattr(first, field.name), getattr(other, field.name)
        if field.name not in ignored and ours != theirs:
            yield f"the {owner}'s {field.name}", ours, theirs


def _ids(run: Run) -> set[str]:
    return {result.case.id for result in run.results}


def _short(value: object) -> str:
    text = " ".join(str(value).split()) or "empty"
    return text if len(text) <= 60 else f"{text[:60]}…"


def _require_distinct(runs: Sequence[NamedRun]) -> None:
    """ResultsError where two files hold a common launch: it would count twice."""
    seen: dict[tuple[str, Turns], Path] = {}
    for each in runs:
        own = {
            (result.case.id, replace(turns, launch=0))
            for result in each.run.results
            for turns in result.turns
        }
        for key in own:
            if key in seen:
                raise ResultsError(
                    f"{each.path}: holds a launch that is in {seen[key]}, too"
                )
        seen |= dict.fromkeys(own, each.path)


def _renumbered(runs: Iterable[Run]) -> Iterator[Run]:
    """The runs with launches numbered one run after the other."""
    last = 0
    for run in runs:
        numbers = list(_launches(run)) or [1]
        by = last + 1 - min(numbers)
        last = max(numbers) + by
        yield replace(
            run,
            results=tuple(
                replace(
                    result,
                    turns=_shifted(result.turns, by),
                    serving=_shifted_serving(result.serving, by),
                )
                for result in run.results
            ),
            yardsticks=tuple(
                replace(each, turns=_shifted(each.turns, by)) for each in run.yardsticks
            ),
        )


def _launches(run: Run) -> Iterator[int]:
    for result in run.results:
        yield from (turns.launch for turns in result.turns)
        if serving := result.serving:
            yield from (row.launch for row in serving.latencies)
            yield from (row.launch for row in serving.capacities)
            yield from (row.launch for row in serving.cards)
    for yardstick in run.yardsticks:
        yield from (turns.launch for turns in yardstick.turns)


def _shifted(turns: tuple[Turns, ...], by: int) -> tuple[Turns, ...]:
    return tuple(replace(each, launch=each.launch + by) for each in turns)


def _shifted_serving(serving: Serving | None, by: int) -> Serving | None:
    if serving is None:
        return None
    return replace(
        serving,
        latencies=tuple(
            replace(each, launch=each.launch + by) for each in serving.latencies
        ),
        capacities=tuple(
            replace(each, launch=each.launch + by) for each in serving.capacities
        ),
        cards=tuple(replace(each, launch=each.launch + by) for each in serving.cards),
    )


def _by_case(run: Run) -> list[Result]:
    """Results in an order that all runs of a sweep share."""
    return sorted(run.results, key=lambda result: result.case.id)


def _merged(same: Sequence[Result]) -> Result:
    """One case, of all runs; its status is judged later, by all its turns."""
    ending = next(
        (each for each in same if each.status in FAILED),
        next((each for each in same if each.status in MEASURED), same[0]),
    )
    memory = next((each for each in same if each.peak_memory is not None), same[0])
    profile = next((each for each in same if each.profile is not None), same[0])
    energy = next((each for each in same if each.energy is not None), same[0])
    return replace(
        ending,
        turns=tuple(turns for each in same for turns in each.turns),
        peak_memory=memory.peak_memory,
        memory_reason=memory.memory_reason,
        profile=profile.profile,
        profile_reason=profile.profile_reason,
        energy=energy.energy,
        energy_reason=energy.energy_reason,
        process_changes=tuple(
            sorted({name for each in same for name in each.process_changes})
        ),
        serving=_serving([each.serving for each in same if each.serving]),
    )


def _serving(found: Sequence[Serving]) -> Serving | None:
    if not found:
        return None
    return Serving(
        latencies=tuple(row for each in found for row in each.latencies),
        capacities=tuple(row for each in found for row in each.capacities),
        cards=tuple(row for each in found for row in each.cards),
        reasons=tuple(dict.fromkeys(row for each in found for row in each.reasons)),
    )


def _yardsticks(runs: Iterable[Run]) -> tuple[YardstickTurns, ...]:
    found: dict[str, tuple[Turns, ...]] = {}
    for run in runs:
        for each in run.yardsticks:
            found[each.workload] = (*found.get(each.workload, ()), *each.turns)
    return tuple(YardstickTurns(workload, turns) for workload, turns in found.items())


def _with_status(
    first: Run, results: Iterable[Result], yardsticks: Iterable[YardstickTurns]
) -> tuple[Result, ...]:
    """Results in the order of the first run; more launches make intervals narrower."""
    merged = {result.case: result for result in results}
    beside = {each.workload: each.turns for each in yardsticks}
    widths: dict[str, float] = {}
    for workload in group(merged, first.sweep.compare):
        turns = {
            case.id: merged[case].turns
            for case in workload.members
            if merged[case].status not in FAILED
        }
        widths |= widths_of(workload, turns, beside.get(workload.id, ()))
    return tuple(
        _judged(merged[result.case], widths, first.sweep.policy.precision)
        for result in first.results
    )


def _judged(result: Result, widths: Mapping[str, float], precision: float) -> Result:
    if result.status not in MEASURED:
        return result
    status, reason = measured_status(widths[result.case.id], precision)
    return replace(result, status=status, reason=reason)


def _smallest(found: Sequence[Environment]) -> Environment:
    """The first environment, with the least memory of all, as for a cluster."""
    known = [each.memory_bytes for each in found if each.memory_bytes is not None]
    return replace(found[0], memory_bytes=min(known, default=None))


def _effort(found: Sequence[Effort]) -> Effort:
    """The sums; `lanes` so that the shares of time in turns and waiting are kept."""
    wall = sum(each.wall for each in found)
    return Effort(
        wall=wall,
        lanes=sum(each.lanes * each.wall for each in found) / wall if wall else 0.0,
        inside_turns=sum(each.inside_turns for each in found),
        launches=sum(each.launches for each in found),
        profiling=sum(each.profiling for each in found),
        waiting=sum(each.waiting for each in found),
        training=sum(each.training for each in found),
    )
