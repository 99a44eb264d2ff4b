"""Learning: what a layer reaches on a task, in how many steps, seed by seed.

Steps to a target are counted here; their seconds are steps times the step time of the
case that `LearningResult.timed_by` names, which the same run measured.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from rnnbench.model.case import LAYER_NAME, TORCH_LAYERS, Device
from rnnbench.model.status import Status


class Quality(StrEnum):
    """The measure of a held-out evaluation; less is better for each of them."""

    SQUARED_ERROR = "mean squared error"
    ERROR_RATE = "error rate"
    BITS = "bits per character"
    # Of `gradient_profile`, which trains nothing: see `SeedRun.gradient`.
    GRADIENT = "gradient factor per step"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningTask:
    """Facts of a task at one sequence length.

    Attributes:
        name: of the task, or `package.module:function` for a task of the user's.
        seq_len, input_size, output_size, batch_size: sizes of a training batch.
        question: the question that the task answers, in one sentence.
        source: where the task comes from.
        quality: what an evaluation gives.
        chance: quality of the best constant answer; None where nothing is trained.
        order_free: quality of a linear model that ignores order: of the inputs of a
            sequence in sorted order, or of the current input alone where every output
            is read. Computed on the same data.
        linear: quality of a linear model of all inputs in their order; None where every
            output is read.
        target: quality to be reached; None where the layers are not ranked by steps.
        budget: steps after which a run ends.
        evaluate_every: steps between evaluations.
        control: whether the layers are expected not to differ.
        data: SHA-256 of the data; empty where they are generated from a seed.
        longer: sequence lengths at which a trained layer is evaluated once more.

    """

    name: str
    seq_len: int
    input_size: int
    output_size: int
    batch_size: int
    question: str
    source: str
    quality: Quality
    chance: float | None
    order_free: float | None
    linear: float | None
    target: float | None
    budget: int
    evaluate_every: int
    control: bool = False
    data: str = ""
    longer: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """Name and sequence length: `adding_t50`."""
        return task_id(self.name, self.seq_len)


class Match(StrEnum):
    """Meaning of a case's hidden_size."""

    HIDDEN = "hidden"  # the layer has that hidden_size
    PARAMETERS = "parameters"  # as many parameters as an LSTM of that hidden_size


def task_id(name: str, seq_len: int) -> str:
    """Id of a task at a sequence length."""
    return f"{name}_t{seq_len}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCase:
    """A layer on a task: the identity of a `LearningResult`.

    `forget_bias`: value that the forget gate's bias starts from; None is PyTorch's
    default. Where `match` is `parameters`, the layer is sized so that it has as many
    parameters, with those of the readout, as an LSTM of `hidden_size` with one layer
    and one direction, to 1 %; `LearningResult.hidden_size` is its own size.
    """

    task: str
    seq_len: int
    layer: str
    hidden_size: int
    num_layers: int = 1
    bidirectional: bool = False
    dropout: float = 0.0
    forget_bias: float | None = None
    device: Device = Device.CPU
    match: Match = Match.HIDDEN

    def __post_init__(self) -> None:
        """Raise ValueError where a name or a size is not valid."""
        for name in (self.task, self.layer):
            if not LAYER_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a valid name")
        if min(self.seq_len, self.hidden_size, self.num_layers) < 1:
            raise ValueError("a size is less than 1")
        if not 0 <= self.dropout <= 1:
            raise ValueError(f"dropout: {self.dropout} is not between 0 and 1")

    @property
    def id(self) -> str:
        """Its name in files and for people; a field at its default adds nothing."""
        tokens = [
            (self.num_layers > 1, f"l{self.num_layers}"),
            (self.bidirectional, "bidirectional"),
            (self.dropout, f"dropout_{self.dropout:g}"),
            (self.forget_bias is not None, f"forget_bias_{self.forget_bias or 0:g}"),
            (self.device is not Device.CPU, self.device),
            (self.match is Match.PARAMETERS, "equal_parameters"),
        ]
        first = (task_id(self.task, self.seq_len), self.layer, f"h{self.hidden_size}")
        return "-".join((*first, *(token for holds, token in tokens if holds)))

    @property
    def is_foreign(self) -> bool:
        """Whether it runs code of the user's: a layer or a task."""
        return self.layer not in TORCH_LAYERS or ":" in self.task

    @property
    def task_id(self) -> str:
        """Id of its `LearningTask`."""
        return task_id(self.task, self.seq_len)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherGoal:
    """A target or a budget in place of the task's own; None keeps the task's."""

    task: str
    seq_len: int
    target: float | None = None
    budget: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningPlan:
    """The training runs of a sweep.

    Attributes:
        cases: what is trained.
        goals: where a task has another goal than its own.
        seeds, search_seeds: seeds of the runs, and of the search for a learning rate.
        rates: learning rates that are tried; the search is left out if there is one.
        onednn, cudnn: the switches with which a training step is timed.
        runtimes: those in which a step is timed besides eager; they train nothing.

    """

    cases: tuple[LearningCase, ...]
    goals: tuple[OtherGoal, ...] = ()
    seeds: tuple[int, ...]
    search_seeds: tuple[int, ...]
    rates: tuple[float, ...]
    onednn: tuple[bool, ...] = (True, False)
    cudnn: tuple[bool, ...] = (True,)
    runtimes: tuple[str, ...] = field(default=(), metadata={"later": True})

    def goal_of(self, case: LearningCase) -> OtherGoal | None:
        """The goal of the case's task, if it is not the task's own."""
        wanted = (case.task, case.seq_len)
        found = (goal for goal in self.goals if (goal.task, goal.seq_len) == wanted)
        return next(found, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRun:
    """One training run from one seed.

    Attributes:
        seed, rate: seed of weights and data, and the learning rate of Adam.
        values: quality at each evaluation, the first after `every` steps. A run ends at
            the second of two evaluations in a row at the target, at the budget, or
            where it diverges; it is bitwise the same on the same machine and versions.
        every: steps between evaluations.
        reached: step of the first of two evaluations in a row at the target; or None.
        diverged: whether a loss or a value was not finite; `values` end before it.
        digest: SHA-256 of the exact values, which the file has to six digits.
        longer: quality at longer sequences after training, each with its length.
        gradient: norm of the gradient of the last output with respect to the input k
            steps earlier, for k from 0, as a share of that at 0, before any training;
            empty where it was not asked for. `gradient_trained`: the same afterwards.

    """

    seed: int
    rate: float
    values: tuple[float, ...]
    every: int
    reached: int | None
    diverged: bool
    digest: str
    longer: tuple[tuple[int, float], ...] = ()
    gradient: tuple[float, ...] = ()
    gradient_trained: tuple[float, ...] = ()

    @property
    def steps(self) -> tuple[int, ...]:
        """The step of each evaluation."""
        return tuple(self.every * place for place in range(1, len(self.values) + 1))

    def __post_init__(self) -> None:
        """Raise ValueError for a step that no evaluation was at."""
        if self.every < 1 or (
            self.reached is not None and self.reached not in self.steps
        ):
            raise ValueError(f"step {self.reached} was not evaluated")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTrial:
    """A learning rate in the search: the mean of min(steps to target, budget).

    `solved` of `seeds` reached the target. Where a task has no target, `mean_steps` is
    0 and rates are ranked by `mean_value`, the mean of the last values.
    """

    rate: float
    seeds: tuple[int, ...]
    solved: int
    mean_steps: float
    mean_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningResult:
    """Everything that was measured of one layer on one task.

    Attributes:
        case: what was trained.
        status, reason: how it ended; the reason is "" where the status is ok.
        hidden_size: of the layer that was trained; None where it could not be built.
        parameters: number of trained parameters, with those of the readout; or None.
        timed_by: ids of the cases of this run whose time is that of a training step:
            phase step, one for each switch of the backend.
        search: learning rates that were tried, on seeds of their own; empty where
            there was one rate.
        seeds: the runs, in the order of their seeds.

    """

    case: LearningCase
    status: Status
    reason: str = ""
    hidden_size: int | None = None
    parameters: int | None = None
    timed_by: tuple[str, ...] = ()
    search: tuple[RateTrial, ...] = ()
    seeds: tuple[SeedRun, ...] = ()


@dataclass(frozen=True, slots=True)
class Learning:
    """The learning part of a run: the tasks, and a result for each case."""

    tasks: tuple[LearningTask, ...] = ()
    results: tuple[LearningResult, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where a case is there twice, or without its task."""
        ids = [result.case.id for result in self.results]
        if len(set(ids)) != len(ids):
            raise ValueError("a case is there twice")

    def task_of(self, result: LearningResult) -> LearningTask | None:
        """The task of a result; None where it could not be made."""
        wanted = result.case.task_id
        return next((task for task in self.tasks if task.id == wanted), None)
