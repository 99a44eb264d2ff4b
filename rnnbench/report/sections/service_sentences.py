"""Sentences on latency, streams per core and deployment: which layer, which runtime."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rnnbench.analysis.service import (
    Deployment,
    Latency,
    Service,
    eager_twin,
    services,
)
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import EAGER, Case
from rnnbench.model.formatting import counted
from rnnbench.model.metric import TIME
from rnnbench.model.run import Run
from rnnbench.model.serving import LAUNCHES
from rnnbench.report.sections.service_charts import (
    deadline_words,
    runtime_words,
    size_words,
    streams_words,
)
from rnnbench.report.sentences import Sentence, listed, named, say, with_article

# If an empty step reaches this share of a percentile, it explains most of it.
_MACHINE = 0.5


def service_sentences(run: Run) -> tuple[Sentence, ...]:
    """Sentences of a summary on latency, streams per core and deployment."""
    every = services(run)
    found = (latency_sentence(every), capacity_sentence(every))
    short = processes_sentence(every)
    return tuple(filter(None, (*found, deployment_sentence(every), short)))


def processes_sentence(found: Iterable[Service]) -> Sentence:
    """That the budget ended before there were enough processes for intervals."""
    counts = [count for each in found for count in _processes(each)]
    fewest = min(counts, default=LAUNCHES)
    if fewest >= LAUNCHES:
        return ()
    return say(
        "The budget ended after {fewest} of {wanted} processes, which give no "
        "interval: a longer budget reads the others.",
        fewest=str(fewest),
        wanted=str(LAUNCHES),
    )


def _processes(each: Service) -> Iterator[int]:
    """How many processes read each part of a case."""
    if each.latency:
        yield each.latency.step[50.0].count
    yield from (one.best.count for one in each.capacities)
    if each.deployment:
        yield each.deployment.call.count


def latency_sentence(found: Sequence[Service]) -> Sentence:
    """The layer and runtime that are fastest at most sizes, beside an empty step."""
    timed = [(each, each.latency) for each in found if each.latency]
    if not timed:
        return ()
    fastest: dict[str, tuple[Service, Latency]] = {}
    for each, latency in sorted(timed, key=lambda one: one[1].step[50.0].estimate):
        fastest.setdefault(size_words(each.case), (each, latency))
    wins = Counter((one.case.layer, one.case.runtime) for one, _ in fastest.values())
    (layer, runtime), count = wins.most_common(1)[0]
    each, latency = next(
        (one, latency)
        for one, latency in fastest.values()
        if (one.case.layer, one.case.runtime) == (layer, runtime)
    )
    return say(
        "The fastest step{most} is that of {layer} with {runtime}: {half} at p50 "
        "({size}){eager}. {tail}",
        most=_most(count, len(fastest)),
        layer=with_article(layer),
        runtime=runtime_words(each.case),
        half=TIME.format(latency.step[50.0].estimate),
        size=size_words(each.case),
        eager=_in_eager(each, timed),
        tail=_tail_words(latency),
    )


def _most(count: int, sizes: int) -> str:
    if sizes == 1 or 2 * count <= sizes:
        return ""
    if count == sizes:
        return " at both sizes" if sizes == 2 else f" at all {sizes} sizes"
    return f" at {count} of {sizes} sizes"


def _in_eager(each: Service, timed: Iterable[tuple[Service, Latency]]) -> str:
    """The time of the same step in eager, if that is another runtime."""
    if each.case.runtime == EAGER:
        return ""
    twin = eager_twin(each.case)
    halves = [latency.step[50.0].estimate for one, latency in timed if one.case == twin]
    return f", {TIME.format(halves[0])} in eager" if halves else ""


def _tail_words(latency: Latency) -> str:
    """The slowest percentile, and whether an empty step is as slow."""
    last = max(latency.step)
    step, empty = latency.step[last].estimate, latency.empty[last].estimate
    machine = ": the machine causes this tail" if empty >= _MACHINE * step else ""
    return (
        f"At p{last:g} it takes {TIME.format(step)}, and an empty step of that "
        f"length takes {TIME.format(empty)}{machine}."
    )


def capacity_sentence(found: Sequence[Service]) -> Sentence:
    """The case with the most streams on a core at the longest deadline."""
    served = [(each, each.capacities[-1]) for each in found if each.capacities]
    if not served:
        return ()
    each, capacity = max(served, key=lambda one: one[1].best.estimate)
    twin = eager_twin(each.case)
    eager = [
        f", {streams_words(one.best)} in eager"
        for other, one in served
        if other.case == twin and each.case.runtime != EAGER
    ]
    return say(
        "Most streams: {layer} with {runtime} ({size}) serves {streams} per core at a "
        "deadline of {deadline}{eager}.",
        layer=with_article(each.case.layer),
        runtime=runtime_words(each.case),
        size=size_words(each.case),
        streams=_with_limits(capacity.best),
        deadline=deadline_words(capacity.deadline),
        eager="".join(eager),
    )


def deployment_sentence(every: Sequence[Service]) -> Sentence:
    """The cases with the fastest and the slowest first answer."""
    found = [(each, each.deployment) for each in every if each.deployment]
    if len(found) < 2:
        return ()
    ordered = sorted(found, key=lambda one: one[1].ready.estimate)
    (first, fast), (last, slow) = ordered[0], ordered[-1]
    return say(
        "A fresh process gives its first answer after {fast} ({layer}, {runtime}) to "
        "{slow} ({slow_layer}, {slow_runtime}), not counting imports.{pays}",
        fast=TIME.format(fast.ready.estimate),
        layer=named(first.case.layer),
        runtime=runtime_words(first.case),
        slow=TIME.format(slow.ready.estimate),
        slow_layer=named(last.case.layer),
        slow_runtime=runtime_words(last.case),
        pays=_payback(found),
    )


def _with_limits(value: Interval) -> str:
    streams = streams_words(value)
    if value.high in (math.inf, value.low):
        return streams
    return f"{streams} ({value.low:,.0f} to {value.high:,.0f})"


def _payback(found: Sequence[tuple[Service, Deployment]]) -> Sentence:
    """For each layer the shortest call, and after how many calls its runtime pays."""
    shortest: dict[str, tuple[Service, Deployment]] = {}
    for each, card in sorted(found, key=lambda one: one[1].call.estimate):
        shortest.setdefault(each.case.layer, (each, card))
    if len({size_words(each.case) for each, _ in found}) > 1:
        return ()
    parts = [
        say(
            "{time} for {layer} in {runtime}{pays}",
            time=TIME.format(card.call.estimate),
            layer=with_article(layer),
            runtime=runtime_words(each.case),
            pays=_pays_words(each.case, card),
        )
        for layer, (each, card) in shortest.items()
    ]
    return say(" The shortest call takes {parts}.", parts=listed(parts))


def _pays_words(case: Case, card: Deployment) -> str:
    if case.runtime == EAGER or card.pays_after is None:
        return ""
    if not card.pays_after:
        return " (and it also gives the earlier first answer)"
    return f" (which pays after {counted(card.pays_after, 'call')})"
