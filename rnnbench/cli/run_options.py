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
        help="Axes whose values are compared with each other; by default layer if it "
        "has several values, otherwise every axis with several values.",
    ),
]
Reference = Annotated[
    str,
    typer.Option(
        metavar="LAYER",
        help="Layer that layers of your own are checked against: with the same weights "
        "both must give the same output. OWN=LAYER,... names one for each.",
    ),
]
Precision = Annotated[
    float | None,
    typer.Option(
        help="Half-width to reach for each 95 % interval, as a fraction of the ratio; "
        "by default the sweep's, or 0.02."
    ),
]
Launches = Annotated[
    int | None,
    typer.Option(
        help="Most fresh processes for a case; by default the sweep's, or 20."
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        help="Time limit for measuring, in seconds; by default the sweep's, or 600."
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
        help="Number of launches that run at the same time, each on a separate core; "
        "by default one for each physical core, or fewer if rnnbench calibrate found "
        "that so many shift the ratios.",
        min=1,
    ),
]
Host = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Name of this machine, stored with each launch, so that the report can "
        "compare hosts after rnnbench merge; by default none.",
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
