"""A plan of training runs, described by a worker, and the steps to be timed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rnnbench.model.case import EAGER, Case, Device, Optimizer, Phase, applies
from rnnbench.model.errors import CampaignError
from rnnbench.model.learning import (
    LearningCase,
    LearningPlan,
    LearningTask,
    Match,
    OtherGoal,
)
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.model.status import Status
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.learning_jobs import Described, DescribedLayer, DescribeTasks
from rnnbench.worker.protocol import Start

# Steps that a smoke run takes: to the first evaluation.
_SMOKE_STEPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedPlan:
    """A plan, its tasks by id, and the layer of each of its cases, in order."""

    plan: LearningPlan
    tasks: dict[str, LearningTask]
    layers: tuple[DescribedLayer, ...]

    def layer_of(self, case: LearningCase) -> DescribedLayer:
        """The layer that a case of the plan trains."""
        return self.layers[self.plan.cases.index(case)]

    def is_timed(self, case: LearningCase) -> bool:
        """Whether the case can be trained and takes steps."""
        task = self.tasks.get(case.task_id)
        is_fine = self.layer_of(case).status is Status.OK
        return is_fine and task is not None and task.budget > 0

    def timing_cases(self, case: LearningCase) -> tuple[Case, ...]:
        """The cases that time a training step, one for each runtime and switch."""
        if not self.is_timed(case):
            return ()
        task, plan = self.tasks[case.task_id], self.plan
        one = Case(
            layer=case.layer,
            input_size=task.input_size,
            hidden_size=self.layer_of(case).hidden_size,
            num_layers=case.num_layers,
            bidirectional=case.bidirectional,
            dropout=case.dropout,
            seq_len=task.seq_len,
            batch_size=task.batch_size,
            phase=Phase.STEP,
            optimizer=Optimizer.ADAM,
            device=case.device,
            parameters_of=case.hidden_size if case.match is Match.PARAMETERS else 0,
        )
        return tuple(
            switched
            for runtime in dict.fromkeys((EAGER, *plan.runtimes))
            for switched in self._switched(
                replace(one, runtime=runtime, phase=_phase_in(runtime))
            )
        )

    def _switched(self, one: Case) -> tuple[Case, ...]:
        plan = self.plan
        if one.device is Device.CUDA:
            return tuple(replace(one, cudnn=value) for value in plan.cudnn)
        values = plan.onednn if applies("onednn", one) else (True,)
        return tuple(replace(one, onednn=value) for value in values)

    def step_cases(self) -> tuple[Case, ...]:
        """The timing cases of all cases, each once."""
        found = [each for case in self.plan.cases for each in self.timing_cases(case)]
        return tuple(dict.fromkeys(found))


def _phase_in(runtime: str) -> Phase:
    """The phase of a training step; `train` where a runtime brings no optimizer."""
    known = RUNTIMES.get(runtime)
    return Phase.STEP if known is None or Phase.STEP in known.phases else Phase.TRAIN


def smoke_plan(plan: LearningPlan) -> LearningPlan:
    """A plan that trains each case once, for a few steps: to see that it runs."""
    tasks = dict.fromkeys((case.task, case.seq_len) for case in plan.cases)
    return replace(
        plan,
        goals=tuple(
            OtherGoal(task=name, seq_len=seq_len, budget=_SMOKE_STEPS)
            for name, seq_len in tasks
        ),
        seeds=plan.seeds[:1],
        rates=plan.rates[:1],
    )


def process_of(case: LearningCase) -> str:
    """Name of the process that runs a case: foreign code has a process of its own."""
    return f"{case.layer} {case.task}" if case.is_foreign else ""


async def describe_plan(
    plan: LearningPlan, time_limit: float, command: tuple[str, ...] = ()
) -> DescribedPlan:
    """Ask workers what the plan trains; CampaignError if no worker can be started.

    A case at which a worker dies has that as its reason; the others are asked again.
    """
    layers: dict[LearningCase, DescribedLayer] = {}
    tasks: dict[str, LearningTask] = {}
    for name in dict.fromkeys(map(process_of, plan.cases)):
        pending = [case for case in plan.cases if process_of(case) == name]
        while pending:
            try:
                answer = await _ask(pending, plan, time_limit, command)
            except WorkerDeathError as death:
                at = death.member
                if at is None or at >= len(pending):
                    raise CampaignError(f"worker: {death.reason}") from death
                culprit = pending.pop(at)
                layers[culprit] = DescribedLayer(
                    status=death.status, reason=death.reason
                )
                continue
            layers |= dict(zip(pending, answer.layers, strict=True))
            tasks |= {task.id: task for task in answer.tasks}
            break
    return DescribedPlan(
        plan=plan, tasks=tasks, layers=tuple(layers[case] for case in plan.cases)
    )


async def _ask(
    cases: Sequence[LearningCase],
    plan: LearningPlan,
    time_limit: float,
    command: tuple[str, ...],
) -> Described:
    async with await Worker.start(Setting(), Start(), command) as worker:
        job = DescribeTasks(cases=tuple(cases), goals=plan.goals)
        answer = await worker.ask(job, Described, limit=time_limit)
    if len(answer.layers) != len(cases):
        raise CampaignError("worker: its reply does not match the cases sent")
    return answer
