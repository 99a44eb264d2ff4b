"""The learning results of a run, read off its journal."""

from collections.abc import Iterable, Mapping
from statistics import fmean

from rnnbench.model.learning import (
    Learning,
    LearningCase,
    LearningResult,
    LearningTask,
    RateTrial,
    SeedRun,
)
from rnnbench.model.status import Status
from rnnbench.runner.journal import Journal
from rnnbench.runner.learning.learning_order import DescribedPlan

# A training run of a case: its learning rate and its seed.
Unit = tuple[float, int]


def is_searched(described: DescribedPlan, case: LearningCase) -> bool:
    """Whether learning rates are tried: there are several, and steps to take."""
    plan = described.plan
    several = len(plan.rates) > 1 and bool(plan.search_seeds)
    return several and described.is_timed(case)


def pending_units(
    described: DescribedPlan, case: LearningCase, done: Mapping[Unit, SeedRun]
) -> list[Unit]:
    """The runs that can begin now: of the search, else of the rate that it chose."""
    plan = described.plan
    if described.layer_of(case).status is not Status.OK:
        return []
    rate = plan.rates[0]
    if is_searched(described, case):
        trials = [(rate, seed) for seed in plan.search_seeds for rate in plan.rates]
        if missing := [unit for unit in trials if unit not in done]:
            return missing
        rate = best_rate(rate_trials(described, case, done))
    return [(rate, seed) for seed in plan.seeds if (rate, seed) not in done]


def rate_trials(
    described: DescribedPlan, case: LearningCase, done: Mapping[Unit, SeedRun]
) -> tuple[RateTrial, ...]:
    """The search of a case: for each rate that all search seeds have tried."""
    if not is_searched(described, case):
        return ()
    plan, task = described.plan, described.tasks[case.task_id]
    found = []
    for rate in plan.rates:
        runs = [done.get((rate, seed)) for seed in plan.search_seeds]
        if None not in runs:
            found.append(_trial(rate, [run for run in runs if run], task))
    return tuple(found)


def best_rate(trials: Iterable[RateTrial]) -> float:
    """The rate with the fewest steps; of equals, the one with the best last values."""

    def rank(trial: RateTrial) -> tuple[float, bool, float]:
        return trial.mean_steps, trial.mean_value is None, trial.mean_value or 0.0

    return min(trials, key=rank).rate


def learning_results(
    described: DescribedPlan | None, journal: Journal, unmeasured: str
) -> Learning:
    """A result for every case of the plan; `unmeasured`: why a part is missing."""
    if described is None:
        return Learning()
    return Learning(
        tasks=tuple(described.tasks.values()),
        results=tuple(
            _result(described, case, journal, unmeasured)
            for case in described.plan.cases
        ),
    )


def _trial(rate: float, runs: list[SeedRun], task: LearningTask) -> RateTrial:
    last = [run.values[-1] for run in runs if run.values and not run.diverged]
    is_whole = len(last) == len(runs)
    steps = [run.reached or task.budget for run in runs]
    return RateTrial(
        rate=rate,
        seeds=tuple(run.seed for run in runs),
        solved=sum(run.reached is not None for run in runs),
        mean_steps=fmean(steps) if task.target is not None else 0.0,
        mean_value=fmean(last) if is_whole else None,
    )


def _result(
    described: DescribedPlan, case: LearningCase, journal: Journal, unmeasured: str
) -> LearningResult:
    done, layer = journal.learned.get(case.id, {}), described.layer_of(case)
    trials = rate_trials(described, case, done)
    rate = best_rate(trials) if trials else described.plan.rates[0]
    runs = tuple(
        done[rate, seed] for seed in described.plan.seeds if (rate, seed) in done
    )
    status, reason = layer.status, layer.reason
    if ended := journal.learning_ended.get(case.id):
        status, reason = ended.status, ended.reason
    elif status is Status.OK and pending_units(described, case, done):
        status, reason = Status.SKIPPED, unmeasured
    return LearningResult(
        case=case,
        status=status,
        reason=reason,
        hidden_size=layer.hidden_size or None,
        parameters=layer.parameters or None,
        timed_by=tuple(each.id for each in described.timing_cases(case)),
        search=trials,
        seeds=runs,
    )
