"""The command that draws one figure of a run."""

from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import say

_PLOT = """Draw one figure of a results file as SVG, PNG or PDF.

NAME is forest, ratio, tradeoff, time, operators, memory, roofline or knobs. For a run
with learning tasks it can also be steps, curves, fronts or gradient. --list says what
each shows, and which of them RESULTS has data for. A figure has a title, a caption and
its source, on white.

\b
Examples:
  rnnbench plot --list
  rnnbench plot results/latest.json --list
  rnnbench plot results/latest.json forest
  rnnbench plot results/latest.json tradeoff -o paper/tradeoff.pdf
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="plot", help=_PLOT)(plot)


def plot(
    results: Annotated[
        Path | None, typer.Argument(help="The results file of a run.")
    ] = None,
    name: Annotated[str, typer.Argument(help="Which figure.", metavar="NAME")] = "",
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The file to write: .svg, .png or .pdf (default: NAME.svg).",
        ),
    ] = None,
    names: Annotated[
        bool, typer.Option("--list", help="Explain the figures and draw none.")
    ] = False,
) -> None:
    """Draw a figure; the help text is `_PLOT`."""
    from rnnbench.model.errors import RnnbenchError  # noqa: PLC0415

    if names:
        _explain(results)
        return
    if results is None or not name:
        raise RnnbenchError("plot: give a results file and a figure; --list names them")
    _draw(results, name, output or Path(f"{name}.svg"))


def _explain(results: Path | None) -> None:
    """A line for each figure, and why it is missing where the run lacks the data."""
    from rnnbench.model.errors import ResultsError  # noqa: PLC0415
    from rnnbench.report.charts.gallery import FIGURES  # noqa: PLC0415
    from rnnbench.report.view import view  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    seen = view(load_run(results)) if results else None
    for name, kind in FIGURES.items():
        say(f"{name:<10} {kind.question}")
        try:
            if seen:
                kind.draw(seen)
        except ResultsError as error:
            say(f"{'':<10} not in this run: {error}")


def _draw(results: Path, name: str, output: Path) -> None:
    from rnnbench.report.charts.gallery import draw_figure  # noqa: PLC0415
    from rnnbench.storage.files import write_bytes  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run, without_collector  # noqa: PLC0415

    suffix = output.suffix.removeprefix(".").lower()
    with without_collector():
        write_bytes(output, draw_figure(load_run(results), name, suffix))
    say(f"{output} written")
