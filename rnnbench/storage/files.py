"""Files that are read within limits, and written as a whole or not at all."""

import errno
import json
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rnnbench.model.errors import ResultsError

# Of a JSON file. A value takes up to 120 bytes of memory (a dict of one item counts as
# two), so that reading takes about 1 GB at most, whatever the file holds.
MOST_VALUES = 10_000_000


def read_limited(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file of at most `most_bytes`.

    OSError where it can't be read; ValueError where it is longer, or no regular file: a
    FIFO would block, a device may never end.
    """
    # Without O_NONBLOCK the call waits for somebody to open the other end of a FIFO.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"larger than {most_bytes:,} bytes")
    return content


def read_json(path: Path, most_bytes: int) -> Any:
    """The JSON in a regular file of at most `most_bytes`.

    OSError, ValueError or RecursionError where it can't be read as strict JSON: NaN and
    infinity are refused. So are more than MOST_VALUES values.
    """
    content = read_limited(path, most_bytes)
    # Commas and brackets within texts count, too: there are few.
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES:,} values")
    return json.loads(content, parse_constant=_refuse_constant)


def reason_of(error: BaseException) -> str:
    """Why a file could not be read or written: one line, without the file's name."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error}"
    return " ".join(str(error).split())[:300]


def write_whole(
    path: Path, content: bytes, check: Callable[[Path], object] = lambda _: None
) -> None:
    """Put `content` at `path`, or raise and leave what was there.

    `check` reads the file before it is moved into place, and may raise. The file and
    its name are on the disk when this returns. OSError where the system refuses.
    """
    aside = _aside(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with aside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        check(aside)
        aside.replace(path)
    finally:
        # After the move there is nothing to remove; an error here must not hide the
        # first one.
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def require_writable(path: Path) -> None:
    """ResultsError if no file can be put at `path`; asked before a long measurement.

    Folders that this makes to find out are removed again.
    """
    made = [folder for folder in path.parents if not os.path.lexists(folder)]
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = _aside(path)
        try:
            # A full disk has room for a name, but not for a block.
            aside.write_bytes(bytes(4096))
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{path}: can't be written: {error.strerror}") from error
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def _aside(path: Path) -> Path:
    """A name beside `path`; two writers at once do not write into one file."""
    return path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")


def sync_folder(folder: Path) -> None:
    """Write the names of a folder to the disk, so that a rename survives power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Put `text` at `path` as `write_whole` does; ResultsError where it can't."""
    # Half of a pair of UTF-16, which JSON can hold, becomes a question mark.
    write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: Path, content: bytes) -> None:
    """Put `content` at `path` as `write_whole` does; ResultsError where it can't."""
    try:
        write_whole(path, content)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: can't be written: {reason_of(error)}") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")
