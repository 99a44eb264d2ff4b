"""The command that saves one chart of a run as a picture."""

from pathlib import Path
from typing import Annotated

import typer

_PLOT = """Save one chart of a results file, as it is on the page of the report.

NAME is a kind (tradeoff, memory, absolute, bytes, pareto, backend, knobs, operators,
parts, timeline, roofline: the first such chart of the run), or a name that --list
prints. All panels of the chart go into one picture, on white.

\b
Examples:
  rnnbench plot results/latest.json --list
  rnnbench plot results/latest.json tradeoff -o tradeoff.svg
  rnnbench plot results/latest.json pareto -o pareto.png
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="plot", help=_PLOT)(plot)


def plot(
    results: Annotated[Path, typer.Argument(help="A results file.")],
    name: Annotated[str, typer.Argument(help="Which chart.", metavar="NAME")] = "",
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file .svg, .png or .pdf."),
    ] = None,
    names: Annotated[
        bool, typer.Option("--list", help="Print the charts that the run has.")
    ] = False,
) -> None:
    """Save one chart of a run; the help text is `_PLOT`."""
    from rnnbench.model.errors import RnnbenchError  # noqa: PLC0415
    from rnnbench.model.formatting import for_terminal  # noqa: PLC0415
    from rnnbench.report.charts import saving  # noqa: PLC0415
    from rnnbench.report.run_page import page  # noqa: PLC0415
    from rnnbench.storage.files import put_whole  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    suffix = output.suffix.removeprefix(".").lower() if output else ""
    if not names and not name:
        raise RnnbenchError("plot: name a chart, or ask for --list")
    if not names and suffix not in saving.SUFFIXES:
        known = ", ".join(saving.SUFFIXES)
        raise RnnbenchError(f"{output or '--output'}: name a file of {known}")
    run = load_run(results)
    whole = page(run)
    if names or output is None:
        for chart in saving.charts_of(whole):
            typer.echo(f"{chart.id:<20} {for_terminal(chart.title)}")
        return
    chart = saving.chart_named(whole, name)
    picture = saving.saved(chart, suffix, saving.source_of(run))
    try:
        put_whole(output, picture)
    except OSError as error:
        text = f"{output}: can't be written: {error.strerror}"
        raise RnnbenchError(text) from error
    typer.echo(f"{output} written")
