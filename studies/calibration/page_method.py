"""The section on how a calibration was measured: its parts, their time, the machine."""

from collections.abc import Iterator
from dataclasses import fields

from rnnbench.model.metric import PEAK_MEMORY, TIME
from studies.calibration.arms import arms_of, samples_of
from studies.calibration.samples import Calibration, Part
from studies.markdown import section, table

_METHOD = (
    "Each launch is a fresh process that measures the members of a cell turn by turn, "
    "in shuffled order. Under bursts, two processes load the cores meanwhile, on and "
    "off. Cells are small where their longest call takes less than 0.5 ms, and large "
    "from 5 ms on."
)
_HEADINGS = (
    *("part", "arm", "command", "cells", "launches", "time of all launches"),
    "share inside turns",
)


def method(calibration: Calibration) -> list[str]:
    """What a reader needs to judge the study, and to repeat it."""
    return section(
        "How it was measured",
        _METHOD,
        f"Command of the last call: `{calibration.command}`.",
        table(_HEADINGS, effort_rows(calibration), 3),
        table(("fact", "value"), _facts(calibration), 2),
    )


def effort_rows(calibration: Calibration) -> Iterator[tuple[str, ...]]:
    """A row for each part and arm that was measured."""
    for part in Part:
        for arm in arms_of(calibration):
            samples = samples_of(calibration, part, arm)
            if not samples:
                continue
            # Over the samples: what an interrupted call spent is in no sum.
            wall = sum(sample.wall for sample in samples)
            inside = sum(sample.inside for sample in samples) / wall if wall else 0.0
            launches = len({sample.launch for sample in samples})
            options = f"--condition {arm.condition} --allocator {arm.allocator}"
            yield (
                part,
                arm.label,
                f"`{command_of(part)} {options} --launches {launches}`",
                str(len({sample.cell for sample in samples})),
                str(launches),
                TIME.format(wall),
                f"{100 * inside:.0f} %" if inside else "-",
            )


def command_of(part: Part) -> str:
    """The command that measures a part again."""
    return f"python -m studies.calibration measure --part {part}"


def _facts(calibration: Calibration) -> Iterator[tuple[str, str]]:
    environment = calibration.environment
    yield "made", calibration.created
    yield "rnnbench", calibration.version
    yield "commit", calibration.commit or "unknown"
    for field in fields(environment):
        value = getattr(environment, field.name)
        if field.name.endswith("_bytes") and value is not None:
            value = PEAK_MEMORY.format(value)
        name = field.name.replace("_bytes", "").replace("_", " ")
        yield name, "unknown" if value is None else str(value)
