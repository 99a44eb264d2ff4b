"""What was learned as plain rows: one for each seed, and one for each pair."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from rnnbench.analysis.learning_cells import LearningCell, learning_cells
from rnnbench.analysis.learning_ratios import learning_view
from rnnbench.analysis.rows import Row, ends_of, plain
from rnnbench.model.run import Run


def learning_rows(run: Run) -> Iterator[Row]:
    """One row for each seed of each case; one without a seed where a case failed.

    `steps` is the step at which the target was reached, None where it was not within
    `budget`. `quality` is the last held-out value. `seconds_per_step` is the step time
    of the first state of the backend that was timed.
    """
    for cell in learning_cells(run):
        shared = _shared(cell)
        for seed in cell.result.seeds or (None,):
            yield {
                **shared,
                "seed": seed.seed if seed else None,
                "rate": seed.rate if seed else None,
                "steps": seed.reached if seed else None,
                "quality": seed.values[-1] if seed and seed.values else None,
                "trained_steps": seed.steps[-1] if seed and seed.values else None,
                "diverged": seed.diverged if seed else None,
            }


def learning_ratio_rows(run: Run) -> Iterator[Row]:
    """One row for each pair of cases of one task that differ in one axis.

    `steps` and its `low` and `high` are None where a seed of either case did not reach
    the target. `seconds: STATE` is the ratio of seconds in that state of the backend.
    """
    for ratio in learning_view(learning_cells(run)).ratios:
        candidate, baseline = ratio.candidate, ratio.baseline
        yield {
            "task": candidate.task.name,
            "seq_len": candidate.task.seq_len,
            "axis": ratio.axis,
            "match": str(ratio.match),
            "candidate": plain(getattr(candidate.case, ratio.axis)),
            "baseline": plain(getattr(baseline.case, ratio.axis)),
            "verdict": str(ratio.verdict),
            "steps": ratio.steps.estimate if ratio.steps else None,
            **ends_of(ratio.steps),
            "improvement": ratio.improvement.estimate,
            "seeds_needed": ratio.seeds,
            **{
                f"seconds: {state.words or 'only state'}": interval.estimate
                for state, interval in ratio.seconds
            },
            "candidate_case": candidate.case.id,
            "baseline_case": baseline.case.id,
        }


def _shared(cell: LearningCell) -> Mapping[str, object]:
    task, time = cell.task, next(iter(cell.times), None)
    return {
        **{name: plain(value) for name, value in asdict(cell.case).items()},
        "target": task.target,
        "budget": task.budget,
        "metric": str(task.quality),
        "parameters": cell.result.parameters,
        "seconds_per_step": time.time.estimate if time else None,
        "peak_bytes": cell.memory,
        "status": str(cell.result.status),
        "reason": cell.result.reason,
        "case": cell.case.id,
    }
