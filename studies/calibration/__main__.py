"""The calibration study: `python -m studies.calibration COMMAND`."""

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from rnnbench.model.case import Allocator
from rnnbench.model.errors import RnnbenchError
from rnnbench.runner.progress import ProgressLine, Stream
from rnnbench.runner.scheduler import survey
from rnnbench.storage.files import write_text
from studies.calibration.code_digest import digests
from studies.calibration.code_proof import (
    BASE,
    compare_with_base,
    restamped,
    source_at,
)
from studies.calibration.machine_files import journal_in, machine_of
from studies.calibration.page import page_of, text_of
from studies.calibration.samples import Condition, Part
from studies.calibration.samples_file import SUFFIX, load_calibration, write_calibration
from studies.calibration.session import CalibrationSession
from studies.calibration.stages import Selection

_INTERRUPTED = 130

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def measure(
    *,
    part: Annotated[
        list[Part] | None,
        typer.Option(help="Part to measure; repeatable. Default: all."),
    ] = None,
    condition: Annotated[
        list[Condition] | None,
        typer.Option(help="Load of the machine; repeatable. Default: both."),
    ] = None,
    allocator: Annotated[
        list[Allocator] | None,
        typer.Option(help="Allocator of the workers; repeatable. Default: both."),
    ] = None,
    launches: Annotated[
        int, typer.Option(help="Launches of each part. Default: the plan's.", min=0)
    ] = 0,
    resume: Annotated[
        bool,
        typer.Option("--resume/--fresh", help="Resume the journal, or start over."),
    ] = True,
    output: Annotated[
        Path, typer.Option(help="Folder of the JSON file, the journal and the page.")
    ] = Path("results/calibration"),
) -> None:
    """Measure equal layers, known slowdowns, blocks, the floor and whole re-runs.

    It takes hours, idle and under a load in bursts that it starts and ends itself.
    Nothing else should run meanwhile. Each launch is kept when it is measured; the next
    call measures what is missing.
    """
    selection = Selection(
        parts=tuple(part or Part),
        conditions=tuple(condition or Condition),
        allocators=tuple(allocator or Allocator),
        launches=launches,
    )
    environment, _ = asyncio.run(survey(()))
    name = machine_of(environment)
    with journal_in(output, environment, resume=resume) as journal:
        session = CalibrationSession(
            selection=selection,
            environment=environment,
            journal=journal,
            target=output / f"{name}{SUFFIX}",
            page=output / f"{name}.md",
            command=shlex.join(["python", "-m", "studies.calibration", *sys.argv[1:]]),
        )
        _run(session)


def _run(session: CalibrationSession) -> None:
    """Announce the session, run it beside a progress line, name what it wrote."""
    for text in session.announcement():
        typer.echo(text)
    line = ProgressLine(Stream(sys.stderr))

    def say(text: str) -> None:
        line.close()
        typer.echo(text)

    try:
        session.run(line.show, say)
    except KeyboardInterrupt:
        kept = session.journal.path
        typer.echo(f"\ninterrupted: {kept} holds it, the same call resumes", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        line.close()
    typer.echo(f"{session.target} and {session.page} written")


@app.command()
def page(
    calibration: Annotated[Path, typer.Argument(help="A file of `measure`.")],
    output: Annotated[
        Path | None, typer.Option(help="The page, Markdown. Default: beside the file.")
    ] = None,
) -> None:
    """Judge the goals of a calibration and write its page."""
    found = load_calibration(calibration)
    name = calibration.name.removesuffix(SUFFIX)
    target = output or calibration.with_name(f"{name}.md")
    write_text(target, page_of(found))
    for line in text_of(found):
        typer.echo(line)
    typer.echo(f"{target} written")


@app.command()
def proof() -> None:
    """Compare the measuring code with that of the commit that measured the samples.

    Exit status 1 where a definition differs for no accepted reason.
    """
    found = compare_with_base()
    for difference in found:
        why = difference.reason or f"NOT ACCEPTED ({difference.fingerprint})"
        typer.echo(f"{difference.name}: {difference.kind}: {why}")
    unexplained = sum(not difference.reason for difference in found)
    typer.echo(
        f"measuring code against {BASE}: {len(found)} definitions differ, "
        f"{unexplained} of them for no accepted reason"
    )
    raise typer.Exit(1 if unexplained else 0)


@app.command()
def restamp(
    calibrations: Annotated[list[Path], typer.Argument(help="Files of `measure`.")],
) -> None:
    """Give calibrations that the proven code measured the digests of today's code."""
    today = digests()
    for path in calibrations:
        before = load_calibration(path)
        after = restamped(before, source_at(before.commit or "unknown"))
        if after.measuring != before.measuring:
            write_calibration(path, after)
        valid = [part for part, code in after.measuring.items() if code == today[part]]
        typer.echo(f"{path}: valid parts: {', '.join(valid) or 'none'}")


def main() -> int:
    """Run a command; what a user can fix is one line on standard error, and a 2."""
    try:
        app(prog_name="python -m studies.calibration", standalone_mode=True)
    except RnnbenchError as error:
        typer.echo(error, err=True)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
