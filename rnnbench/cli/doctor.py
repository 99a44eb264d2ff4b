"""`rnnbench doctor`: the conditions of this machine, and what would improve them."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from rnnbench.cli.output import say

_DOCTOR = """Check what on this machine disturbs measuring, and say how to change it.

Each condition is shown with its state, its effect on results, and the command that
changes it. A warning can move a ratio or widens intervals; a note moves times, but
hardly a ratio. Nothing is changed. A run records the same conditions in its results.

\b
Exit status:
  0  no warning
  1  at least one warning
  2  bad input

\b
Examples:
  rnnbench doctor
  rnnbench doctor --json
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="doctor", help=_DOCTOR)(check_machine)


def check_machine(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the conditions as JSON.")
    ] = False,
    measure: Annotated[
        bool,
        typer.Option(
            help="Measure for two seconds how often something disturbs a core."
        ),
    ] = True,
) -> None:
    """Check the machine; the help text is `_DOCTOR`."""
    from rnnbench.runner.doctor.conditions import read_conditions  # noqa: PLC0415
    from rnnbench.runner.doctor.core_check import check_core  # noqa: PLC0415
    from rnnbench.runner.doctor.host import (  # noqa: PLC0415
        Host,
        cpu_times,
        this_load,
    )
    from rnnbench.runner.lanes import lane_condition  # noqa: PLC0415

    load, before = this_load(), cpu_times()
    measured = [asyncio.run(check_core())] if measure else []
    read = read_conditions(Host(load=load, before=before))
    found = [*measured, *read, lane_condition()]
    say(_document(found) if as_json else "\n".join(_lines(found)))
    raise typer.Exit(1 if any(each.is_off for each in found) else 0)


def _document(found: list[Any]) -> str:
    conditions = [asdict(condition) for condition in found]
    return json.dumps({"conditions": conditions}, allow_nan=False, indent=1)


def _lines(found: list[Any]) -> list[str]:
    """A line for each condition, what is off first, with effect and fix below."""
    from rnnbench.model.condition import by_importance  # noqa: PLC0415
    from rnnbench.model.formatting import for_terminal  # noqa: PLC0415

    lines = []
    for condition in by_importance(found):
        state = for_terminal(f"{condition.name}: {condition.state}")
        lines.append(f"{f'{condition.level}:':<8} {state}")
        for label, text in (("effect", condition.effect), ("fix", condition.fix)):
            lines += [f"         {label}: {for_terminal(text)}"] if text else []
    return lines
