"""The nights of a site's machines, read again only if history or code changed."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from rnnbench.regression import history_store
from rnnbench.regression.history_store import History
from rnnbench.report.site import addresses
from rnnbench.report.site.entries import MachineNights, Unread
from rnnbench.report.site.index_file import Previous
from rnnbench.report.site.trends import FollowedSeries, followed_series, nights_of


class SiteHistory:
    """The nights of each machine. `key`: a digest of what the history holds."""

    def __init__(self, results: Path, previous: Previous) -> None:
        """List the files of the history."""
        self._store = results / "history"
        self._results = results
        self._previous = previous
        self.key = _digest_of(self._store) if self._store.is_dir() else ""
        self._is_known = self.key == previous.history

    @property
    def nights(self) -> Mapping[str, MachineNights]:
        """The summary of each machine's nights for the index, by the machine's id."""
        if self._is_known:
            known = self._previous.nights
            return {machine: own for machine, own in known.items() if own.nights}
        parts = {
            addresses.machine_slug(entry.machine): entry.parts
            for entry in self.loaded.entries
        }
        return {
            machine: nights_of(self.loaded, parts[machine], own)
            for machine, own in self.followed.items()
        }

    @property
    def unread(self) -> tuple[Unread, ...]:
        """Files of the history that could not be read."""
        if self._is_known:
            return self._previous.unread_history
        found = []
        for line in self.loaded.skipped:
            name, _, reason = line.removeprefix(f"{self._results}/").partition(": ")
            found.append(Unread(name, reason))
        return tuple(found)

    @cached_property
    def loaded(self) -> History:
        """All that the history holds."""
        if not self.key:
            return history_store.empty()
        return history_store.load(self._store)

    @cached_property
    def followed(self) -> Mapping[str, tuple[FollowedSeries, ...]]:
        """The series of each machine, by the machine's id."""
        found = followed_series(self.loaded)
        return {addresses.machine_slug(key): own for key, own in found.items()}


def _digest_of(store: Path) -> str:
    """A digest of what the history holds; empty where there is none.

    The name of each file of it contains the digest of its content.
    """
    names = sorted(
        path.relative_to(store).as_posix()
        for path in store.rglob("*")
        if not path.name.startswith(".") and not path.is_dir()
    )
    return hashlib.sha256("\n".join(names).encode()).hexdigest() if names else ""
