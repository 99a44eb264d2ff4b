"""`rnnbench bisect`: the version or the commit that made a layer slower or faster."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnbench.cli.gate import FindLinks, Index, Output, Package, table_writer
from rnnbench.cli.output import SweepName, Verbose, say

_BISECT = """Find the version that made a layer slower or faster.

The versions are those of a package (by default torch) or, with --layer-repo, the
commits of a git repository that has a layer. First BAD is compared with GOOD over the
whole sweep. The search then uses the case that differs most. It compares versions
between the two with GOOD, by the rule of rnnbench gate, and each comparison halves the
range and takes a minute or two.

Environments and finished comparisons are kept in the cache. To continue an interrupted
search, run the same command again.

\b
Exit status:
  0  the version was found, or GOOD and BAD do not differ
  1  a version was found, but the range seems to have more than one change
  2  bad input, or the range could not be judged

\b
Examples:
  rnnbench bisect quick --good 2.12 --bad 2.13
  rnnbench bisect sweep.yaml --package my-layers --good 1.0 --bad 1.8
  rnnbench bisect sweep.yaml --layer-repo . --good v1.0 --bad main
"""
_NOT_SINGLE, _NOT_JUDGED = 1, 2

_Good = Annotated[
    str, typer.Option(help="The version, tag or commit before the change.")
]
_Bad = Annotated[str, typer.Option(help="The version, tag or commit after the change.")]
_LayerRepo = Annotated[
    Path | None,
    typer.Option(
        help="Bisect the commits of this git repository instead of a package. The "
        "layer's module must be at its root or in src/. The repository is not changed."
    ),
]
_Cache = Annotated[
    Path | None,
    typer.Option(
        help="Folder in which environments and finished comparisons are kept; by "
        "default the user's cache folder.",
    ),
]
_Budget = Annotated[
    float, typer.Option(help="Time limit of each comparison, in seconds.", min=1)
]
_Restart = Annotated[
    bool,
    typer.Option(
        "--restart", help="Discard the comparisons of an earlier search and start over."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="bisect", help=_BISECT)(bisect_versions)


@dataclass(frozen=True, slots=True)
class _Range:
    """A source of versions, the versions to search, and words that identify both."""

    source: Any
    versions: tuple[str, ...]
    facts: tuple[str, ...]


def bisect_versions(  # noqa: PLR0913 - options, not arguments
    sweep: SweepName,
    *,
    good: _Good,
    bad: _Bad,
    package: Package = "torch",
    layer_repo: _LayerRepo = None,
    index: Index = "",
    find_links: FindLinks = "",
    cache: _Cache = None,
    budget: _Budget = 3600.0,
    restart: _Restart = False,
    output: Output = None,
    verbose: Verbose = False,
) -> None:
    """Bisect a range; the help text is `_BISECT`."""
    from rnnbench.regression.bisect_search import BisectAnswer, bisect  # noqa: PLC0415
    from rnnbench.regression.bisect_table import bisect_table  # noqa: PLC0415
    from rnnbench.regression.verdict_table import render  # noqa: PLC0415
    from rnnbench.regression.version_source import user_cache  # noqa: PLC0415
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415
    from rnnbench.sweep.shipped import find_sweep  # noqa: PLC0415

    write_files = table_writer(output or [])
    loaded = load_sweep(find_sweep(sweep))
    folder = cache or user_cache()
    if layer_repo is None:
        searched = _of_package(package, (index, find_links), folder, (good, bad))
    else:
        searched = _of_repository(layer_repo, folder, (good, bad))
    with _comparer(loaded, searched, folder, budget, restart=restart) as compare:
        outcome = bisect(searched.versions, compare)
    table = bisect_table(outcome, searched.source.name)
    write_files(table)
    say(render(table, "terminal", verbose=verbose).rstrip("\n"))
    if outcome.found is None and outcome.whole.answer() is BisectAnswer.UNKNOWN:
        raise typer.Exit(_NOT_JUDGED)
    raise typer.Exit(_NOT_SINGLE if any(outcome.doubts()) else 0)


def _of_package(
    package: str, places: tuple[str, str], cache: Path, ends: tuple[str, str]
) -> _Range:
    from rnnbench.regression.package_versions import PackageVersions  # noqa: PLC0415

    index, find_links = places
    source = PackageVersions(
        cache=cache, package=package, index=index, find_links=find_links
    )
    versions = source.between(*ends)
    return _Range(source, versions, (package, *places, *versions))


def _of_repository(repository: Path, cache: Path, ends: tuple[str, str]) -> _Range:
    from rnnbench.regression.layer_commits import LayerCommits  # noqa: PLC0415

    source = LayerCommits(repository, cache, sys.executable)
    commits = source.between(*ends)
    return _Range(source, commits, (str(repository.resolve()), *commits))


@contextmanager
def _comparer(
    sweep: Any, searched: _Range, cache: Path, budget: float, *, restart: bool
) -> Iterator[Callable[[str, str], Any]]:
    """The comparisons of a search, continued where an earlier one ended."""
    from rnnbench.regression.bisect_run import (  # noqa: PLC0415
        GateComparer,
        journal_path,
    )
    from rnnbench.runner.progress import ProgressLine, Stream  # noqa: PLC0415

    say_aside = partial(say, err=True)
    facts = (sweep.record.digest, sys.executable, *searched.facts)
    journal = journal_path(cache, *facts)
    with closing(ProgressLine(Stream(sys.stderr))) as line:
        comparer = GateComparer(
            sweep=sweep,
            source=searched.source,
            budget=budget,
            journal=journal,
            say=say_aside,
            show=line.show,
        )
        if restart:
            journal.unlink(missing_ok=True)
        if known := comparer.resume():
            say_aside(f"{known} comparisons are known already: --restart forgets them")
        say_aside(f"{len(searched.versions)} versions")
        yield comparer.compare
