"""How a calibration was measured: its parts, what they took, the machine."""

from dataclasses import fields

from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.report.content import Cell, Column, Section, Table, Text
from studies.calibration.arms import Arm, arms_of, samples_of
from studies.calibration.calibration import Calibration, Part


def how(calibration: Calibration) -> Section:
    """Enough to judge it, and to repeat it."""
    return Section(
        "method",
        "How it was measured",
        (
            Text(calibration.command, "Command of the last call"),
            Text(
                "Each launch is a fresh process that measures the members of a cell "
                "turn by turn, in shuffled order. Under bursts, two processes load the "
                "cores meanwhile, on and off. Cells are small where their longest call "
                "takes less than 0.5 ms, large from 5 ms on."
            ),
            _effort(calibration),
            _facts(calibration),
        ),
    )


def _effort(calibration: Calibration) -> Table:
    rows = []
    for part in Part:
        for arm in arms_of(calibration):
            samples = samples_of(calibration, part, arm)
            if not samples:
                continue
            wall = sum(one.wall for one in samples)
            inside = sum(one.inside for one in samples) / wall if wall else 0.0
            launches = len({one.launch for one in samples})
            rows.append(
                (
                    Cell(part),
                    Cell(arm.label),
                    Cell(str(len({one.cell for one in samples}))),
                    Cell(str(launches)),
                    # Of the samples, as what a killed call spent is in no sum.
                    Cell(TIME.format(wall)),
                    Cell(f"{100 * inside:.0f} %" if inside else "-"),
                    Cell(_command(part, arm, launches)),
                )
            )
    columns = (
        Column("part"),
        Column("machine, allocator"),
        Column("cells", number=True),
        Column("launches", number=True),
        Column("time of all launches", number=True),
        Column("of it inside turns", number=True),
        Column("command"),
    )
    return Table("What was measured", columns, tuple(rows))


def _command(part: Part, arm: Arm, launches: int) -> str:
    """What measures as much again; the calls that did may have been several."""
    return (
        f"rnnbench calibrate --part {part} --condition {arm.condition} "
        f"--allocator {arm.allocator} --launches {launches}"
    )


def _facts(calibration: Calibration) -> Table:
    environment = calibration.environment
    facts = [
        ("made", calibration.created),
        ("rnnbench", calibration.version),
        ("commit", calibration.commit or "unknown"),
    ]
    for field in fields(environment):
        value = getattr(environment, field.name)
        if field.name.endswith("_bytes") and value is not None:
            value = PEAK_MEMORY.format(value)
        name = field.name.replace("_bytes", "").replace("_", " ")
        facts.append((name, "unknown" if value is None else str(value)))
    return Table(
        "The machine and the libraries",
        (Column("what"), Column("value")),
        tuple((Cell(name), Cell(value)) for name, value in facts),
    )
