"""A file of JSON lines that only grows: what is in it survives any crash.

Its first line is a header that says what the other lines belong to. One process at a
time holds it, so that two runs never mix what they measured.
"""

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from rnnbench.model.codec import fields_of
from rnnbench.model.errors import ResultsError
from rnnbench.storage.files import reason_of

Entry = Mapping[str, Any]


@dataclass(slots=True)
class AppendOnly:
    """The file while it is held. Use `hold`."""

    path: Path
    _descriptor: int | None = None

    @classmethod
    def hold(
        cls,
        path: Path,
        opening: Iterable[Entry],
        apply: Callable[[dict[str, Any]], None],
        *,
        resume: bool,
        otherwise: str,
    ) -> Self:
        """Continue the file at `path`, or rename it to a dated name and start another.

        `opening`: the header, then the entries that a new file begins with. `apply` is
        called with each entry that is there. ResultsError where it can't be read,
        another process holds it, or its header is another: `otherwise` says what to do
        then.
        """
        header, *first = opening
        held = cls(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held._take()
            if not resume and held._size:
                stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
                path.rename(path.with_name(f"{path.name}.{stamp}"))
                held.release()
                held._take()
            held._read(header, apply, otherwise)
            if not held._size:
                held.append(header, *first)
                held._read(header, apply, otherwise)
        except OSError as error:
            held.release()
            raise ResultsError(f"{path}: journal: {error.strerror}") from error
        except ResultsError:
            held.release()
            raise
        return held

    def append(self, *entries: Entry) -> None:
        """Add a line for each entry; they are on the disk when this returns.

        Values may be dataclasses, whose fields are written.
        """
        if self._descriptor is None:
            raise ResultsError(f"{self.path}: journal: it is closed")
        left = "".join(f"{_encode(entry)}\n" for entry in entries).encode()
        try:
            # One write of whole lines, so that only the last line can be incomplete. A
            # full disk takes a part of it, and only the next write says why.
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise ResultsError(f"{self.path}: journal: {error.strerror}") from error

    def release(self) -> None:
        """Close the file and leave it where it is; another process can hold it now."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def _size(self) -> int:
        assert self._descriptor is not None  # noqa: S101 - asked while it is held
        return os.fstat(self._descriptor).st_size

    def _take(self) -> None:
        """Open and lock it; the system unlocks it when the process ends, however."""
        # O_NONBLOCK: a FIFO is an error, and not a wait for its reader.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        self._descriptor = os.open(self.path, flags, 0o644)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise ResultsError(f"{self.path}: journal: not a regular file")
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResultsError(
                f"{self.path}: journal: another run is measuring into it: wait until "
                "that has ended, or write elsewhere"
            ) from None

    def _read(
        self, header: Entry, apply: Callable[[dict[str, Any]], None], otherwise: str
    ) -> None:
        """Apply every whole line; cut off a last one that a crash left incomplete."""
        whole, _, torn = self.path.read_bytes().rpartition(b"\n")
        lines = whole.split(b"\n") if whole else []
        for number, line in enumerate(lines, start=1):
            where = f"{self.path}:{number}"
            data = _object(where, line)
            if number == 1:
                self._require(header, data, otherwise)
                continue
            try:
                apply(data)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise ResultsError(
                    f"{where}: not an entry: {reason_of(error)}"
                ) from error
        if torn:
            os.truncate(self.path, len(whole) + bool(lines))

    def _require(self, header: Entry, found: Entry, otherwise: str) -> None:
        for name, value in header.items():
            if found.get(name) != value:
                # A damaged header may hold anything, at any length.
                was = f"its {name} is {repr(found.get(name))[:200]}"
                was += f", this run's is {value!r}"
                raise ResultsError(f"{self.path}: {was}: {otherwise}")


class HoldsFile:
    """A journal over an AppendOnly file: it is closed where its `with` block ends.

    A journal without a file keeps its entries in memory alone.
    """

    __slots__ = ()
    _file: AppendOnly | None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and leave it where it is, for a later run to continue."""
        if self._file is not None:
            self._file.release()

    def write(self, *entries: Entry) -> None:
        """Append `entries`; they are on the disk when this returns."""
        if self._file is not None and entries:
            self._file.append(*entries)


# Making one takes as long as encoding a short entry.
_encode = json.JSONEncoder(
    allow_nan=False, separators=(",", ":"), default=fields_of
).encode


def _object(where: str, line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{where}: {error}") from error
    if not isinstance(data, dict):
        raise ResultsError(f"{where}: not an object")
    return data
