"""The messages between runner and worker about learning; part of `worker.protocol`."""

from dataclasses import dataclass

from rnnbench.model.learning import LearningCase, LearningTask, OtherGoal, SeedRun
from rnnbench.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeTasks:
    """Describe the task of each case, and the layer that the case would train."""

    cases: tuple[LearningCase, ...]
    goals: tuple[OtherGoal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedLayer:
    """The layer of a case: its size and number of parameters; or why there is none."""

    status: Status
    reason: str = ""
    hidden_size: int = 0
    parameters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The answer to DescribeTasks: each task once, and a layer for each case."""

    tasks: tuple[LearningTask, ...]
    layers: tuple[DescribedLayer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """One training run of one case, the only one of `cases`."""

    cases: tuple[LearningCase, ...]
    hidden_size: int
    seed: int
    rate: float
    goal: OtherGoal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The answer to Train: the run, or why there is none."""

    status: Status
    reason: str = ""
    run: SeedRun | None = None
