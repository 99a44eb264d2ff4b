"""The pages of a site's runs, kept unless the results file or the code changed."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.regression.night_files import kept_files
from rnnbench.report.run_page import Surroundings, render_page
from rnnbench.report.site import addresses
from rnnbench.report.site.entries import ListedRun, Unread
from rnnbench.report.site.folder import SiteFolder
from rnnbench.report.site.listing import listed_run
from rnnbench.report.site.summaries import encode, summary_of
from rnnbench.report.view import view
from rnnbench.storage.files import read_limited, reason_of
from rnnbench.storage.results_file import MAX_BYTES, is_one_file, load_run

_ROOT = "../../"


@dataclass(frozen=True, slots=True)
class RunPages:
    """Makes the pages of `results` in `folder`.

    `copy_bytes`: the size up to which a results file is copied beside its page.
    """

    results: Path
    folder: SiteFolder
    copy_bytes: int

    def made(self, tell: Callable[[str], object]) -> Iterator[ListedRun | Unread]:
        """Each run once, with its files in the folder; each file that can't be read."""
        seen: set[str] = set()
        for path in _result_files(self.results):
            tell(path.name)
            try:
                content = read_limited(path, MAX_BYTES)
                digest = hashlib.sha256(content).hexdigest()
                if digest in seen:
                    continue
                run = self._kept(digest, content) or self._make(path, content)
            except ResultsError as error:
                yield self._unread(path, str(error).removeprefix(f"{path}: "))
            except (OSError, ValueError) as error:
                yield self._unread(path, reason_of(error))
            else:
                seen.add(digest)
                is_reference = path.resolve().parent.name == "reference"
                yield replace(run, is_reference=is_reference)

    def _unread(self, path: Path, reason: str) -> Unread:
        return Unread(path.relative_to(self.results).as_posix(), reason)

    def _kept(self, digest: str, content: bytes) -> ListedRun | None:
        """The run as the last build left it, if all of its files are as they were."""
        known = self.folder.previous.runs.get(digest)
        if known is None or known.has_results != self._is_copied(content):
            return None
        files = [addresses.run_page(known.id), addresses.run_summary(known.id)]
        if known.has_results:
            files.append(addresses.run_results(known.id))
        return known if self.folder.keep(*files) else None

    def _is_copied(self, content: bytes) -> bool:
        return len(content) <= self.copy_bytes and is_one_file(content)

    def _make(self, path: Path, content: bytes) -> ListedRun:
        """Read the run, and write its page, its summary and its copy."""
        seen = view(load_run(path))
        digest = hashlib.sha256(content).hexdigest()
        has_results = self._is_copied(content)
        run = listed_run(seen, digest, has_results=has_results)
        if run.has_results:
            self.folder.put(addresses.run_results(run.id), content)
        summary = encode(summary_of(seen))
        self.folder.put(addresses.run_summary(run.id), summary)
        around = Surroundings(
            links=_links(run), results="run.json" if run.has_results else ""
        )
        page = addresses.run_page(run.id)
        self.folder.put(page, render_page(seen, around).encode())
        self.folder.rendered.append(page)
        return run


def _links(run: ListedRun) -> tuple[tuple[str, str], ...]:
    """The links from the page of a run to the rest of the site."""
    return (
        ("All runs", f"{_ROOT}{addresses.INDEX}"),
        ("This machine", f"{_ROOT}{addresses.machine_page(run.machine)}"),
        ("Compare", f"{_ROOT}{addresses.COMPARE}#a={run.id}"),
    )


def _result_files(results: Path) -> Iterator[Path]:
    """Results files by name, reference runs first, so that a copy of one is known.

    Then the nights of the history, whose pages keep their addresses.
    """
    for folder in (results / "reference", results):
        for path in sorted(folder.glob("*.json")):
            # A name that starts with a dot is still being written.
            if not path.name.startswith("."):
                yield path
    yield from kept_files(results / "history")
