"""The worker's answers to jobs about learning: descriptions and training runs."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import torch

from rnnbench.model.case import Device
from rnnbench.model.learning import LearningCase, LearningTask, Match, OtherGoal
from rnnbench.model.status import Status
from rnnbench.model.task_table import TASKS
from rnnbench.worker.failure import attempt
from rnnbench.worker.learning import baselines
from rnnbench.worker.learning.task import Task
from rnnbench.worker.learning.training import Learner, Trainee, train
from rnnbench.worker.learning_jobs import (
    Described,
    DescribedLayer,
    DescribeTasks,
    Train,
    Trained,
)
from rnnbench.worker.protocol import Outcome

# Largest distance of a number of parameters from the LSTM's, as a share.
MATCH_WITHIN = 0.01

Announce = Callable[[str, int], None]


@cache
def find_task(name: str, seq_len: int) -> Task:
    """The task of a name, of ours or `package.module:function`, at a length.

    ModuleNotFoundError says which extra installs the data of one of ours.
    """
    module, _, function = name.partition(":")
    if not function:
        module, function = f"rnnbench.worker.learning.{name}", "make_task"
    try:
        task: object = getattr(importlib.import_module(module), function)(seq_len)
    except ModuleNotFoundError as error:
        if name in TASKS and TASKS[name].needs:
            raise ModuleNotFoundError(
                f"{name} needs {TASKS[name].needs}: pip install rnnbench[{name}]"
            ) from error
        raise
    if not isinstance(task, Task):
        raise TypeError(f"{name} gives a {type(task).__name__}, not a Task")
    return task


def describe(job: DescribeTasks, announce: Announce) -> Described:
    """Describe tasks and layers; what can't be made has a status and a reason."""
    goals = {(goal.task, goal.seq_len): goal for goal in job.goals}
    layers, tasks = [], {}
    for place, case in enumerate(job.cases):
        announce("train", place)
        goal = goals.get((case.task, case.seq_len))
        found = attempt(partial(_describe_layer, case, goal))
        layers.append(_failed(case, found) if isinstance(found, Outcome) else found)
        if isinstance(found, DescribedLayer) and case.task_id not in tasks:
            facts = attempt(partial(_facts, case, goal))
            if isinstance(facts, Outcome):
                layers[-1] = _failed(case, facts)
            else:
                tasks[case.task_id] = facts
    return Described(tasks=tuple(tasks.values()), layers=tuple(layers))


def train_once(job: Train, announce: Announce) -> Trained:
    """One training run; a layer or a task that fails is an answer, never an error."""
    (case,) = job.cases
    trainee = Trainee(
        case=case, hidden_size=job.hidden_size, seed=job.seed, rate=job.rate
    )
    found = attempt(
        lambda: train(_task(case, job.goal), trainee, partial(announce, "train", 0))
    )
    if isinstance(found, Outcome):
        return Trained(status=found.status, reason=found.reason)
    return Trained(status=Status.OK, run=found)


def _failed(case: LearningCase, outcome: Outcome) -> DescribedLayer:
    """A task of ours whose data are not installed is skipped; all else has failed."""
    is_absent = case.task in TASKS and "pip install rnnbench[" in outcome.reason
    status = Status.SKIPPED if is_absent else outcome.status
    return DescribedLayer(status=status, reason=outcome.reason)


def _task(case: LearningCase, goal: OtherGoal | None) -> Task:
    task = find_task(case.task, case.seq_len)
    if goal is None or not task.budget:
        return task
    return replace(
        task,
        target=task.target if goal.target is None else goal.target,
        budget=task.budget if goal.budget is None else goal.budget,
    )


def _facts(case: LearningCase, goal: OtherGoal | None) -> LearningTask:
    task = _task(case, goal)
    fits = task.budget > 0
    return LearningTask(
        name=case.task,
        seq_len=case.seq_len,
        input_size=task.test.inputs.shape[-1],
        output_size=task.output_size,
        batch_size=task.batch_size,
        question=task.question,
        source=task.source,
        quality=task.quality,
        chance=baselines.chance(task) if fits else None,
        order_free=baselines.order_free(task) if fits else None,
        linear=baselines.linear(task) if fits else None,
        target=task.target,
        budget=task.budget,
        evaluate_every=task.evaluate_every,
        control=task.control,
        data=task.data,
        longer=tuple(sorted(task.longer)),
    )


def _describe_layer(case: LearningCase, goal: OtherGoal | None) -> DescribedLayer:
    if case.device is Device.CUDA and not torch.cuda.is_available():
        return DescribedLayer(status=Status.SKIPPED, reason="no CUDA device")
    task = _task(case, goal)
    size = case.hidden_size
    if case.match is Match.PARAMETERS:
        size = matched_size(case, task)
    return DescribedLayer(
        status=Status.OK, hidden_size=size, parameters=parameters(case, size, task)
    )


def parameters(case: LearningCase, hidden_size: int, task: Task) -> int:
    """Number of trained numbers, with those of the readout."""
    return sum(p.numel() for p in Learner(case, hidden_size, task).parameters())


def matched_size(case: LearningCase, task: Task) -> int:
    """The hidden_size with as many parameters as the LSTM that the case is matched to.

    That LSTM has one layer, one direction and the case's hidden_size. ValueError if no
    size comes within 1 %.
    """
    lstm = LearningCase(
        task=case.task,
        seq_len=case.seq_len,
        layer="lstm",
        hidden_size=case.hidden_size,
    )
    wanted = parameters(lstm, case.hidden_size, task)
    low, high = 1, 2
    while parameters(case, high, task) < wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        is_less = parameters(case, middle, task) < wanted
        low, high = (middle, high) if is_less else (low, middle)
    best = min(low, high, key=lambda size: abs(parameters(case, size, task) - wanted))
    off = abs(parameters(case, best, task) - wanted) / wanted
    if off > MATCH_WITHIN:
        raise ValueError(
            f"no hidden_size comes within {MATCH_WITHIN:.0%} of the {wanted} "
            f"parameters of the lstm with hidden_size {case.hidden_size} "
            f"(nearest: {best}, {off:.1%} off)"
        )
    return best
