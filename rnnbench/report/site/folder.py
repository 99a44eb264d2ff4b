"""A site on the disk: what is read for it, what is written, what is taken away."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.model.machine import machine_parts
from rnnbench.regression import history_store
from rnnbench.regression.history_store import History
from rnnbench.report.content import Page
from rnnbench.report.run_page import Surroundings, render_page
from rnnbench.report.site.catalogue import (
    ListedRun,
    Machine,
    Site,
    document,
    listed,
    machine_name,
    machine_slug,
    made_before,
)
from rnnbench.report.site.document import render
from rnnbench.report.site.pages import (
    index_page,
    machine_page,
    run_links,
)
from rnnbench.report.site.trends import Followed, followed, sections
from rnnbench.report.view import view
from rnnbench.storage.files import write_whole
from rnnbench.storage.results_file import load_run

# A larger results file is not put beside its page.
MOST_BYTES = 2 * 10**6

_INDEX = "index.json"
_PAGE = "index.html"


@dataclass(slots=True)
class _Folder:
    """The site's folder: what is written there is written whole, and remembered."""

    root: Path
    files: set[str] = field(default_factory=set)

    def put(self, name: str, content: bytes) -> None:
        """Write a file of the site, unless it holds that already."""
        path = self.root / name
        try:
            if not path.is_file() or path.read_bytes() != content:
                write_whole(path, content)
        except OSError as error:
            raise ResultsError(f"{path}: can't be written: {error.strerror}") from error
        self.files.add(name)

    def show(self, name: str, page: Page) -> None:
        """Write a page."""
        self.put(name, render(page).encode())

    def made_before(self) -> tuple[str, ...]:
        """The files that are the site's, as it was left."""
        path = self.root / _INDEX
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as error:
            raise ResultsError(f"{path}: can't be read") from error
        found = made_before(text)
        if found is None:
            raise ResultsError(f"{path}: no index of ours: choose another folder")
        return found

    def remove(self, names: tuple[str, ...]) -> None:
        """Take away those of `names` that are no longer part of the site."""
        root = self.root.resolve()
        for name in names:
            path = self.root / name
            # A folder that is a link may lead anywhere: what is there is not ours.
            if name in self.files or path.parent.resolve() != root / Path(name).parent:
                continue
            with suppress(OSError):
                path.unlink(missing_ok=True)
                path.parent.rmdir()


def build(results: Path, output: Path, tell: Callable[[str], object]) -> Site:
    """Build the site of `results` in `output`; `tell` hears which file is read.

    The same files give the same bytes. A file that can't be read is listed.
    """
    _check(results, output)
    folder = _Folder(output)
    before = folder.made_before()
    unread: list[tuple[str, str]] = []
    runs = list(_runs(results, folder, unread, tell))
    history = _history(results, unread)
    nights = {machine_slug(key): own for key, own in followed(history).items()}
    machines = _machines(runs, history, nights)
    for machine in machines:
        tell(machine.id)
        told = sections(history, nights.get(machine.id, ()))
        folder.show(machine.url, machine_page(machine, told))
    site = Site(machines, tuple(sorted(unread)))
    folder.show(_PAGE, index_page(site))
    folder.remove(before)
    # Last: whenever this is killed, the index names all that it ever made.
    text = document(site, folder.files - {_PAGE})
    folder.put(_INDEX, text.encode())
    return site


def _check(results: Path, output: Path) -> None:
    if not results.is_dir():
        raise ResultsError(f"{results}: no such folder")
    if output.resolve() in {results.resolve(), (results / "reference").resolve()}:
        raise ResultsError(f"{output}: results are read there: choose another folder")


def _runs(
    results: Path,
    folder: _Folder,
    unread: list[tuple[str, str]],
    tell: Callable[[str], object],
) -> Iterator[ListedRun]:
    """Each run once, its page written; references first, so that a copy is one."""
    seen: set[str] = set()
    for path in json_files(results / "reference", results):
        tell(path.name)
        try:
            run = load_run(path)
            content = path.read_bytes()
        except (ResultsError, OSError) as error:
            unread.append(_why(results, path, error))
            continue
        seen_run = view(run)
        digest = hashlib.sha256(content).hexdigest()
        reference = path.resolve().parent.name == "reference"
        item = listed(seen_run, digest, reference=reference)
        if item.id in seen:
            continue
        seen.add(item.id)
        if len(content) <= MOST_BYTES:
            item = replace(item, results=True)
            folder.put(f"runs/{item.id}/run.json", content)
        around = Surroundings(
            links=run_links(item), results="run.json" if item.results else ""
        )
        folder.put(item.url, render_page(seen_run, around).encode())
        yield item


def _history(results: Path, unread: list[tuple[str, str]]) -> History:
    store = results / "history"
    if not store.is_dir():
        return history_store.empty()
    held = history_store.load(store)
    for line in held.skipped:
        name, _, reason = line.removeprefix(f"{results}/").partition(": ")
        unread.append((name, reason))
    return held


def _why(results: Path, path: Path, error: Exception) -> tuple[str, str]:
    reason = getattr(error, "strerror", None) or str(error)
    return str(path.relative_to(results)), reason.removeprefix(f"{path}: ")


def _machines(
    runs: list[ListedRun],
    history: History,
    nights: dict[str, tuple[Followed, ...]],
) -> tuple[Machine, ...]:
    """Every machine that anything is known of, that of the newest run first."""
    parts = {machine_slug(entry.machine): entry.parts for entry in history.entries}
    entries = [machine_slug(entry.machine) for entry in history.entries]
    seen = [(one.machine, one.environment) for one in runs]
    for machine, environment in seen:
        parts[machine] = machine_parts(environment)
    found = [
        Machine(
            id=key,
            name=machine_name(known),
            parts=known,
            runs=tuple(
                sorted((run for run in runs if run.machine == key), key=_newest)[::-1]
            ),
            nights=entries.count(key),
            changes=sum(len(one.found) for one in nights.get(key, ())),
        )
        for key, known in sorted(parts.items())
    ]
    return tuple(sorted(found, key=_newest_of, reverse=True))


def json_files(*folders: Path) -> Iterator[Path]:
    """The JSON files of each folder by name, less what is still being written."""
    for folder in folders:
        for path in sorted(folder.glob("*.json")):
            # What starts with a dot is being written, or was when it was killed.
            if not path.name.startswith("."):
                yield path


def _newest(run: ListedRun) -> tuple[bool, str]:
    """An address begins with its time; what has none is older than all that has."""
    return not run.id.startswith("undated"), run.id


def _newest_of(machine: Machine) -> tuple[bool, str]:
    return max(map(_newest, machine.runs), default=(False, ""))
