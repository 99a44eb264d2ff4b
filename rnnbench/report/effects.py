"""What a switch or a knob does to a layer: forest plots, and the numbers."""

from collections.abc import Sequence

from rnnbench.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.ratio import Ratio, pooled
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
from rnnbench.report.labels import (
    BACKENDS,
    layer_name,
    pair_label,
    plain_setting,
    sizes,
    span,
    verdict_cell,
    words,
)

# Rows that fit on a screen, and forests that somebody scrolls through.
_MOST_ROWS = 40
_MOST_FORESTS = 24


def backends(found: Sequence[Ratio]) -> Section | None:
    """What the backend gives: each switch off against on, by layer and phase."""
    mine = [ratio for ratio in found if ratio.pair.axis in BACKENDS]
    return _section("backend", "The backend, off against on", mine)


def knobs(found: Sequence[Ratio]) -> Section | None:
    """Each other compared axis against its plain value."""
    others = (*BACKENDS, "layer")
    mine = [ratio for ratio in found if ratio.pair.axis not in others]
    return _section("knobs", "The knobs, each against its plain twin", mine)


def _section(name: str, title: str, found: Sequence[Ratio]) -> Section | None:
    if not found:
        return None
    blocks: list[Block] = []
    left_out = 0
    for axis in dict.fromkeys(ratio.pair.axis for ratio in found):
        mine = [ratio for ratio in found if ratio.pair.axis == axis]
        for metric in (TIME, PEAK_MEMORY):
            effects = _effects([one for one in mine if one.metric is metric])
            for start in range(0, len(effects), _MOST_ROWS):
                part = effects[start : start + _MOST_ROWS]
                if sum(isinstance(each, Forest) for each in blocks) < _MOST_FORESTS:
                    number = f"{name}-{axis}-{metric.name[:4]}-{start}"
                    blocks.append(_forest(number, axis, metric, part))
                else:
                    left_out += 1
        blocks.append(_table(axis, mine))
    if left_out:
        blocks.append(
            Text(f"{left_out} more plots are not drawn; their numbers are in the tables.")
        )
    return Section(name, title, tuple(blocks))


def _effects(found: Sequence[Ratio]) -> list[Effect]:
    """A row for each label, pooled over its sizes where they share launches."""
    groups: dict[tuple[str, str], list[Ratio]] = {}
    for ratio in found:
        label = (pair_label(ratio.pair), _where(ratio))
        groups.setdefault(label, []).append(ratio)
    effects: list[Effect] = []
    for (label, where), group in groups.items():
        mean = pooled(group)
        if mean is not None:
            over = f", mean of {len(group)} sizes" if len(group) > 1 else ""
            effects.append(Effect(f"{label}: {where}{over}", mean))
            continue
        effects += [
            Effect(
                f"{label}: {where}, {sizes(ratio.pair.reference)}", ratio.interval
            )
            for ratio in group
        ]
    return effects


def _where(ratio: Ratio) -> str:
    case = ratio.pair.reference
    return ", ".join(
        [
            layer_name(case.layer),
            words("phase", case.phase),
            plain_setting(case, ratio.pair.axis),
        ]
    )


def _forest(
    name: str, axis: str, metric: Metric, effects: Sequence[Effect]
) -> Forest:
    return Forest(
        name,
        f"{axis}: {metric.name}",
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
    return Table(f"{axis}: every pair", columns, rows, folded=len(rows) > 12)
