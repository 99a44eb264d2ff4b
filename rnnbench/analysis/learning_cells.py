"""What was learned of each case, joined with the separately measured step time."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from statistics import median

from rnnbench.analysis.labels import conditions_of, words
from rnnbench.analysis.ratio import absolute, launch_logs
from rnnbench.analysis.stats import Interval
from rnnbench.analysis.steps_to_target import StepsToTarget, combined, mean_gap
from rnnbench.model.case import Phase
from rnnbench.model.learning import LearningCase, LearningResult, LearningTask
from rnnbench.model.run import Result, Run

_OF_A_CELL = {field.name for field in fields(LearningCase)}


@dataclass(frozen=True, slots=True)
class BackendState:
    """The software state in which a step was timed, in words.

    `switch`: the switch of the backend and its state ("oneDNN off"), or "" if
    nothing switches it. `others`: what is not the default, such as another runtime.
    """

    switch: str = ""
    others: str = ""

    @property
    def words(self) -> str:
        """Both, or "" if a step has only one time."""
        return ", ".join(filter(None, (self.others, self.switch)))


@dataclass(frozen=True, slots=True)
class StepTime:
    """Time of a training step of a cell, under one state of the backend."""

    backend: BackendState
    result: Result
    time: Interval


@dataclass(frozen=True, slots=True)
class LearningCell:
    """A layer on a task.

    Attributes:
        result: what was trained, seed by seed.
        task: the facts of its task.
        steps: steps to the target; None where the task has no target or nothing ran.
        times: step times, one for each state of the backend.
        is_sized: whether the run also trained other hidden sizes on the task.

    """

    result: LearningResult
    task: LearningTask
    steps: StepsToTarget | None
    times: tuple[StepTime, ...]
    is_sized: bool = False

    @property
    def case(self) -> LearningCase:
        """The identity of the result."""
        return self.result.case

    @property
    def memory(self) -> int | None:
        """Peak memory of a training step in bytes; None where it was not read."""
        return next((each.result.peak_memory for each in self.times), None)

    @property
    def finals(self) -> tuple[float, ...]:
        """The last held-out quality of each seed that did not diverge."""
        return tuple(
            run.values[-1]
            for run in self.result.seeds
            if run.values and not run.diverged
        )

    @property
    def final(self) -> float | None:
        """The median over seeds of the last held-out quality."""
        return median(self.finals) if self.finals else None

    @property
    def spent(self) -> float | None:
        """The median over seeds of the steps that were trained."""
        lengths = [run.steps[-1] for run in self.result.seeds if run.values]
        return median(lengths) if lengths else None

    def time_in(self, state: BackendState) -> StepTime | None:
        """The step time in that state; a layer without a switch has only one."""
        times = {each.backend: each for each in self.times}
        return times.get(state) or times.get(BackendState(others=state.others))

    def seconds(self, at: StepTime) -> Interval | None:
        """Seconds to the target: steps times step time, with both uncertainties.

        None where a seed did not reach the target.
        """
        if self.steps is None or not self.steps.is_complete:
            return None
        time = mean_gap(launch_logs(at.result.turns))
        return combined(self.steps.log_mean, time).interval()


def backend_states(cells: Iterable[LearningCell]) -> tuple[BackendState, ...]:
    """The states in which steps were timed, grouped by runtime.

    A layer that the switch does not affect belongs to both of its states.
    """
    found = dict.fromkeys(each.backend for cell in cells for each in cell.times)
    switched = {state.others for state in found if state.switch}
    kept = [each for each in found if each.switch or each.others not in switched]
    others = list(dict.fromkeys(state.others for state in found))
    return tuple(sorted(kept, key=lambda state: others.index(state.others)))


def learning_cells(run: Run) -> tuple[LearningCell, ...]:
    """A cell for each result of a task that could be made, in the order of the run."""
    timed = {result.case.id: result for result in run.results}
    sizes: dict[str, set[int]] = {}
    for result in run.learning.results:
        sizes.setdefault(result.case.task_id, set()).add(result.case.hidden_size)
    cells = []
    for result in run.learning.results:
        task = run.learning.task_of(result)
        if task is not None:
            times = [timed[name] for name in result.timed_by if name in timed]
            steps = _steps(result, task)
            is_sized = len(sizes[result.case.task_id]) > 1
            cells.append(
                LearningCell(result, task, steps, _step_times(times), is_sized)
            )
    return tuple(cells)


def _steps(result: LearningResult, task: LearningTask) -> StepsToTarget | None:
    if task.target is None or not result.seeds:
        return None
    reached = tuple(run.reached for run in result.seeds)
    return StepsToTarget(reached, task.budget, task.evaluate_every)


def _step_times(results: list[Result]) -> tuple[StepTime, ...]:
    found = ((result, absolute(result.turns)) for result in results)
    return tuple(
        StepTime(_backend(result), result, time) for result, time in found if time
    )


def _backend(result: Result) -> BackendState:
    """The switch of the backend and what else a run can vary of one cell."""
    there = conditions_of(result.case)
    extras = [
        words(axis, value)
        for axis, value in there.extras
        if axis not in {*_OF_A_CELL, "optimizer"}
    ]
    if result.case.phase is Phase.TRAIN:
        extras.append("without the optimizer")
    return BackendState(there.backend_words, ", ".join(extras))
