"""Roofline: how near each case comes to what the machine can do."""

from collections import Counter
from collections.abc import Sequence

from rnnbench.analysis.labels import layer_name
from rnnbench.analysis.ratio import absolute
from rnnbench.analysis.roofline import Bound, Position, place, ridge
from rnnbench.model.formatting import counted, significant
from rnnbench.model.metric import TIME
from rnnbench.model.profile import Ceiling
from rnnbench.model.run import MEASURED, Run
from rnnbench.report.content import (
    Block,
    Cell,
    Column,
    Marks,
    Roof,
    Table,
    Text,
)

_GIGA = 1e9
# Points that a drawing keeps apart.
_MOST_POINTS = 300
# A clock's scatter may carry a case over its roof by this much.
_ABOVE = 1.05
_STYLES = {"gru": 0, "rnn_tanh": 1, "rnn_relu": 2, "lstm": 3}


def roof_blocks(run: Run) -> list[Block]:
    """A drawing for each ceiling, what follows, and the numbers of every case."""
    if not run.ceilings:
        return []
    found = [
        (result.case.id, place(result, absolute(result.turns), run.ceilings))
        for result in run.results
        if result.status in MEASURED
    ]
    positions = [each for _, each in found if isinstance(each, Position)]
    blocks: list[Block] = [Text(_verdicts(found), "Distance from the machine's limit")]
    for number, ceiling in enumerate(run.ceilings):
        under = [each for each in positions if each.ceiling == ceiling]
        if under:
            blocks.append(_roof(f"why-roof-{number}", ceiling, under))
    return [*blocks, _ceilings(run.ceilings), _table(found)]


def _verdicts(found: Sequence[tuple[str, Position | str]]) -> str:
    positions = [each for _, each in found if isinstance(each, Position)]
    if not positions:
        return "No case has a ceiling that was measured for its type and threads."
    counts = Counter(each.bound for each in positions)
    parts = [f"{counts[bound]} {bound}" for bound in Bound if counts[bound]]
    most = max(positions, key=lambda each: each.share)
    above = sum(each.share > _ABOVE for each in positions)
    over = f" {above} are above it: their ceiling was found too low." if above else ""
    unknown = len(found) - len(positions)
    rest = f" Of {unknown} more it is unknown." if unknown else ""
    return (
        f"Of {len(positions)} cases {', '.join(parts)}.{rest} Nearest to its roof is "
        f"{most.case.id}, with {most.share:.0%}.{over}"
    )


def _roof(name: str, ceiling: Ceiling, positions: Sequence[Position]) -> Roof:
    step = -(-len(positions) // _MOST_POINTS)
    shown = positions[::step]
    some = f" One case of {step} is drawn." if step > 1 else ""
    layers = dict.fromkeys(each.case.layer for each in shown)
    return Roof(
        name,
        f"Roofline: {_where(ceiling)}",
        "Each point is a case: what it attained, over the operations for each byte "
        "that it must move at least (weights, input and output once a pass). The line "
        "is what the machine was measured to do at best, by its memory on the left of "
        f"{significant(ridge(ceiling))} FLOP/B, by its arithmetic on the right.{some}",
        "arithmetic intensity, FLOP/B",
        "attained, GFLOP/s",
        ceiling.flops / _GIGA,
        ceiling.bytes / _GIGA,
        tuple(
            Marks(
                layer_name(layer),
                _STYLES.get(layer, 4),
                tuple(
                    (each.intensity, each.attained / _GIGA)
                    for each in shown
                    if each.case.layer == layer
                ),
            )
            for layer in layers
        ),
    )


def _where(ceiling: Ceiling) -> str:
    threads = counted(ceiling.threads, "thread")
    return f"{ceiling.device.upper()}, {ceiling.dtype}, {threads}"


def _ceilings(ceilings: Sequence[Ceiling]) -> Table:
    return Table(
        "The machine's ceilings, as measured",
        (
            Column("where"),
            Column("best matrix product, GFLOP/s", number=True),
            Column("its shape, m x k x n", number=True),
            Column("best copy, GB/s read and written", number=True),
            Column("ridge, FLOP/B", number=True),
        ),
        tuple(
            (
                Cell(_where(ceiling)),
                Cell(significant(ceiling.flops / _GIGA)),
                Cell(" x ".join(map(str, ceiling.shape)), note=ceiling.product),
                Cell(significant(ceiling.bytes / _GIGA)),
                Cell(significant(ridge(ceiling)) if ceiling.bytes > 0 else ""),
            )
            for ceiling in ceilings
        ),
    )


def _table(found: Sequence[tuple[str, Position | str]]) -> Table:
    numbers = ("time per call", "GFLOP", "MB at least", "FLOP/B", "GFLOP/s", "of roof")
    return Table(
        f"Under the roof: {len(found)} cases",
        (
            Column("case"),
            Column("verdict"),
            *(Column(title, number=True) for title in numbers),
            Column("because"),
        ),
        tuple(_row(name, each) for name, each in found),
        folded=True,
    )


def _row(name: str, each: Position | str) -> tuple[Cell, ...]:
    if isinstance(each, str):
        return (Cell(name), Cell(Bound.UNKNOWN), *[Cell("")] * 6, Cell(each))
    return (
        Cell(name),
        Cell(each.bound),
        Cell(TIME.format(each.seconds)),
        Cell(significant(each.flops / _GIGA)),
        Cell(significant(each.bytes / 1e6)),
        Cell(significant(each.intensity)),
        Cell(significant(each.attained / _GIGA)),
        Cell(f"{each.share:.1%}"),
        Cell(each.reason),
    )
