"""What the harness itself costs: sixty ratios in minutes, and how it grows."""

from collections.abc import Callable
from dataclasses import dataclass

from rnnbench.analysis.ratio import ratios
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Run
from rnnbench.report.content import Block, Cell, Column, Section, Table, Tone
from studies.calibration.scaling import Scaling, Stage

# What configs/sixty.yaml is held to.
_WALL, _INSIDE, _WIDTH = 300.0, 0.8, 0.02
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class Beside:
    """What was measured beside a calibration on its machine, as far as it was."""

    sixty: Run | None = None
    scaling: Scaling | None = None


def speed(beside: Beside) -> Section | None:
    """Goals first, then every size."""
    rows = [*_sixty(beside.sixty), *_scaling(beside.scaling)]
    if not rows:
        return None
    titles = ("what", "goal", "measured", "command")
    blocks: list[Block] = [
        Table("Speed of the harness", tuple(map(Column, titles)), tuple(rows))
    ]
    if beside.scaling is not None:
        blocks.append(_sizes(beside.scaling))
    return Section("speed", "What the harness itself costs", tuple(blocks))


def _sixty(run: Run | None) -> list[tuple[Cell, ...]]:
    if run is None:
        return []
    times = [ratio for ratio in ratios(run) if ratio.metric is TIME]
    widths = [ratio.interval.half_width / ratio.interval.estimate for ratio in times]
    narrow = sum(width <= _WIDTH for width in widths)
    wall, share = run.effort.wall, run.effort.share_inside_turns
    widest = f"widest ±{100 * max(widths):.1f} %" if widths else ""
    command = Cell(run.command)
    return [
        (
            Cell("sixty workloads: wall time"),
            Cell(f"at most {TIME.format(_WALL)}"),
            _judged(TIME.format(wall), met=wall <= _WALL),
            command,
        ),
        (
            Cell("sixty workloads: ratios within ±2 %"),
            Cell("all"),
            _judged(f"{narrow} of {len(times)}", widest, met=narrow == len(times)),
            command,
        ),
        (
            Cell("sixty workloads: wall time inside turns"),
            Cell(f"at least {100 * _INSIDE:.0f} %"),
            _judged(f"{100 * share:.1f} %", met=share >= _INSIDE),
            command,
        ),
    ]


def _scaling(scaling: Scaling | None) -> list[tuple[Cell, ...]]:
    if scaling is None:
        return []
    goals: tuple[tuple[str, int, str, Callable[[Stage], bool]], ...] = (
        (
            "report",
            10_000,
            "at most 60 s and 1 GiB",
            lambda one: one.seconds <= 60 and one.peak_bytes <= _GIB,
        ),
        ("collection", 10_000, "at most 5 s", lambda one: one.seconds <= 5),
        ("help", 0, "at most 0.3 s", lambda one: one.seconds <= 0.3),
    )
    found = (
        (scaling.stage(what, cases), goal, met) for what, cases, goal, met in goals
    )
    return [
        (
            Cell(
                f"{one.what} of {one.cases:,} cases" if one.cases else "rnnbench --help"
            ),
            Cell(goal),
            _judged(
                TIME.format(one.seconds),
                PEAK_MEMORY.format(one.peak_bytes),
                met=met(one),
            ),
            Cell(scaling.command),
        )
        for one, goal, met in found
        if one is not None
    ]


def _judged(figure: str, note: str = "", *, met: bool) -> Cell:
    word, tone = ("met", Tone.PLAIN) if met else ("MISSED", Tone.BAD)
    return Cell(f"{word}: {figure}", tone, note)


def _sizes(scaling: Scaling) -> Table:
    columns = (
        Column("what"),
        Column("cases", number=True),
        Column("time", number=True),
        Column("of a core", number=True),
        Column("growth for 10 times as many", number=True),
        Column("peak memory", number=True),
        Column("command"),
    )
    return Table(
        f"Time and memory by the number of cases (Python {scaling.python})",
        columns,
        tuple(
            (
                Cell(one.what),
                Cell(f"{one.cases:,}"),
                Cell(TIME.format(one.seconds)),
                Cell(TIME.format(one.busy)),
                Cell("" if one.growth is None else f"{one.growth:.1f}"),
                Cell(PEAK_MEMORY.format(one.peak_bytes)),
                Cell(one.command),
            )
            for one in scaling.lines
        ),
        folded=True,
    )
