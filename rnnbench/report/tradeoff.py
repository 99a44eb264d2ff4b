"""Ratios of layers over the sizes: charts of time and of memory, and their numbers."""

from collections.abc import Sequence

from rnnbench.case import Case
from rnnbench.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.naming import SIZES, layer_name, nominal, sizes, words
from rnnbench.ratio import Ratio
from rnnbench.report.answer import by_phase, by_setting, varying
from rnnbench.report.content import (
    Block,
    Cell,
    Chart,
    Column,
    Line,
    Panel,
    Point,
    Section,
    Table,
    Text,
)
from rnnbench.report.labels import span, verdict_cell

# A panel takes about 0.1 s to draw, and nobody compares a hundred of them.
_MOST_PANELS = 60
# The colours' order: a layer keeps its colour from page to page.
_STYLES = {"gru": 0, "rnn_tanh": 1, "rnn_relu": 2}


def tradeoff(found: Sequence[Ratio]) -> Section | None:
    """Charts for each setting, as many as can be looked at, and the table of each."""
    layers = [ratio for ratio in found if ratio.pair.axis == "layer"]
    if not layers:
        return None
    blocks: list[Block] = []
    room, left_out = _MOST_PANELS, 0
    for number, (name, group) in enumerate(by_setting(layers).items()):
        for metric in (TIME, PEAK_MEMORY):
            mine = [ratio for ratio in group if ratio.metric is metric]
            chart = _chart(f"tradeoff-{number}-{metric.name[:4]}", name, metric, mine)
            if chart is None:
                continue
            if len(chart.panels) > room:
                left_out += 1
                continue
            room -= len(chart.panels)
            blocks.append(chart)
        blocks.append(_table(name, group))
    if left_out:
        blocks.append(
            Text(
                f"{left_out} more charts are not drawn; the tables have their numbers."
            )
        )
    return Section("tradeoff", "Layers against the LSTM", tuple(blocks))


def _chart(
    name_id: str, name: str, metric: Metric, group: Sequence[Ratio]
) -> Chart | None:
    axes = varying([ratio.pair.reference for ratio in group])
    panels = [
        _panel(phase, axis, metric, part)
        for phase, part in by_phase(group).items()
        for axis in axes
        if varying([ratio.pair.reference for ratio in part], (axis,))
    ]
    if not panels:
        return None
    pale = " Pale points: the other sizes of the sweep." if len(axes) > 1 else ""
    bars = " (memory is read once, without noise)" if metric is PEAK_MEMORY else ""
    return Chart(
        name_id,
        f"{metric.name.capitalize()} of a layer as a multiple of an LSTM's: {name}",
        "Below the line at 1 the layer takes less than the LSTM. Bars: 95 % intervals"
        f"{bars}.{pale}",
        tuple(panels),
    )


def _panel(title: str, axis: str, metric: Metric, group: Sequence[Ratio]) -> Panel:
    """A line for each layer where the other sizes are held; pale points elsewhere."""
    held = _slice(axis, [ratio.pair.reference for ratio in group])
    others = [other for other in SIZES if other != axis]
    lines: list[Line] = []
    layers = dict.fromkeys(ratio.pair.candidate.layer for ratio in group)
    for number, layer in enumerate(layers):
        inside: list[Point] = []
        outside: list[Point] = []
        for ratio in group:
            if ratio.pair.candidate.layer == layer:
                at = _at(ratio.pair.reference, others)
                (inside if at == held else outside).append(
                    Point(nominal(ratio.pair.reference, axis), ratio.interval)
                )
        style = _STYLES.get(layer, 3 + number % 3)
        if outside and layer == "gru":
            lines.append(Line("", style, tuple(outside), connected=False))
        inside.sort(key=lambda point: point.x)
        lines.append(Line(layer_name(layer), style, tuple(inside)))
    shown = varying([ratio.pair.reference for ratio in group], others)
    fixed = ", ".join(
        f"{other} {value}"
        for other, value in zip(others, held, strict=True)
        if other in shown
    )
    return Panel(
        f"{title}{f' ({fixed})' if fixed else ''}",
        axis,
        f"{metric.name} ÷ LSTM",
        tuple(line for line in lines if line.points),
    )


def _slice(axis: str, cases: Sequence[Case]) -> tuple[int, ...]:
    """Where the other sizes are held: the longest line, and of these the middle one."""
    others = [other for other in SIZES if other != axis]
    found: dict[tuple[int, ...], set[int]] = {}
    for case in cases:
        found.setdefault(_at(case, others), set()).add(nominal(case, axis))
    longest = max(len(values) for values in found.values())
    candidates = sorted(at for at, values in found.items() if len(values) == longest)
    return candidates[(len(candidates) - 1) // 2]


def _at(case: Case, axes: Sequence[str]) -> tuple[int, ...]:
    return tuple(nominal(case, axis) for axis in axes)


def _table(name: str, group: Sequence[Ratio]) -> Table:
    """One row for each pair, time and memory beside each other."""
    memory = {ratio.pair: ratio for ratio in group if ratio.metric is PEAK_MEMORY}
    times = {ratio.pair: ratio for ratio in group if ratio.metric is TIME}
    axes = varying([ratio.pair.reference for ratio in group]) or ["hidden_size"]
    rows = []
    for pair in dict.fromkeys(ratio.pair for ratio in group):
        time, bytes_ = times.get(pair), memory.get(pair)
        rows.append(
            (
                Cell(layer_name(pair.candidate.layer)),
                Cell(words("phase", pair.reference.phase)),
                *(Cell(str(nominal(pair.reference, axis))) for axis in axes),
                Cell(span(time.interval)) if time else Cell("not measured"),
                verdict_cell(time) if time else Cell(""),
                Cell(span(bytes_.interval)) if bytes_ else Cell("not read"),
                verdict_cell(bytes_) if bytes_ else Cell(""),
            )
        )
    first = group[0].pair.reference
    fixed = sizes(first, [axis for axis in SIZES if axis not in axes])
    return Table(
        f"Numbers of these charts: {name} (everywhere: {fixed})",
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
