"""A file of JSON lines that only grows: what is in it no crash takes back.

Its first line is a header that says what the others belong to. One process at a time
holds it, so that two runs never mix what they measured.
"""

import fcntl
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from rnnbench.model.errors import ResultsError


@dataclass(slots=True)
class AppendOnly:
    """The file as it is held. Use `hold`."""

    path: Path
    _descriptor: int | None = None

    @classmethod
    def hold(
        cls,
        path: Path,
        opening: Sequence[Mapping[str, Any]],
        apply: Callable[[dict[str, Any]], None],
        *,
        resume: bool,
        otherwise: str,
    ) -> Self:
        """Go on with what `path` has, or set that aside under a dated name.

        `opening`: the header, and the entries that a new file begins with. `apply` is
        told of each entry that is there. ResultsError where it can't be read, another
        process holds it, or its header is another: `otherwise` says what to do then.
        """
        held = cls(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held._take()
            if not resume and held._size:
                stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
                path.rename(path.with_name(f"{path.name}.{stamp}"))
                held.release()
                held._take()
            held._read(opening[0], apply, otherwise)
            if not held._size:
                held.append(*opening)
                held._read(opening[0], apply, otherwise)
        except OSError as error:
            held.release()
            raise ResultsError(f"{path}: journal: {error.strerror}") from error
        except ResultsError:
            held.release()
            raise
        return held

    def append(self, *entries: Mapping[str, Any]) -> None:
        """Add a line of each; they are on the disk when this returns."""
        if self._descriptor is None:
            raise ResultsError(f"{self.path}: journal: it is closed")
        lines = (
            json.dumps(entry, allow_nan=False, separators=(",", ":")) + "\n"
            for entry in entries
        )
        rest = "".join(lines).encode()
        try:
            # One write of whole lines, so that a torn line can only be the last. On a
            # full disk it takes a part of it, and only the next one says why.
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise ResultsError(f"{self.path}: journal: {error.strerror}") from error

    def release(self) -> None:
        """Leave the file where it is, to whoever is next."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def _size(self) -> int:
        assert self._descriptor is not None  # noqa: S101 - asked while it is held
        return os.fstat(self._descriptor).st_size

    def _take(self) -> None:
        """Open and lock it; the system unlocks it when the process ends, however."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        self._descriptor = os.open(self.path, flags, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResultsError(
                f"{self.path}: journal: another run is measuring into it: wait until "
                "that has ended, or write elsewhere"
            ) from None

    def _read(
        self,
        header: Mapping[str, Any],
        apply: Callable[[dict[str, Any]], None],
        otherwise: str,
    ) -> None:
        """Take in every whole line; cut off a last one that a crash left torn."""
        whole, _, torn = self.path.read_bytes().rpartition(b"\n")
        lines = whole.splitlines()
        for number, line in enumerate(lines, start=1):
            data = _object(f"{self.path}:{number}", line)
            if number == 1:
                self._require(header, data, otherwise)
                continue
            try:
                apply(data)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                where = f"{self.path}:{number}"
                raise ResultsError(f"{where}: not an entry: {error}") from error
        if torn:
            os.truncate(self.path, len(whole) + bool(lines))

    def _require(
        self, header: Mapping[str, Any], found: Mapping[str, Any], otherwise: str
    ) -> None:
        for name, value in header.items():
            if found.get(name) != value:
                was = f"its {name} is {found.get(name)!r}, this run's is {value!r}"
                raise ResultsError(f"{self.path}: {was}: {otherwise}")


def _object(where: str, line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{where}: {error}") from error
    if not isinstance(data, dict):
        raise ResultsError(f"{where}: not an object")
    return data
