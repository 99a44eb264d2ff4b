"""Pairs of cells of one task: which needs fewer steps, and which fewer seconds."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rnnbench.analysis.learning_cells import (
    BackendState,
    LearningCell,
    StepTime,
    backend_states,
)
from rnnbench.analysis.ratio import launch_log_ratios, launch_logs
from rnnbench.analysis.stats import Gap, Interval, welch
from rnnbench.analysis.steps_to_target import (
    combined,
    improvement,
    mean_gap,
    seeds_needed,
    steps_ratio,
)
from rnnbench.model.learning import LearningCase, Match

# Axes of which a pair differs in exactly one, and the value of the baseline.
AXES = {
    "layer": None,
    "bidirectional": False,
    "num_layers": 1,
    "dropout": 0.0,
    "forget_bias": None,
}
# The layer that others are compared with: the first of these that a task has.
_BASE_LAYERS = ("lstm", "gru", "rnn_tanh")


class LearningVerdict(StrEnum):
    """The candidate against the baseline, in steps to the target."""

    FEWER = "fewer steps"
    MORE = "more steps"
    NO_DIFFERENCE = "no difference found"
    NEITHER = "neither reaches the target"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningRatio:
    """Two cells of one task that differ in `axis`.

    Attributes:
        match: what they have in common.
        candidate, baseline: the two cells.
        steps: ratio of steps; None where a seed of either was censored.
        seconds: ratio of seconds for each state of the backend; empty as `steps`.
        improvement: probability that the candidate needs fewer steps.
        seeds: seeds that would tell the ratio from 1; None where it is told, where
            there is no ratio, or where they would be too many.
        verdict: by the interval of `steps`, or else by that of `improvement`.

    """

    axis: str
    match: Match
    candidate: LearningCell
    baseline: LearningCell
    steps: Interval | None
    seconds: tuple[tuple[BackendState, Interval], ...]
    improvement: Interval
    seeds: int | None
    verdict: LearningVerdict


@dataclass(frozen=True, slots=True)
class LearningView:
    """The learning part of a run with its statistics, for reports."""

    cells: tuple[LearningCell, ...] = ()
    ratios: tuple[LearningRatio, ...] = ()

    def of_axis(self, axis: str) -> tuple[LearningRatio, ...]:
        """The pairs that differ in that axis."""
        return tuple(ratio for ratio in self.ratios if ratio.axis == axis)

    def without_target(
        self, axis: str
    ) -> tuple[tuple[LearningCell, LearningCell], ...]:
        """Candidate and baseline of each pair of a task that has no target."""
        return tuple(
            (candidate, baseline)
            for cells in self.tasks()
            if cells[0].task.target is None
            for found, _, candidate, baseline in _pairs(cells)
            if found == axis
        )

    def tasks(self) -> tuple[tuple[LearningCell, ...], ...]:
        """The cells of each task, in the order of the run."""
        return _by_task(self.cells)


def learning_view(cells: Sequence[LearningCell]) -> LearningView:
    """The cells and every pair of them, each task in the order of its cells."""
    ratios = [
        _ratio(axis, match, candidate, baseline)
        for task in _by_task(cells)
        for axis, match, candidate, baseline in _pairs(task)
    ]
    return LearningView(tuple(cells), tuple(ratio for ratio in ratios if ratio))


def quality_ratio(candidate: LearningCell, baseline: LearningCell) -> Interval | None:
    """Ratio of the last held-out quality, as geometric means over seeds.

    None where a side has fewer than two seeds, or a value that has no logarithm.
    """
    sides = [cell.finals for cell in (candidate, baseline)]
    if any(len(side) < 2 or min(side) <= 0 for side in sides):
        return None
    return welch(*([math.log(value) for value in side] for side in sides)).interval()


def _by_task(cells: Iterable[LearningCell]) -> tuple[tuple[LearningCell, ...], ...]:
    gathered: dict[str, list[LearningCell]] = {}
    for cell in cells:
        gathered.setdefault(cell.task.id, []).append(cell)
    return tuple(map(tuple, gathered.values()))


def _pairs(
    cells: Sequence[LearningCell],
) -> Iterable[tuple[str, Match, LearningCell, LearningCell]]:
    layers = {cell.case.layer for cell in cells}
    base = next((layer for layer in _BASE_LAYERS if layer in layers), None)
    for axis, default in {**AXES, "layer": base}.items():
        for baseline in cells:
            if getattr(baseline.case, axis) != default:
                continue
            for candidate in cells:
                match = _match(candidate.case, baseline.case, axis)
                if match and candidate.case != baseline.case:
                    yield axis, match, candidate, baseline


def _match(candidate: LearningCase, baseline: LearningCase, axis: str) -> Match | None:
    """What two cases have in common that differ in `axis` and in nothing else."""
    if getattr(candidate, axis) == getattr(baseline, axis):
        return None
    pairs = {axis: getattr(baseline, axis), "match": Match.HIDDEN}
    if replace(candidate, **pairs) != replace(baseline, match=Match.HIDDEN):
        return None
    sizes = {_has_size_of_lstm(case) for case in (candidate, baseline)}
    if {candidate.match, baseline.match} == {Match.HIDDEN}:
        return Match.HIDDEN
    return Match.PARAMETERS if sizes == {True} else None


def _has_size_of_lstm(case: LearningCase) -> bool:
    """Whether it has the parameters of the plain LSTM of its hidden_size."""
    is_plain = case.layer == "lstm" and case.num_layers == 1 and not case.bidirectional
    return is_plain or case.match is Match.PARAMETERS


def _ratio(
    axis: str, match: Match, candidate: LearningCell, baseline: LearningCell
) -> LearningRatio | None:
    if candidate.steps is None or baseline.steps is None:
        return None
    gap = steps_ratio(candidate.steps, baseline.steps)
    steps = gap.interval() if gap else None
    chance = improvement(candidate.steps, baseline.steps)
    verdict = _verdict(candidate, baseline, steps, chance)
    is_open = gap is not None and verdict is LearningVerdict.NO_DIFFERENCE
    return LearningRatio(
        axis=axis,
        match=match,
        candidate=candidate,
        baseline=baseline,
        steps=steps,
        seconds=_seconds(gap, candidate, baseline) if gap else (),
        improvement=chance,
        seeds=seeds_needed(gap) if gap and is_open else None,
        verdict=verdict,
    )


def _verdict(
    candidate: LearningCell,
    baseline: LearningCell,
    steps: Interval | None,
    chance: Interval,
) -> LearningVerdict:
    if steps:
        if steps.high < 1:
            return LearningVerdict.FEWER
        return LearningVerdict.MORE if steps.low > 1 else LearningVerdict.NO_DIFFERENCE
    if not any(cell.steps and cell.steps.solved for cell in (candidate, baseline)):
        return LearningVerdict.NEITHER
    if chance.low > 1 / 2:
        return LearningVerdict.FEWER
    return (
        LearningVerdict.MORE if chance.high < 1 / 2 else LearningVerdict.NO_DIFFERENCE
    )


def _seconds(
    steps: Gap, candidate: LearningCell, baseline: LearningCell
) -> tuple[tuple[BackendState, Interval], ...]:
    """The ratio of seconds for each state of the backend that both sides have."""
    found = []
    for state in backend_states((candidate, baseline)):
        first, second = candidate.time_in(state), baseline.time_in(state)
        if first and second:
            both = combined(steps, _time_gap(first, second))
            found.append((state, both.interval()))
    return tuple(found)


def _time_gap(candidate: StepTime, baseline: StepTime) -> Gap:
    """Log-ratio of step times, launch by launch where both took turns in a launch."""
    ours, theirs = candidate.result, baseline.result
    logs = launch_log_ratios(ours, theirs) if ours.workload == theirs.workload else ()
    if logs:
        return mean_gap([value for _, value in logs])
    return welch(launch_logs(ours.turns), launch_logs(theirs.turns))
