"""The worker's announcements, found again in what it printed: see `protocol`."""

import re

# A line of its own even where a foreign layer printed half a line before it.
_ANNOUNCED = re.compile(rb"^rnnbench-at ([a-z]+) (\d+)$\n?", re.MULTILINE)


def last_announced(text: bytes) -> tuple[str, int] | None:
    """The stage and the member that a worker last announced; None if it never did."""
    found = _ANNOUNCED.findall(text)
    return (found[-1][0].decode(), int(found[-1][1])) if found else None


def without_announcements(text: bytes) -> str:
    """What else was printed, for the reason of a death."""
    return _ANNOUNCED.sub(b"", text).decode(errors="replace").strip()
