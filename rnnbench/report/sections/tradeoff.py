"""Ratios of layers over the sizes: charts of time and of memory, and their numbers."""

from collections.abc import Sequence
from itertools import count

from rnnbench.analysis.labels import SIZES, layer_name, nominal, sizes, span, words
from rnnbench.analysis.ratio import Ratio
from rnnbench.analysis.stats import Interval
from rnnbench.model.cost import step_flops
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.model.run import Run
from rnnbench.report.content import (
    Block,
    Cell,
    Chart,
    Column,
    Section,
    Table,
    Text,
)
from rnnbench.report.sections.absolute import absolute_blocks
from rnnbench.report.sections.answer import by_phase, by_setting
from rnnbench.report.sections.lines import Reading, panels_of, varying
from rnnbench.report.sections.pareto import pareto_chart
from rnnbench.report.sections.tones import style_of, verdict_cell

# A panel takes about 0.1 s to draw, and nobody compares a hundred of them.
_MOST_PANELS = 60
_IDS = {TIME: "tradeoff", PEAK_MEMORY: "memory"}


def tradeoff(found: Sequence[Ratio], run: Run | None = None) -> Section | None:
    """Charts for each setting, as many as can be looked at, and the table of each.

    With the `run` also what each layer takes by itself, in seconds and bytes.
    """
    layers = [ratio for ratio in found if ratio.pair.axis == "layer"]
    if not layers:
        return None
    blocks: list[Block] = []
    for number, (name, group) in enumerate(by_setting(layers).items()):
        for metric in (TIME, PEAK_MEMORY):
            mine = [ratio for ratio in group if ratio.metric is metric]
            if chart := _chart(f"{_IDS[metric]}-{number}", name, metric, mine):
                blocks.append(chart)
        blocks.append(_table(name, group))
    if plane := pareto_chart(layers):
        blocks += [plane, Text("The tables of time and memory above have its numbers.")]
    if run:
        blocks += absolute_blocks(run, layers)
    kept = _that_can_be_looked_at(blocks)
    if left_out := len(blocks) - len(kept):
        kept.append(
            Text(
                f"{left_out} more charts are not drawn; the tables have their numbers."
            )
        )
    return Section("tradeoff", "Layers against the LSTM", tuple(kept))


def _that_can_be_looked_at(blocks: Sequence[Block]) -> list[Block]:
    """Less the charts that are too many: those of the first settings are drawn."""
    room = _MOST_PANELS
    left_out: set[int] = set()
    for index in sorted(range(len(blocks)), key=lambda at: not _is_first(blocks[at])):
        if _panels(blocks[index]) > room:
            left_out.add(index)
        else:
            room -= _panels(blocks[index])
    return [block for index, block in enumerate(blocks) if index not in left_out]


def _is_first(block: Block) -> bool:
    """The plane of all workloads, and each kind's chart of the first setting."""
    return isinstance(block, Chart) and (
        block.id == "pareto" or block.id.endswith("-0")
    )


def _panels(block: Block) -> int:
    return len(block.panels) if isinstance(block, Chart) else 0


def _chart(
    name_id: str, name: str, metric: Metric, group: Sequence[Ratio]
) -> Chart | None:
    readings = {
        phase: [*_readings(part), *(_work(part) if metric is TIME else ())]
        for phase, part in by_phase(group).items()
    }
    panels = panels_of(readings, f"{metric.name} ÷ LSTM")
    if not panels:
        return None
    lines = [line for panel in panels for line in panel.lines]
    notes = [
        "Below the line at 1 the layer takes less than the LSTM.",
        "Bars: 95 % intervals."
        if metric is TIME
        else "Memory is read once, without noise.",
        "Dashed: FLOPs of a GRU as a multiple of an LSTM's, by closed form."
        if any(line.guide for line in lines)
        else "",
        "Pale points: the other sizes of the sweep."
        if not all(line.connected for line in lines)
        else "",
    ]
    return Chart(
        name_id,
        f"{metric.name.capitalize()} of a layer as a multiple of an LSTM's: {name}",
        " ".join(filter(None, notes)),
        panels,
    )


def _readings(group: Sequence[Ratio]) -> list[Reading]:
    numbers = count()
    styles = {
        layer: style_of(layer, next(numbers) if style_of(layer) > 3 else 0)
        for layer in dict.fromkeys(ratio.pair.candidate.layer for ratio in group)
    }
    return [
        Reading(
            layer_name(ratio.pair.candidate.layer),
            styles[ratio.pair.candidate.layer],
            ratio.pair.baseline,
            ratio.interval,
            others=ratio.pair.candidate.layer == "gru",
        )
        for ratio in group
    ]


def _work(group: Sequence[Ratio]) -> list[Reading]:
    """What closed forms say of a GRU's time: its operations over an LSTM's."""
    shares = {}
    for ratio in group:
        ours, theirs = (
            step_flops(ratio.pair.candidate),
            step_flops(ratio.pair.baseline),
        )
        if ratio.pair.candidate.layer == "gru" and ours and theirs:
            shares[ratio.pair.baseline] = ours / theirs
    told = {significant(share) for share in shares.values()}
    label = f"FLOPs {float(*told):g}" if len(told) == 1 else "FLOPs"
    return [
        Reading(
            label, style_of("gru"), case, Interval(share, share, share, 1), guide=True
        )
        for case, share in shares.items()
    ]


def _table(name: str, group: Sequence[Ratio]) -> Table:
    """One row for each pair, time and memory beside each other."""
    memory = {ratio.pair: ratio for ratio in group if ratio.metric is PEAK_MEMORY}
    times = {ratio.pair: ratio for ratio in group if ratio.metric is TIME}
    axes = varying([ratio.pair.baseline for ratio in group]) or ["hidden_size"]
    rows = []
    for pair in dict.fromkeys(ratio.pair for ratio in group):
        time, bytes_ = times.get(pair), memory.get(pair)
        rows.append(
            (
                Cell(layer_name(pair.candidate.layer)),
                Cell(words("phase", pair.baseline.phase)),
                *(Cell(str(nominal(pair.baseline, axis))) for axis in axes),
                Cell(span(time.interval)) if time else Cell("not measured"),
                verdict_cell(time) if time else Cell(""),
                Cell(span(bytes_.interval)) if bytes_ else Cell("not read"),
                verdict_cell(bytes_) if bytes_ else Cell(""),
            )
        )
    first = group[0].pair.baseline
    fixed = sizes(first, [axis for axis in SIZES if axis not in axes])
    everywhere = f" (everywhere: {fixed})" if fixed else ""
    return Table(
        f"Numbers of these charts: {name}{everywhere}",
        (
            Column("layer"),
            Column("phase"),
            *(Column(axis, number=True) for axis in axes),
            Column("time ÷ LSTM", number=True),
            Column("verdict"),
            Column("peak memory ÷ LSTM", number=True),
            Column("verdict"),
        ),
        tuple(rows),
        folded=True,
    )
