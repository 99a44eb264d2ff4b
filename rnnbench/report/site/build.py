"""A site made from a folder of results; only changed pages are made again."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.report.site import addresses, feed, index_file
from rnnbench.report.site.compare_page import compare_page
from rnnbench.report.site.entries import ListedRun, Machine, Site, Unread
from rnnbench.report.site.folder import SiteFolder
from rnnbench.report.site.index_file import Previous
from rnnbench.report.site.index_page import index_page
from rnnbench.report.site.machine_page import machine_page
from rnnbench.report.site.machines import machines_of
from rnnbench.report.site.run_pages import RunPages
from rnnbench.report.site.site_history import SiteHistory
from rnnbench.report.site.summaries import RunSummary, decode


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """How a site is built.

    `base`: the address at which it will stand, for links in the feed. `copy_bytes`:
    the size up to which results files are copied beside their pages.
    """

    base: str = ""
    copy_bytes: int = 2 * 10**6


def build(
    results: Path,
    output: Path,
    tell: Callable[[str], object],
    options: SiteOptions | None = None,
) -> Site:
    """Build the site of `results` in `output`; the same files give the same bytes.

    `tell` is called with the name of each file before it is read. A file that can't be
    read is listed. ResultsError where `output` holds something else, or can't be
    written.
    """
    options = options or SiteOptions()
    _check(results, output)
    folder = SiteFolder.open(output)
    unread: list[Unread] = []
    runs: list[ListedRun] = []
    for each in RunPages(results, folder, options.copy_bytes).made(tell):
        if isinstance(each, Unread):
            unread.append(each)
        else:
            runs.append(each)
    history = SiteHistory(results, folder.previous)
    machines = machines_of(runs, history.nights)
    unread = sorted((*unread, *history.unread), key=lambda each: each.file)
    _put_pages(folder, machines, history, unread)
    _put_data(folder, machines, options.base)
    folder.remove_leftovers()
    site = Site(
        machines=machines, unread=tuple(unread), rendered=tuple(folder.rendered)
    )
    # Last, so that the index names every file even if the build is killed.
    left = Previous(
        folder.files,
        keys=folder.keys,
        history=history.key,
        unread_history=history.unread,
    )
    folder.put_index(index_file.encode(site, left))
    return site


def _check(results: Path, output: Path) -> None:
    if not results.is_dir():
        raise ResultsError(f"{results}: no such folder")
    if output.resolve() in {results.resolve(), (results / "reference").resolve()}:
        raise ResultsError(f"{output}: results are read there: choose another folder")


def _put_pages(
    folder: SiteFolder,
    machines: Sequence[Machine],
    history: SiteHistory,
    unread: Sequence[Unread],
) -> None:
    """The pages of machines, the index, and the page that compares runs."""

    def summary(run: ListedRun) -> RunSummary:
        return decode((folder.root / addresses.run_summary(run.id)).read_bytes())

    for machine in machines:
        folder.page(
            addresses.machine_page(machine.id),
            _key(asdict(machine), history.key),
            partial(_machine_page, machine, summary, history),
        )
    whole = [asdict(machine) for machine in machines]
    folder.page(
        addresses.INDEX,
        _key(whole, [asdict(each) for each in unread]),
        partial(index_page, machines, unread, summary),
    )
    folder.page(
        addresses.COMPARE, _key(whole), partial(compare_page, machines, summary)
    )


def _put_data(folder: SiteFolder, machines: Sequence[Machine], base: str) -> None:
    """Badges and the feed."""
    for machine in machines:
        badge = feed.badge(machine.best)
        folder.put(addresses.machine_badge(machine.id), badge)
    folder.put(addresses.BADGE, feed.badge(machines[0].best if machines else None))
    folder.put(addresses.FEED, feed.feed(machines, base))


def _machine_page(
    machine: Machine,
    summary: Callable[[ListedRun], RunSummary],
    history: SiteHistory,
) -> str:
    own = history.followed.get(machine.id, ())
    return machine_page(machine, summary, history.loaded, own)


def _key(*values: object) -> str:
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
