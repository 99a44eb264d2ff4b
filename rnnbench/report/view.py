"""A run as its report reads it: every statistic computed once, nothing yet in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rnnbench.analysis.backend_check import Provenance, judge
from rnnbench.analysis.host_effect import HostEffect, host_effect
from rnnbench.analysis.labels import Conditions, conditions_of
from rnnbench.analysis.learning_cells import learning_cells
from rnnbench.analysis.learning_ratios import LearningView, learning_view
from rnnbench.analysis.ratio import (
    Ratio,
    Verdict,
    absolute,
    pooled,
    ratios,
    time_ratio,
)
from rnnbench.analysis.roofline import Position, place
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case, Device
from rnnbench.model.layer_arguments import value_of
from rnnbench.model.metric import TIME, Metric
from rnnbench.model.run import Result, Run
from rnnbench.model.status import MEASURED, Status
from rnnbench.model.workload import Pair
from rnnbench.model.workload import group as workloads_of

# Verdicts for the candidate of a ratio, and for its baseline; of time and of memory.
FOR_CANDIDATE = frozenset({Verdict.FASTER, Verdict.LESS})
FOR_BASELINE = frozenset({Verdict.SLOWER, Verdict.MORE})


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with what was computed of it.

    `time`: seconds per call, None where nothing was measured. `limit`: its place under
    the roofline, or the reason why that is unknown.
    """

    result: Result
    time: Interval | None
    provenance: Provenance
    limit: Position | str

    @property
    def case(self) -> Case:
        """The identity of the result."""
        return self.result.case

    @property
    def layer(self) -> str:
        """The name of the layer, as in the sweep."""
        return self.result.case.layer


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two values of one axis that ratios compare: candidate divided by baseline.

    `layers`: the layers of both sides; the same one twice unless the axis is `layer`.
    """

    axis: str
    candidate: Any
    baseline: Any
    layers: tuple[str, str]

    @property
    def is_of_layers(self) -> bool:
        """Whether two layers are compared, and not two settings of one layer."""
        return self.axis == "layer"

    @property
    def is_gru_to_lstm(self) -> bool:
        """The question that most runs are for."""
        return self.is_of_layers and self.layers == ("gru", "lstm")


@dataclass(frozen=True, slots=True)
class RatioGroup:
    """Ratios of one contrast and metric that differ in sizes alone.

    `mean`: their geometric mean with an interval over launches, None where no launch
    measured half of them.
    """

    contrast: Contrast
    conditions: Conditions
    metric: Metric
    ratios: tuple[Ratio, ...]
    mean: Interval | None

    @property
    def wins(self) -> tuple[int, int]:
        """The number of sizes decided for the candidate, and for the baseline."""
        verdicts = [ratio.verdict for ratio in self.ratios]
        return (
            sum(verdict in FOR_CANDIDATE for verdict in verdicts),
            sum(verdict in FOR_BASELINE for verdict in verdicts),
        )

    @property
    def ends(self) -> tuple[float, float]:
        """The mean twice, or the range where no launch has enough of the ratios."""
        if self.mean:
            return self.mean.estimate, self.mean.estimate
        return self.range

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest ratio."""
        values = [ratio.interval.estimate for ratio in self.ratios]
        return min(values), max(values)


@dataclass(frozen=True)
class RunView:
    """Everything that sections, charts, the data island and summaries show of a run.

    Each part is computed once, when it is first asked for: a figure needs few of them.
    """

    run: Run

    @cached_property
    def cases(self) -> tuple[CaseView, ...]:
        """The cases, in the run's order."""
        return tuple(_case_view(self.run, result) for result in self.run.results)

    @cached_property
    def ratios(self) -> tuple[Ratio, ...]:
        """Every ratio, in the order of the cases."""
        return ratios(self.run)

    @cached_property
    def contrasts(self) -> tuple[Contrast, ...]:
        """What the run compares in time, the one that the page is about first."""
        return ordered_contrasts(group for group in self.groups if group.metric is TIME)

    @cached_property
    def groups(self) -> tuple[RatioGroup, ...]:
        """The ratios by contrast, conditions and metric."""
        return grouped(self.ratios)

    @cached_property
    def devices(self) -> tuple[Device, ...]:
        """The devices that something ran on."""
        return tuple(
            dict.fromkeys(
                result.case.device
                for result in self.run.results
                if result.status is not Status.SKIPPED
            )
        )

    @cached_property
    def rnn_to_gru(self) -> tuple[Ratio, ...]:
        """Time of a plain RNN divided by a GRU's, which no workload compares."""
        return _rnn_to_gru(self.run)

    @cached_property
    def learning(self) -> LearningView:
        """What was learned, and its pairs."""
        return learning_view(learning_cells(self.run))

    @cached_property
    def host_effect(self) -> HostEffect | None:
        """The effect of hosts on ratios; None unless a fleet measured."""
        return host_effect(self.run, self.ratios)

    @property
    def main(self) -> Contrast | None:
        """The pair of layers that the page is about; None if the run compares none."""
        first = next(iter(self.contrasts), None)
        return first if first and first.is_of_layers else None

    def groups_of(
        self, contrast: Contrast | None, metric: Metric = TIME
    ) -> tuple[RatioGroup, ...]:
        """The groups of one contrast, PyTorch's defaults first."""
        return tuple(
            group
            for group in self.groups
            if group.contrast == contrast and group.metric is metric
        )

    def where(self, conditions: Conditions) -> str:
        """The conditions in words, with the device only where the run has several."""
        return conditions.words(with_device=len(self.devices) > 1)

    @property
    def shown(self) -> tuple[CaseView, ...]:
        """The cases that were not skipped; the others are listed with reasons."""
        return tuple(
            each for each in self.cases if each.result.status is not Status.SKIPPED
        )

    @property
    def times(self) -> tuple[Ratio, ...]:
        """The ratios of time."""
        return tuple(ratio for ratio in self.ratios if ratio.metric is TIME)


def view(run: Run) -> RunView:
    """Everything that a report of `run` shows."""
    return RunView(run)


def contrast_of(ratio: Ratio) -> Contrast:
    """The two values that `ratio` compares."""
    pair = ratio.pair
    return Contrast(
        pair.axis,
        value_of(pair.candidate, pair.axis),
        value_of(pair.baseline, pair.axis),
        (pair.candidate.layer, pair.baseline.layer),
    )


def mean_of(group: Sequence[Ratio]) -> Interval | None:
    """The interval of one ratio, or the geometric mean of several."""
    return group[0].interval if len(group) == 1 else pooled(group)


def _case_view(run: Run, result: Result) -> CaseView:
    time = absolute(result.turns)
    return CaseView(
        result,
        time,
        judge(result.case, run.environment, result.profile),
        place(result, time, run.ceilings),
    )


def _rnn_to_gru(run: Run) -> tuple[Ratio, ...]:
    results = {one.case: one for one in run.results if one.status in MEASURED}
    found = (
        time_ratio(Pair("layer", case, twin), results[case], results[twin])
        for workload in workloads_of(results, run.sweep.compare)
        for case in workload.members
        if case.layer in ("rnn_tanh", "rnn_relu")
        and (twin := replace(case, layer="gru")) in workload.members
    )
    return tuple(ratio for ratio in found if ratio)


def grouped(found: Iterable[Ratio]) -> tuple[RatioGroup, ...]:
    """The groups of ratios that differ in sizes alone, PyTorch’s defaults first."""
    gathered: dict[tuple[Contrast, Conditions, str], list[Ratio]] = {}
    for ratio in found:
        contrast = contrast_of(ratio)
        # If sizes are what is compared, the mean is over the other axes.
        conditions = conditions_of(ratio.pair.baseline, without=ratio.pair.axis)
        if contrast.is_of_layers:
            conditions = conditions.with_arguments_of(ratio.pair.candidate)
        if ratio.pair.candidate.parameters_of and contrast.is_of_layers:
            conditions = conditions.at_equal_parameters()
        gathered.setdefault((contrast, conditions, ratio.metric.name), []).append(ratio)
    groups = [
        RatioGroup(
            contrast, conditions, members[0].metric, tuple(members), mean_of(members)
        )
        for (contrast, conditions, _), members in gathered.items()
    ]
    return tuple(sorted(groups, key=lambda group: group.conditions.rank))


def ordered_contrasts(groups: Iterable[RatioGroup]) -> tuple[Contrast, ...]:
    """GRU and LSTM first, then layers by their number of ratios, then settings."""
    counts: dict[Contrast, int] = {}
    settings: dict[tuple[str, Any], int] = {}
    for group in groups:
        one = group.contrast
        counts[one] = counts.get(one, 0) + len(group.ratios)
        settings.setdefault((one.axis, one.candidate), len(settings))
    return tuple(
        sorted(
            counts,
            key=lambda one: (
                not one.is_gru_to_lstm,
                not one.is_of_layers,
                -counts[one] if one.is_of_layers else settings[one.axis, one.candidate],
                one.layers[0] not in ("lstm", "gru"),
            ),
        )
    )
