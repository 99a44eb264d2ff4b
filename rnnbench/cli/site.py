"""The command that makes a site of a folder of results."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import say

_SITE = """Make a static site of a folder of results: runs, machines, nights.

RESULTS holds *.json, reference/*.json and history/ (nights, as `rnnbench history`
keeps them). OUTPUT becomes a site that needs no server and no network: an index, a page
for each run and machine, a page that compares any two runs, index.json, a feed of
changes and badges. Addresses stay the same whatever is added.

Only what changed is made again. Pages of runs that are gone are removed; other files in
OUTPUT are left alone.

Exit status: 0 all was read, 2 a file could not be read (the site says which, and why).

\b
Examples:
  rnnbench site results/ reports/
  rnnbench site results/ public/ --url https://example.org/rnnbench/
"""


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(name="site", help=_SITE)(build_site)


def build_site(
    results: Annotated[Path, typer.Argument(help="The folder that holds results.")],
    output: Annotated[Path, typer.Argument(help="The folder to write into.")],
    *,
    url: Annotated[
        str,
        typer.Option(help="The address of the published site, for links in the feed."),
    ] = "",
    copy_limit: Annotated[
        int,
        typer.Option(
            min=0,
            help="Largest results file that is copied beside its page, in kB.",
        ),
    ] = 2000,
) -> None:
    """Build the site; the help text is `_SITE`."""
    from rnnbench.model.formatting import counted  # noqa: PLC0415
    from rnnbench.report.site.build import SiteOptions, build  # noqa: PLC0415

    base = f"{url.rstrip('/')}/" if url else ""
    try:
        site = build(results, output, _Counter(), SiteOptions(base, 1000 * copy_limit))
    finally:
        _clear_line()
    for each in site.unread:
        say(f"not read: {each.file}: {each.reason}", err=True)
    say(
        f"{output / 'index.html'}: {counted(len(site.runs), 'run')} of "
        f"{counted(len(site.machines), 'machine')}, "
        f"{counted(len(site.rendered), 'page')} made"
    )
    raise typer.Exit(2 if site.unread else 0)


class _Counter:
    """Shows on a terminal which file is being read."""

    def __init__(self) -> None:
        self._done = 0

    def __call__(self, name: str) -> None:
        from rnnbench.model.formatting import for_terminal  # noqa: PLC0415

        self._done += 1
        _clear_line()
        if sys.stderr.isatty():
            text = f"{self._done}: {for_terminal(name)[:60]}"
            typer.echo(text, err=True, nl=False)


def _clear_line() -> None:
    if sys.stderr.isatty():
        typer.echo("\r\x1b[K", err=True, nl=False)
