"""The distance of each case from the machine's limit, and its energy."""

from collections import Counter
from collections.abc import Sequence

from rnnbench.analysis.labels import conditions_of, layer_name, sizes
from rnnbench.analysis.roofline import Bound, Position, ridge
from rnnbench.model.formatting import counted, significant
from rnnbench.model.metric import ENERGY
from rnnbench.model.profile import Ceiling
from rnnbench.report.content import Cell, Column, Fold, Table, titled
from rnnbench.report.sentences import say
from rnnbench.report.tokens import hue_of
from rnnbench.report.view import CaseView, RunView

_GIGA = 1e9
# Timing noise can lift a case above its roof by this much.
_ABOVE = 1.05


def limits_fold(view: RunView) -> Fold | None:
    """What bounds each layer, by setting; None where no ceiling was measured."""
    ceilings = view.run.ceilings
    positions = [each.limit for each in view.cases if isinstance(each.limit, Position)]
    if not ceilings:
        return None
    return Fold(
        "limits",
        "How near the machine’s limit",
        (say("{verdict}", verdict=_verdict(positions)),),
        tables=(
            _ceilings(ceilings),
            *([_bounds(view, positions)] if positions else []),
        ),
    )


def energy_fold(view: RunView) -> Fold | None:
    """Energy per call; the method section says why a value is missing."""
    read = [each for each in view.cases if each.result.energy is not None]
    if not read:
        return None
    lead = say(
        "NVML’s counter of the whole GPU while calls run back to back, with the power "
        "that an idle GPU takes. {count} of {all} cases were read.",
        count=str(len(read)),
        all=str(len(view.cases)),
    )
    table = Table(
        "Energy of one call",
        titled(("layer", "size", "where"), ("energy", "power")),
        tuple(_energy_row(view, each) for each in read),
    )
    return Fold("energy", "Energy", (lead,), tables=(table,))


def _energy_row(view: RunView, each: CaseView) -> tuple[Cell, ...]:
    energy = each.result.energy or 0.0
    queued = [
        value for turns in each.result.turns for value in turns.back_to_back if value
    ]
    power = f"{energy * len(queued) / sum(queued):.0f} W" if queued else ""
    return (
        Cell(layer_name(each.layer), hue_of(each.layer)),
        Cell(sizes(each.case)),
        Cell(view.where(conditions_of(each.case))),
        Cell(ENERGY.format(energy)),
        Cell(power),
    )


def _verdict(positions: Sequence[Position]) -> str:
    if not positions:
        return "No ceiling was measured for the type and threads of any case."
    counts = Counter(each.bound for each in positions)
    parts = ", ".join(f"{counts[bound]} {bound}" for bound in Bound if counts[bound])
    most = max(positions, key=lambda each: each.share)
    above = sum(each.share > _ABOVE for each in positions)
    over = f" {above} lie above it, so that ceiling is too low." if above else ""
    return (
        f"Of {counted(len(positions), 'case')}: {parts}. Nearest to the limit, at "
        f"{most.share:.0%}: {layer_name(most.case.layer)}, {sizes(most.case)}.{over}"
    )


def _ceilings(ceilings: Sequence[Ceiling]) -> Table:
    titles = ("best matrix product", "best copy", "ridge")
    return Table(
        "Ceilings of this machine, as measured",
        titled(("where",), titles),
        tuple(
            (
                Cell(ceiling_name(ceiling)),
                Cell(
                    f"{significant(ceiling.flops / _GIGA)} GFLOP/s",
                    note=" × ".join(map(str, ceiling.shape)),
                ),
                Cell(f"{significant(ceiling.bytes / _GIGA)} GB/s"),
                Cell(
                    f"{significant(ridge(ceiling))} FLOP/B" if ceiling.bytes > 0 else ""
                ),
            )
            for ceiling in ceilings
        ),
    )


def ceiling_name(ceiling: Ceiling) -> str:
    """The conditions of a ceiling: device, type and threads."""
    where = f"{ceiling.device.upper()}, {ceiling.dtype}"
    return f"{where}, {counted(ceiling.threads, 'thread')}"


def _bounds(view: RunView, positions: Sequence[Position]) -> Table:
    """For each layer and condition, the range of shares and the limiting factor."""
    rows: dict[tuple[str, str], list[Position]] = {}
    for each in positions:
        key = (each.case.layer, view.where(conditions_of(each.case)))
        rows.setdefault(key, []).append(each)
    return Table(
        "Share of the limit, over the sizes",
        (
            Column("layer"),
            Column("where"),
            Column("cases", number=True),
            Column("share of the limit", number=True),
            Column("bound"),
        ),
        tuple(
            (
                Cell(layer_name(layer), hue_of(layer)),
                Cell(where),
                Cell(str(len(group))),
                Cell(_shares(group)),
                Cell(_bound(group)),
            )
            for (layer, where), group in rows.items()
        ),
    )


def _shares(group: Sequence[Position]) -> str:
    low, high = min(one.share for one in group), max(one.share for one in group)
    return f"{low:.0%}" if f"{low:.0%}" == f"{high:.0%}" else f"{low:.0%} to {high:.0%}"


def _bound(group: Sequence[Position]) -> str:
    counts = Counter(one.bound for one in group).most_common()
    if len(counts) == 1:
        return str(counts[0][0])
    return ", ".join(f"{count} {bound}" for bound, count in counts)
