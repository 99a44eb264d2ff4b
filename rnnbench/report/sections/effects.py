"""What a knob does to a layer: one forest plot of them all, and the numbers."""

from collections.abc import Sequence

from rnnbench.analysis.labels import (
    BACKENDS,
    SIZES,
    layer_name,
    limits,
    pair_label,
    plain_setting,
    sizes,
    span,
    words,
)
from rnnbench.analysis.ratio import Ratio, judge, pooled
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
    Section,
    Table,
    Text,
)
from rnnbench.report.sections.backend import attributions
from rnnbench.report.sections.backend_switches import switch_blocks
from rnnbench.report.sections.lines import varying
from rnnbench.report.sections.tones import style_of, tone_of, verdict_cell

# Rows of a panel that fit on a screen or two, and panels that somebody scrolls through.
_MOST_ROWS = 24
_MOST_PANELS = 12

# What a row of the forest is of, and which of its panels it is in.
_Group = dict[tuple[str, str], list[Ratio]]


def backends(found: Sequence[Ratio]) -> Section | None:
    """What the backend gives: in sentences, in one table, and drawn."""
    blocks = (*attributions(found), *switch_blocks(found))
    return Section("backend", "The backend, off against on", blocks) if blocks else None


def knobs(found: Sequence[Ratio]) -> Section | None:
    """Each compared axis but the layer and the backend, against its plain value."""
    others = (*BACKENDS, "layer")
    mine = [ratio for ratio in found if ratio.pair.axis not in others]
    if not mine:
        return None
    groups = _groups(mine)
    blocks: list[Block] = [
        *_forest(groups),
        _summary(groups, TIME),
        *([_summary(groups, PEAK_MEMORY)] if _has_memory(mine) else []),
        *(
            _table(axis, [ratio for ratio in mine if ratio.pair.axis == axis])
            for axis in dict.fromkeys(ratio.pair.axis for ratio in mine)
        ),
    ]
    return Section("knobs", "The knobs, each against its plain twin", tuple(blocks))


def _groups(found: Sequence[Ratio]) -> dict[str, _Group]:
    """By phase and device: for each row and layer the ratios to be pooled.

    Less their sizes where launches can be pooled over them; else a row for each size.
    """
    together: dict[tuple[str, str, str], list[Ratio]] = {}
    for ratio in found:
        key = (_where(ratio), _label(ratio), ratio.pair.baseline.layer)
        together.setdefault(key, []).append(ratio)
    groups: dict[str, _Group] = {}
    for (where, label, layer), group in together.items():
        times = [ratio for ratio in group if ratio.metric is TIME]
        panel = groups.setdefault(where, {})
        if len(times) < 2 or pooled(times):
            panel[label, layer] = group
            continue
        axes = varying([ratio.pair.baseline for ratio in times], SIZES)
        for ratio in group:
            own = f"{label}, {sizes(ratio.pair.baseline, axes)}"
            panel.setdefault((own, layer), []).append(ratio)
    return groups


def _where(ratio: Ratio) -> str:
    case = ratio.pair.baseline
    return f"{words('phase', case.phase)}, {words('device', case.device)}"


def _label(ratio: Ratio) -> str:
    """What is divided by what, and what else is not as it comes."""
    case = ratio.pair.baseline
    usual = (words("device", case.device), "oneDNN on", "cuDNN on")
    parts = plain_setting(case, ratio.pair.axis).split(", ")
    own = [part for part in parts if part not in usual]
    return ", ".join([pair_label(ratio.pair), *own])


def _mean(group: Sequence[Ratio], metric: Metric) -> Interval | None:
    """The mean over a group, or of one ratio that interval."""
    mine = [ratio for ratio in group if ratio.metric is metric]
    return mine[0].interval if len(mine) == 1 else pooled(mine)


def _forest(groups: dict[str, _Group]) -> list[Block]:
    panels = [
        Rows(where, f"{metric.name}, as a multiple of the twin's", part)
        for metric in (TIME, PEAK_MEMORY)
        for where, group in groups.items()
        for part in _parts(_rows(group, metric))
    ]
    if not panels:
        return []
    blocks: list[Block] = [
        Chart(
            "knobs",
            "What each knob costs, in time and then in memory",
            "Left of the line at 1 the first value of a pair takes less than the "
            "second. Bars: 95 % intervals; memory is read once, without noise. Over "
            "several sizes it is the geometric mean.",
            tuple(panels[:_MOST_PANELS]),
        )
    ]
    if (more := len(panels) - _MOST_PANELS) > 0:
        blocks.append(
            Text(f"{more} more plots are not drawn; their numbers are in the tables.")
        )
    return blocks


def _parts(rows: Sequence[Row]) -> list[tuple[Row, ...]]:
    """As many as a panel holds."""
    return [
        tuple(rows[start : start + _MOST_ROWS])
        for start in range(0, len(rows), _MOST_ROWS)
    ]


def _rows(group: _Group, metric: Metric) -> list[Row]:
    rows: dict[str, list[Effect]] = {}
    for (label, layer), ratios in group.items():
        if mean := _mean(ratios, metric):
            effect = Effect(layer_name(layer), mean, style_of(layer))
            rows.setdefault(label, []).append(effect)
    return [Row(label, tuple(effects)) for label, effects in rows.items()]


def _has_memory(found: Sequence[Ratio]) -> bool:
    return any(ratio.metric is PEAK_MEMORY for ratio in found)


def _summary(groups: dict[str, _Group], metric: Metric) -> Table:
    """A row for each knob and setting, a column for each layer: what is drawn."""
    layers = dict.fromkeys(layer for group in groups.values() for _, layer in group)
    rows = [
        (
            Cell(label),
            Cell(where),
            *(_effect_cell(group.get((label, layer)), metric) for layer in layers),
        )
        for where, group in groups.items()
        for label in dict.fromkeys(label for label, _ in group)
    ]
    titles = ("pair", "where", *map(layer_name, layers))
    return Table(
        f"The knobs: effect on {metric.name}",
        tuple(Column(title) for title in titles),
        tuple(rows),
    )


def _effect_cell(group: Sequence[Ratio] | None, metric: Metric) -> Cell:
    mean = _mean(group, metric) if group else None
    if mean is None:
        return Cell("–")
    verdict = judge(mean, metric)
    note = limits(mean) if mean.low < mean.high else ""
    return Cell(f"{significant(mean.estimate)} {verdict}", tone_of(verdict), note)


def _table(axis: str, found: Sequence[Ratio]) -> Table:
    rows = tuple(
        (
            Cell(pair_label(ratio.pair)),
            Cell(layer_name(ratio.pair.baseline.layer)),
            Cell(words("phase", ratio.pair.baseline.phase)),
            Cell(plain_setting(ratio.pair.baseline, axis)),
            Cell(sizes(ratio.pair.baseline)),
            Cell(ratio.metric.name),
            Cell(span(ratio.interval)),
            verdict_cell(ratio),
        )
        for ratio in found
    )
    titles = ("pair", "layer", "phase", "setting", "sizes", "of", "ratio", "verdict")
    columns = tuple(Column(title, number=title == "ratio") for title in titles)
    return Table(f"{axis}: every pair", columns, rows, folded=True)
