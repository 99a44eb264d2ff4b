"""Figures of runtimes, streaming and deployment, from results/reference/.

The committed runs are found by a pattern, such as `runtimes-*`: the newest that matches
counts. While there is none, a figure is left as it stands.
"""

from collections.abc import Sequence
from functools import cache

from markdown_tables import table
from run_figures import REFERENCE

from rnnbench.analysis.labels import layer_name, span, words
from rnnbench.analysis.ratio import Ratio, ratios
from rnnbench.analysis.service import Service, services
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import EAGER, Case
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Run
from rnnbench.model.runtimes import runtime_label
from rnnbench.storage.results_file import load_run

SIZES = ("hidden_size", "seq_len", "batch_size", "input_size")


class NotCommittedError(LookupError):
    """No file in results/reference/ matches a pattern yet."""


@cache
def _run(pattern: str) -> Run:
    found = [load_run(path) for path in sorted(REFERENCE.glob(f"{pattern}.json"))]
    if not found:
        raise NotCommittedError(f"no results/reference/{pattern}.json is committed")
    return max(found, key=lambda run: run.created)


@cache
def _times(pattern: str) -> tuple[Ratio, ...]:
    return tuple(one for one in ratios(_run(pattern)) if one.metric is TIME)


def layers_by_runtime(pattern: str, phase: str) -> str:
    """A table of GRU/LSTM ratios: a row for each size, a column for each runtime."""
    found = {
        ratio.pair.baseline: ratio
        for ratio in _times(pattern)
        if ratio.pair.is_gru_to_lstm and ratio.pair.baseline.phase == phase
    }
    return _by_runtime(found, "GRU ÷ LSTM")


def gain(pattern: str, layer: str, phase: str) -> str:
    """A table of a layer's time in each runtime by its time in eager."""
    found = {
        ratio.pair.candidate: ratio
        for ratio in _times(pattern)
        if ratio.pair.axis == "runtime"
        and ratio.pair.baseline.runtime == EAGER
        and (ratio.pair.candidate.layer, ratio.pair.candidate.phase) == (layer, phase)
    }
    return _by_runtime(found, f"{layer_name(layer)} ÷ {layer_name(layer)} in eager")


def gain_range(pattern: str, layer: str, phase: str, runtime: str) -> str:
    """The smallest and the largest of such ratios of one runtime, over the sizes."""
    values = [
        ratio.interval.estimate
        for ratio in _times(pattern)
        if ratio.pair.axis == "runtime"
        and ratio.pair.baseline.runtime == EAGER
        and ratio.pair.candidate.runtime == runtime
        and (ratio.pair.candidate.layer, ratio.pair.candidate.phase) == (layer, phase)
    ]
    if not values:
        raise LookupError(f"{runtime} was not measured there")
    return f"{significant(min(values))} to {significant(max(values))}"


def latencies(pattern: str) -> str:
    """A table of the time of a step: a row for each case."""
    timed = [(one, one.latency) for one in services(_run(pattern)) if one.latency]
    rows = [
        (
            *_names(one),
            *(_time(latency.step.get(each)) for each in (50.0, 99.0, 99.9)),
            _time(latency.empty.get(99.0)),
        )
        for one, latency in timed
    ]
    heads = ("layer", "runtime", "size", "p50", "p99", "p99.9", "empty step, p99")
    return _table(heads, rows)


def capacities(pattern: str) -> str:
    """A table of streams per core: a row for each case, the better of both servers."""
    served = [one for one in services(_run(pattern)) if one.capacities]
    deadlines = [f"{1000 * each.deadline:g} ms" for each in served[0].capacities]
    rows = [
        (*_names(one), *(_streams(each.best) for each in one.capacities))
        for one in served
    ]
    return _table(("layer", "runtime", "size", *deadlines), rows)


def cards(pattern: str) -> str:
    """A table of deployment cards: a row for each case."""
    rows = [
        (
            *_names(one),
            "" if card.artefact is None else PEAK_MEMORY.format(card.artefact),
            _time(card.build),
            _time(card.load),
            _time(card.ready),
            _time(card.call),
            "" if card.peak_memory is None else _bytes(card.peak_memory),
            "" if card.error is None else f"{card.error:.0e}",
            "" if card.pays_after is None else f"{card.pays_after:,} calls",
        )
        for one in services(_run(pattern))
        if (card := one.deployment)
    ]
    heads = (
        *("layer", "runtime", "size", "artefact", "build", "load", "first answer"),
        *("call", "peak memory", "error", "pays after"),
    )
    return _table(heads, rows)


def _by_runtime(found: dict[Case, Ratio], first: str) -> str:
    runtimes = list(dict.fromkeys(case.runtime for case in found))
    sizes = list(dict.fromkeys(_size(case, found) for case in found))
    cells = {
        (_size(case, found), case.runtime): span(ratio.interval)
        for case, ratio in found.items()
        if case.onednn
    }
    rows = [
        (size, *(cells.get((size, runtime), "") for runtime in runtimes))
        for size in sizes
    ]
    return _table((first, *map(runtime_label, runtimes)), rows)


def _size(case: Case, others: dict[Case, Ratio]) -> str:
    """The sizes of a case that are not the same in all."""
    varied = [
        axis for axis in SIZES if len({getattr(other, axis) for other in others}) > 1
    ]
    return ", ".join(words(axis, getattr(case, axis)) for axis in varied or SIZES[:1])


def _names(one: Service) -> tuple[str, str, str]:
    case = one.case
    size = f"hidden {case.hidden_size}, input {case.input_size}"
    if case.batch_size > 1:
        size = f"{size}, batch {case.batch_size}"
    return layer_name(case.layer), runtime_label(case.runtime), size


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        raise LookupError("the run has no such readings")
    return table(heads, rows)


def _time(value: Interval | None) -> str:
    return "" if value is None else TIME.format(value.estimate)


def _bytes(value: Interval) -> str:
    return PEAK_MEMORY.format(value.estimate)


def _streams(value: Interval) -> str:
    return f"{value.estimate:,.0f}"
