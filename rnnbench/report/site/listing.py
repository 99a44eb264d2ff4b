"""The entry of a run in the site's index."""

from collections import Counter

from rnnbench.model.machine import machine_parts
from rnnbench.model.status import Status
from rnnbench.report.sections.answer import answer
from rnnbench.report.sections.outcomes import usual_of
from rnnbench.report.site import addresses
from rnnbench.report.site.entries import ListedRun, PhaseRatio
from rnnbench.report.view import RatioGroup, RunView


def listed_run(view: RunView, digest: str, *, has_results: bool) -> ListedRun:
    """The entry of a run whose results file has that digest."""
    run, environment = view.run, view.run.environment
    groups = view.groups_of(view.main) if view.main else ()
    counts = Counter(result.status for result in run.results)
    return ListedRun(
        id=addresses.run_id(run, digest),
        created=run.created,
        machine=addresses.machine_id(environment),
        sweep=run.sweep.name,
        sweep_digest=run.sweep.digest,
        question=run.sweep.question,
        digest=digest,
        version=run.version,
        commit=run.commit,
        torch=environment.torch,
        torch_git=environment.torch_git,
        parts=machine_parts(environment),
        headline=answer(view).headline,
        layers=view.main.layers if view.main else (),
        phases=tuple(map(_phase, usual_of(groups))) if groups else (),
        counts=tuple((str(each), counts[each]) for each in Status if counts[each]),
        learned=bool(view.learning.cells),
        is_reference=False,
        has_results=has_results,
    )


def _phase(group: RatioGroup) -> PhaseRatio:
    mean = group.mean
    return PhaseRatio(
        phase=group.conditions.phase_words,
        mean=_finite(mean.estimate) if mean else None,
        low=_finite(mean.low) if mean else None,
        high=_finite(mean.high) if mean else None,
        wins=group.wins,
        count=len(group.ratios),
    )


def _finite(value: float) -> float | None:
    """Six digits; an interval of one launch has no end, which JSON can't say."""
    return float(f"{value:.6g}") if abs(value) < float("inf") else None
