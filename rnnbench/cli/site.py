"""The command that makes a site of a folder of results."""

import sys
from pathlib import Path
from typing import Annotated

import typer

_SITE = """Make a static site of a folder of results: runs, machines, nights.

Read are RESULTS/*.json, RESULTS/reference/*.json, RESULTS/history (the nights, as
rnnbench history keeps them). The site needs no server
and no network. An address comes of what a run holds, so it stays. Pages of runs that
have gone are taken away; other files in OUTPUT are left alone.

Exit status: 0 all was read, 1 a file could not be read (the site says which).

\b
Examples:
  rnnbench site results/ reports/
  rnnbench site results/ /var/www/rnnbench
"""


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(name="site", help=_SITE)(build_site)


def build_site(
    results: Annotated[Path, typer.Argument(help="The folder that holds results.")],
    output: Annotated[Path, typer.Argument(help="The folder to write into.")],
) -> None:
    """Build the site; the help text is `_SITE`."""
    from rnnbench.model.formatting import counted, for_terminal  # noqa: PLC0415
    from rnnbench.report.site.folder import build  # noqa: PLC0415

    done = 0

    def tell(what: str) -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            typer.echo(f"\r\x1b[K{done}: {for_terminal(what)[:60]}", err=True, nl=False)

    try:
        site = build(results, output, tell)
    finally:
        if sys.stderr.isatty():
            typer.echo("\r\x1b[K", err=True, nl=False)
    for file, reason in site.unread:
        typer.echo(f"not read: {for_terminal(f'{file}: {reason}')}", err=True)
    typer.echo(
        f"{output / 'index.html'}: {counted(len(site.runs), 'run')} of "
        f"{counted(len(site.machines), 'machine')}"
    )
    raise typer.Exit(1 if site.unread else 0)
