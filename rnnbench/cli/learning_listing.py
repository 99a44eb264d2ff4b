"""The training runs of a sweep as rows and sentences for people."""

from collections.abc import Iterator

from rnnbench.model.formatting import counted, significant
from rnnbench.model.learning import LearningCase, LearningPlan
from rnnbench.model.run import SweepRecord
from rnnbench.model.status import FAILED, Status
from rnnbench.runner.learning.learning_order import DescribedPlan

HEADINGS = ("case", "target", "budget", "chance", "parameters", "on this machine")


def listing(
    plan: LearningPlan, described: DescribedPlan | None
) -> Iterator[tuple[str, ...]]:
    """A row for each case under HEADINGS; `described`: None if no worker was asked."""
    for case in plan.cases:
        if described is None:
            yield (case.id, "", "", "", "", "not asked")
            continue
        task, layer = described.tasks.get(case.task_id), described.layer_of(case)
        is_fine = layer.status is Status.OK
        yield (
            case.id,
            significant(task.target) if task and task.target is not None else "none",
            f"{task.budget:,} steps" if task else "",
            significant(task.chance) if task and task.chance is not None else "none",
            f"{layer.parameters:,}" if layer.parameters else "",
            "runs" if is_fine else f"{layer.status}: {layer.reason}",
        )


def summary(record: SweepRecord, described: DescribedPlan | None) -> Iterator[str]:
    """The question, the numbers of runs, and their most steps."""
    plan = record.learning
    if plan is None:
        return
    yield f"{record.name}: {record.question}"
    search = len(plan.rates) * len(plan.search_seeds) if len(plan.rates) > 1 else 0
    yield (
        f"{counted(len(plan.cases), 'case')}; for each, {counted(search, 'run')} to "
        f"choose the learning rate and {counted(len(plan.seeds), 'run')} from new seeds"
    )
    if described is not None:
        runs = search + len(plan.seeds)
        steps = sum(_budget(case, described) for case in plan.cases) * runs
        yield f"at most {steps:,} training steps, and the timing of a step of each case"


def has_failed(described: DescribedPlan | None) -> bool:
    """Whether a case can't be trained, for another reason than absent data."""
    layers = described.layers if described is not None else ()
    return any(layer.status in FAILED for layer in layers)


def _budget(case: LearningCase, described: DescribedPlan) -> int:
    task = described.tasks.get(case.task_id)
    return task.budget if task else 0
