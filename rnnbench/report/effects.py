"""What a switch or a knob does to a layer: forest plots, and the numbers."""

from collections.abc import Sequence
from dataclasses import replace

from rnnbench.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.naming import (
    BACKENDS,
    layer_name,
    pair_label,
    plain_setting,
    sizes,
    words,
)
from rnnbench.ratio import Ratio, pooled
from rnnbench.report.backend import attributions
from rnnbench.report.content import (
    Block,
    Cell,
    Column,
    Effect,
    Forest,
    Section,
    Table,
    Text,
)
from rnnbench.report.labels import judged_cell, span, verdict_cell
from rnnbench.stats import Interval

# Rows that fit on a screen, and forests that somebody scrolls through.
_MOST_ROWS = 40
_MOST_FORESTS = 24
_BACKEND = "The backend, off against on"


def backends(found: Sequence[Ratio]) -> Section | None:
    """What the backend gives: each switch off against on, by layer and phase."""
    mine = [ratio for ratio in found if ratio.pair.axis in BACKENDS]
    shares = attributions(found)
    section = _section("backend", _BACKEND, mine)
    if section is None or not shares:
        return section or (Section("backend", _BACKEND, shares) if shares else None)
    return replace(section, blocks=(*shares, *section.blocks))


def knobs(found: Sequence[Ratio]) -> Section | None:
    """Each other compared axis against its plain value."""
    others = (*BACKENDS, "layer")
    mine = [ratio for ratio in found if ratio.pair.axis not in others]
    return _section("knobs", "The knobs, each against its plain twin", mine)


def _section(name: str, title: str, found: Sequence[Ratio]) -> Section | None:
    if not found:
        return None
    blocks: list[Block] = []
    drawn = 0
    for axis in dict.fromkeys(ratio.pair.axis for ratio in found):
        mine = [ratio for ratio in found if ratio.pair.axis == axis]
        blocks.append(_summary(axis, mine))
        for forest in _forests(name, axis, mine):
            drawn += 1
            if drawn <= _MOST_FORESTS:
                blocks.append(forest)
        blocks.append(_table(axis, mine))
    if drawn > _MOST_FORESTS:
        rest = drawn - _MOST_FORESTS
        blocks.append(
            Text(f"{rest} more plots are not drawn; their numbers are in the tables.")
        )
    return Section(name, title, tuple(blocks))


def _groups(found: Sequence[Ratio]) -> dict[tuple[str, str, str], list[Ratio]]:
    """Ratios of one label, less their sizes where launches can be pooled over them."""
    together: dict[tuple[str, str, str], list[Ratio]] = {}
    for ratio in found:
        key = (pair_label(ratio.pair), _where(ratio), "")
        together.setdefault(key, []).append(ratio)
    apart: dict[tuple[str, str, str], list[Ratio]] = {}
    for (label, where, _), group in together.items():
        times = [ratio for ratio in group if ratio.metric is TIME]
        if len(times) < 2 or pooled(times):
            over = f"mean of {len(times)} sizes" if len(times) > 1 else ""
            apart[label, where, over] = group
            continue
        for ratio in group:
            own = (label, where, sizes(ratio.pair.reference))
            apart.setdefault(own, []).append(ratio)
    return apart


def _forests(name: str, axis: str, found: Sequence[Ratio]) -> list[Forest]:
    forests: list[Forest] = []
    for metric in (TIME, PEAK_MEMORY):
        groups = _groups(found)
        # What all rows share stands in the title.
        alike = len({label for label, _, _ in groups}) == 1
        effects = [
            Effect(", ".join(filter(None, key[1 if alike else 0 :])), mean)
            for key, group in groups.items()
            if (mean := _mean(group, metric))
        ]
        forests += [
            _forest(f"{name}-{axis}-{metric.name[:4]}-{start}", axis, metric, part)
            for start in range(0, len(effects), _MOST_ROWS)
            if (part := effects[start : start + _MOST_ROWS])
        ]
    return forests


def _mean(group: Sequence[Ratio], metric: Metric) -> Interval | None:
    """The mean over a group, or of one ratio that interval."""
    mine = [ratio for ratio in group if ratio.metric is metric]
    return mine[0].interval if len(mine) == 1 else pooled(mine)


def _summary(axis: str, found: Sequence[Ratio]) -> Table:
    """One row for each label: what the forests draw."""
    rows = []
    for (label, where, over), group in _groups(found).items():
        time = _mean(group, TIME)
        memory = _mean(group, PEAK_MEMORY)
        rows.append(
            (
                Cell(label),
                Cell(", ".join(filter(None, (where, over)))),
                Cell(span(time) if time else "not measured"),
                judged_cell(time, TIME),
                Cell(span(memory) if memory else "not read"),
                judged_cell(memory, PEAK_MEMORY),
            )
        )
    return Table(
        f"{axis}: effect on time and memory",
        (
            Column("pair"),
            Column("where"),
            Column("time, as a multiple", number=True),
            Column("verdict"),
            Column("peak memory, as a multiple", number=True),
            Column("verdict"),
        ),
        tuple(rows),
    )


def _where(ratio: Ratio) -> str:
    case = ratio.pair.reference
    return ", ".join(
        [
            layer_name(case.layer),
            words("phase", case.phase),
            plain_setting(case, ratio.pair.axis),
        ]
    )


def _forest(name: str, axis: str, metric: Metric, effects: Sequence[Effect]) -> Forest:
    return Forest(
        name,
        f"{axis}: effect on {metric.name}",
        "Left of the line at 1 the first value of the pair takes less. Bars: 95 % "
        "intervals; a mean is geometric, over the sizes of this run.",
        f"{metric.name}, as a multiple of the twin's",
        tuple(effects),
    )


def _table(axis: str, found: Sequence[Ratio]) -> Table:
    rows = tuple(
        (
            Cell(pair_label(ratio.pair)),
            Cell(layer_name(ratio.pair.reference.layer)),
            Cell(words("phase", ratio.pair.reference.phase)),
            Cell(plain_setting(ratio.pair.reference, axis)),
            Cell(sizes(ratio.pair.reference)),
            Cell(ratio.metric.name),
            Cell(span(ratio.interval)),
            verdict_cell(ratio),
        )
        for ratio in found
    )
    titles = ("pair", "layer", "phase", "setting", "sizes", "of", "ratio", "verdict")
    columns = tuple(Column(title, number=title == "ratio") for title in titles)
    return Table(f"{axis}: every pair", columns, rows, folded=True)
