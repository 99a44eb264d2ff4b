"""What was learned, compared seed by seed: steps are exact, so a change means code."""

from collections.abc import Iterator
from statistics import fmean

from rnnbench.analysis.stats import Interval
from rnnbench.model.learning import LearningResult, LearningTask, SeedRun
from rnnbench.model.run import Run
from rnnbench.regression.compared_value import ComparedValue, CompareVerdict

STEPS = "steps to target"
# Of a task without a target.
QUALITY = "last quality"


def compare_learning(baseline: Run, candidate: Run) -> Iterator[ComparedValue]:
    """A value for each case that either run learned, over the seeds of both."""
    before = {result.case.id: result for result in baseline.learning.results}
    after = {result.case.id: result for result in candidate.learning.results}
    for name, result in {**before, **after}.items():
        if name not in after or name not in before:
            verdict = (
                CompareVerdict.REMOVED if name not in after else CompareVerdict.ADDED
            )
            yield ComparedValue(name, STEPS, "", verdict, note=str(result.status))
        else:
            tasks = (
                baseline.learning.task_of(before[name]),
                candidate.learning.task_of(after[name]),
            )
            yield _compared(name, (before[name], after[name]), tasks)


def _compared(
    name: str,
    results: tuple[LearningResult, LearningResult],
    tasks: tuple[LearningTask | None, LearningTask | None],
) -> ComparedValue:
    old, new = ({run.seed: run for run in result.seeds} for result in results)
    task, seeds = tasks[1], [seed for seed in old if seed in new]
    if task is None or task != tasks[0]:
        note = "the task has other facts: its data, target or budget changed"
        return ComparedValue(name, STEPS, "", CompareVerdict.INCOMPARABLE, note=note)
    metric = QUALITY if task.target is None else STEPS
    if not seeds:
        note = " / ".join(f"{one.status}" for one in results)
        return ComparedValue(name, metric, "", CompareVerdict.INCOMPARABLE, note=note)
    values = [[_number(runs[seed], task) for seed in seeds] for runs in (old, new)]
    means = fmean(values[0]), fmean(values[1])
    moved = [seed for seed, a, b in zip(seeds, *values, strict=True) if a != b]
    share = means[1] / means[0] if min(means) > 0 else None
    return ComparedValue(
        name,
        metric,
        "",
        _verdict(moved, means),
        baseline=means[0],
        candidate=means[1],
        interval=None if share is None else Interval(share, share, share, 1),
        note=_note(moved, [seed for seed in seeds if old[seed] != new[seed]]),
    )


def _number(run: SeedRun, task: LearningTask) -> float:
    """Steps to the target, the budget where it was not reached; or the last value."""
    if task.target is not None:
        return float(task.budget if run.reached is None else run.reached)
    return run.values[-1] if run.values else 0.0


def _verdict(moved: list[int], means: tuple[float, float]) -> CompareVerdict:
    if not moved:
        return CompareVerdict.UNCHANGED
    if means[0] == means[1]:
        return CompareVerdict.INCONCLUSIVE
    is_worse = means[1] > means[0]
    return CompareVerdict.REGRESSION if is_worse else CompareVerdict.IMPROVEMENT


def _note(moved: list[int], other: list[int]) -> str:
    """Which seeds differ: training is bitwise repeatable on one machine and version."""
    if moved:
        return f"differs at seed {', '.join(map(str, moved))}: code or versions changed"
    return f"the same steps by other curves at {len(other)} seeds" if other else ""
