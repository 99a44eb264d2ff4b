"""The backend on and off, side by side: one table, and one forest plot."""

from collections.abc import Sequence

from rnnbench.analysis.attribution import both_ways
from rnnbench.analysis.labels import (
    BACKENDS,
    layer_name,
    limits,
    pair_label,
    setting,
    words,
)
from rnnbench.analysis.ratio import Ratio, backend, judge, pooled
from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.report.content import (
    Block,
    Cell,
    Chart,
    Column,
    Effect,
    Row,
    Rows,
    Table,
    Text,
)
from rnnbench.report.sections.tones import style_of, tone_of

_MOST_PANELS = 12

# By setting less the backend, then by what is divided by what and whose colour it has.
_Found = dict[str, dict[tuple[str, str], list[Ratio]]]


def switch_blocks(found: Sequence[Ratio]) -> list[Block]:
    """Each switch off against on, beside GRU against LSTM on both its sides."""
    if not any(ratio.pair.axis in BACKENDS for ratio in found):
        return []
    groups = _groups(found)
    blocks: list[Block] = [_table(groups, TIME)]
    if any(ratio.metric is PEAK_MEMORY for ratio in found):
        blocks.append(_table(groups, PEAK_MEMORY))
    panels = [
        Rows(where, f"{metric.name}, as a multiple", rows)
        for metric in (TIME, PEAK_MEMORY)
        for where, group in groups.items()
        if (rows := _rows(group, metric))
    ]
    blocks.append(
        Chart(
            "backend",
            "What the cell gives and what the backend gives, in time and in memory",
            "Left of the line at 1 the first of a pair takes less than the second. "
            "Bars: 95 % intervals; memory is read once, without noise. Over several "
            "sizes it is the geometric mean.",
            tuple(panels[:_MOST_PANELS]),
        )
    )
    if (more := len(panels) - _MOST_PANELS) > 0:
        text = f"{more} more plots are not drawn; the tables have their numbers."
        blocks.append(Text(text))
    return blocks


def _groups(found: Sequence[Ratio]) -> _Found:
    """GRU against LSTM on both sides of a switch, over the same sizes; the switches."""
    switches = [ratio for ratio in found if ratio.pair.axis in BACKENDS]
    asked = [
        ratio
        for ratio in found
        if ratio.pair.is_gru_to_lstm and not ratio.pair.candidate.parameters_of
    ]
    layers = [
        ratio
        for metric in (TIME, PEAK_MEMORY)
        for sides in both_ways(asked, metric)
        for ratio in sides
    ]
    groups: _Found = {}
    for ratio in switches:
        groups.setdefault(_where(ratio), {})
    for ratio in (*layers, *switches):
        where = _where(ratio)
        if where in groups:
            key = (_label(ratio), ratio.pair.candidate.layer)
            groups[where].setdefault(key, []).append(ratio)
    return groups


def _where(ratio: Ratio) -> str:
    case = ratio.pair.baseline
    own = backend(case)
    parts = [part for part in setting(case).split(", ") if part != own]
    return ", ".join([words("phase", case.phase), *parts])


def _label(ratio: Ratio) -> str:
    if ratio.pair.axis == "layer":
        return pair_label(ratio.pair)
    return f"{layer_name(ratio.pair.candidate.layer)}, {pair_label(ratio.pair)}"


def _mean(group: Sequence[Ratio], metric: Metric) -> Interval | None:
    mine = [ratio for ratio in group if ratio.metric is metric]
    return mine[0].interval if len(mine) == 1 else pooled(mine)


def _rows(group: dict[tuple[str, str], list[Ratio]], metric: Metric) -> tuple[Row, ...]:
    return tuple(
        Row(label, (Effect(layer_name(layer), mean, style_of(layer)),))
        for (label, layer), ratios in group.items()
        if (mean := _mean(ratios, metric))
    )


def _table(groups: _Found, metric: Metric) -> Table:
    """A row for each setting and phase, a column for each pair."""
    labels = list(dict.fromkeys(key for group in groups.values() for key in group))
    rows = tuple(
        (
            Cell(where),
            *(_cell(group.get(key), metric) for key in labels),
        )
        for where, group in groups.items()
    )
    return Table(
        f"Cell and backend: {metric.name}, as a multiple",
        (Column("where"), *(Column(label) for label, _ in labels)),
        rows,
    )


def _cell(group: Sequence[Ratio] | None, metric: Metric) -> Cell:
    mean = _mean(group, metric) if group else None
    if mean is None:
        return Cell("–")
    verdict = judge(mean, metric)
    note = limits(mean) if mean.low < mean.high else ""
    return Cell(f"{significant(mean.estimate)} {verdict}", tone_of(verdict), note)
