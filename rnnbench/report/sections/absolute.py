"""What each layer takes by itself over the sizes: seconds and bytes of a call."""

from collections.abc import Sequence

from rnnbench.analysis.labels import NO_INTERVAL, layer_name, nominal, setting, words
from rnnbench.analysis.ratio import Ratio, absolute, backend
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case
from rnnbench.model.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.model.run import Result, Run
from rnnbench.report.content import Block, Cell, Chart, Column, Table
from rnnbench.report.sections.lines import Reading, panels_of, varying
from rnnbench.report.sections.tones import style_of

_TITLES = {TIME: "Time of a call", PEAK_MEMORY: "Peak memory of a call"}
_IDS = {TIME: "absolute", PEAK_MEMORY: "bytes"}
_NOTES = {
    TIME: "Bars: 95 % intervals over launches.",
    PEAK_MEMORY: "What a call adds at its peak; read once, without noise.",
}


def absolute_blocks(run: Run, found: Sequence[Ratio]) -> list[Block]:
    """Charts for each setting, with the backend on and off in one, and a table."""
    results = {result.case: result for result in run.results}
    blocks: list[Block] = []
    for number, (name, cases) in enumerate(_settings(found).items()):
        mine = [results[case] for case in cases if case in results]
        blocks += [
            chart
            for metric in (TIME, PEAK_MEMORY)
            if (chart := _chart(f"{_IDS[metric]}-{number}", name, metric, mine))
        ]
        if mine:
            blocks.append(_table(name, mine))
    return blocks


def _settings(found: Sequence[Ratio]) -> dict[str, list[Case]]:
    """Both members of each pair, by where they ran but for the backend."""
    groups: dict[str, dict[Case, None]] = {}
    for ratio in found:
        equal = ", at equal parameters" if ratio.pair.candidate.parameters_of else ""
        case = ratio.pair.baseline
        own = backend(case)
        parts = [part for part in setting(case).split(", ") if part != own]
        members = groups.setdefault(f"{', '.join(parts)}{equal}", {})
        members |= dict.fromkeys((ratio.pair.candidate, case))
    return {name: list(cases) for name, cases in groups.items()}


def _chart(
    name_id: str, name: str, metric: Metric, results: Sequence[Result]
) -> Chart | None:
    both = _measured_both_ways(results)
    readings: dict[str, list[Reading]] = {}
    # In this order two layers that take the same are told apart: the LSTM on top.
    for result in sorted(results, key=lambda one: one.case.layer == "lstm"):
        interval = _value(result, metric)
        if interval is None:
            continue
        case = result.case
        off = case.layer in both and backend(case).endswith("off")
        label = layer_name(case.layer)
        if case.layer in both:
            label = f"{label}, {backend(case)}"
        phase = words("phase", case.phase)
        readings.setdefault(phase, []).append(
            Reading(label, style_of(case.layer), case, interval, hollow=off)
        )
    panels = panels_of(readings, f"{metric.name} per call", metric)
    if not panels:
        return None
    hollow = any(line.hollow for panel in panels for line in panel.lines)
    note = " Dotted and hollow: with the backend off." if hollow else ""
    title = f"{_TITLES[metric]}, each layer by itself: {name}"
    return Chart(name_id, title, f"{_NOTES[metric]}{note}", panels)


def _measured_both_ways(results: Sequence[Result]) -> set[str]:
    ways = {(result.case.layer, backend(result.case)) for result in results}
    layers = [layer for layer, _ in ways]
    return {layer for layer in layers if layers.count(layer) > 1}


def _value(result: Result, metric: Metric) -> Interval | None:
    if metric is TIME:
        return absolute(result.turns)
    size = result.peak_memory
    return Interval(size, size, size, 1) if size and size > 0 else None


def _table(name: str, results: Sequence[Result]) -> Table:
    axes = varying([result.case for result in results]) or ["hidden_size"]
    rows = []
    for result in results:
        case, time = result.case, absolute(result.turns)
        memory = result.peak_memory
        rows.append(
            (
                Cell(layer_name(case.layer)),
                Cell(backend(case)),
                Cell(words("phase", case.phase)),
                *(Cell(str(nominal(case, axis))) for axis in axes),
                Cell(TIME.format(time.estimate) if time else "not measured"),
                Cell(_limits(time)),
                Cell("not read" if memory is None else PEAK_MEMORY.format(memory)),
            )
        )
    return Table(
        f"Numbers of these charts, in seconds and bytes: {name}",
        (
            *(Column(title) for title in ("layer", "backend", "phase")),
            *(Column(axis, number=True) for axis in axes),
            *(
                Column(title, number=True)
                for title in ("time per call", "95 % interval", "peak memory")
            ),
        ),
        tuple(rows),
        folded=True,
    )


def _limits(interval: Interval | None) -> str:
    if interval is None:
        return ""
    if interval.count < 2:
        return NO_INTERVAL
    return f"{TIME.format(interval.low)} to {TIME.format(interval.high)}"
