"""Readings of a case as a service, over its processes: values with intervals.

Every interval is that of a median over processes (`stats.median_interval`): times of
single steps and of first calls have heavy tails, of which a mean says little.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from statistics import median

from rnnbench.analysis.stats import Interval, median_interval
from rnnbench.model.case import EAGER, Case
from rnnbench.model.run import Result, Run
from rnnbench.model.serving import (
    PERCENTILES,
    DeploymentCard,
    ServedBy,
    Serving,
    StepLatency,
)


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of a step, and of an empty step, by their number (50, 95, ...).

    `steps`: of all processes together.
    """

    step: Mapping[float, Interval]
    empty: Mapping[float, Interval]
    steps: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """Streams per core at a deadline, by what serves them."""

    deadline: float
    per_core: Mapping[ServedBy, Interval]

    @property
    def best(self) -> Interval:
        """That of processes or of threads, whichever is more."""
        return max(self.per_core.values(), key=lambda each: each.estimate)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The figures of a deployment card with intervals; None where there is none.

    `ready`: seconds from nothing to the end of the first call. `pays_after`: calls
    after which that is made up for by faster calls than eager's; None where it never
    is, or where eager was not measured.
    """

    build: Interval
    load: Interval | None
    first_call: Interval
    ready: Interval
    call: Interval
    whole_call: Interval | None
    artefact: int | None
    peak_memory: Interval | None
    added_memory: Interval | None
    error: float | None
    pays_after: int | None


@dataclass(frozen=True, slots=True)
class Service:
    """All readings of a case as a service."""

    case: Case
    latency: Latency | None
    capacities: tuple[Capacity, ...]
    deployment: Deployment | None
    reasons: tuple[tuple[str, str], ...]


def services(run: Run) -> tuple[Service, ...]:
    """The cases of `run` that were read as services, in its order."""
    cards = {
        result.case: result.serving.cards
        for result in run.results
        if result.serving and result.serving.cards
    }
    return tuple(
        _service(result, result.serving, cards)
        for result in run.results
        if result.serving
    )


def latency_of(readings: Iterable[StepLatency]) -> Latency | None:
    """The percentiles that every process has, over processes."""
    found = tuple(readings)
    if not found:
        return None
    known = PERCENTILES[: min(len(one.seconds) for one in found)]
    step, empty = (
        {
            percentile: median_interval([values[place] for values in every])
            for place, percentile in enumerate(known)
        }
        for every in ([one.seconds for one in found], [one.empty for one in found])
    )
    return Latency(step, empty, sum(one.steps for one in found))


def capacities_of(serving: Serving) -> tuple[Capacity, ...]:
    """The streams per core at each deadline, shortest first."""
    found: dict[float, dict[ServedBy, list[float]]] = {}
    for one in serving.capacities:
        by_server = found.setdefault(one.deadline, {})
        by_server.setdefault(one.served_by, []).append(one.per_core)
    return tuple(
        Capacity(
            deadline,
            {served_by: median_interval(each) for served_by, each in by_server.items()},
        )
        for deadline, by_server in sorted(found.items())
    )


def deployment_of(
    cards: tuple[DeploymentCard, ...], eager: tuple[DeploymentCard, ...]
) -> Deployment | None:
    """The figures of `cards`; `eager` are those of the same case in eager."""
    if not cards:
        return None

    def over(values: Iterable[float | None]) -> Interval | None:
        known = [value for value in values if value is not None]
        return median_interval(known) if known else None

    errors = [card.error for card in cards if card.error is not None]
    return Deployment(
        build=median_interval([card.build for card in cards]),
        load=over(card.load for card in cards),
        first_call=median_interval([card.first_call for card in cards]),
        ready=median_interval([card.ready for card in cards]),
        call=median_interval([card.call for card in cards]),
        whole_call=over(card.whole_call for card in cards),
        artefact=cards[0].artefact,
        peak_memory=over(card.peak_memory for card in cards),
        added_memory=over(
            None
            if card.peak_memory is None or card.base_memory is None
            else card.peak_memory - card.base_memory
            for card in cards
        ),
        error=max(errors) if errors else None,
        pays_after=_pays_after(cards, eager),
    )


def _pays_after(
    cards: tuple[DeploymentCard, ...], eager: tuple[DeploymentCard, ...]
) -> int | None:
    if not eager or cards == eager:
        return None
    saved = median(one.call for one in eager) - median(one.call for one in cards)
    later = median(one.ready for one in cards) - median(one.ready for one in eager)
    return max(ceil(later / saved), 0) if saved > 0 else None


def _service(
    result: Result,
    serving: Serving,
    cards: Mapping[Case, tuple[DeploymentCard, ...]],
) -> Service:
    eager = cards.get(eager_twin(result.case), ())
    return Service(
        result.case,
        latency_of(serving.latencies),
        capacities_of(serving),
        deployment_of(serving.cards, eager),
        tuple((str(part), reason) for part, reason in serving.reasons),
    )


def eager_twin(case: Case) -> Case:
    """The same case as eager PyTorch runs it with its defaults."""
    return replace(case, runtime=EAGER)
