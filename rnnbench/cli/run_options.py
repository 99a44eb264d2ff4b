"""The options of `rnnbench run`."""

from pathlib import Path
from typing import Annotated

import typer

Sweep = Annotated[
    str, typer.Argument(help="A shipped sweep or a YAML file.", metavar="[SWEEP]")
]
Compare = Annotated[
    str,
    typer.Option(
        metavar="AXIS,...",
        help="Axes that are measured side by side; by default layer if it has several "
        "values, otherwise every axis that has.",
    ),
]
Reference = Annotated[
    str,
    typer.Option(
        metavar="LAYER",
        help="The layer whose answers layers of your own must give from the same "
        "weights; or OWN=LAYER,... with one for each.",
    ),
]
Precision = Annotated[
    float | None,
    typer.Option(
        help="Half-width that each 95 % interval is to reach, as a share; by default "
        "the sweep's, or 0.02."
    ),
]
Launches = Annotated[
    int | None,
    typer.Option(
        help="The most fresh processes for each case; by default the sweep's, or 20."
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        help="The most time for measuring, in seconds; by default the sweep's, or 600."
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        metavar="all|none|PATTERN",
        help="The cases to profile; PATTERN is a regular expression on their ids. By "
        "default the sweep's, or none.",
    ),
]
Python = Annotated[
    str,
    typer.Option(
        metavar="PATH",
        help="Measure the PyTorch of this interpreter, which needs torch and numpy; by "
        "default the one that runs rnnbench.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="The results file; by default results/NAME-TIME.json. The page is written "
        "beside it.",
    ),
]
Lanes = Annotated[
    int | None,
    typer.Option(
        help="Launches to run side by side, a core each; by default one for each "
        "physical core.",
        min=1,
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Overwrite the results file if it exists.")
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Continue an interrupted run that had the same --output."
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the ratios as JSON instead of text.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only the path of the results file.")
]
Open = Annotated[
    bool, typer.Option("--open", help="Open the page in a web browser at the end.")
]
