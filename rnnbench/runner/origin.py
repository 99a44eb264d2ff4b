"""Where a run comes from, for its record: the command, and the project's commit."""

import subprocess
from pathlib import Path
from typing import Any

# Git answers in milliseconds, unless its folder is on a disk that does not.
_SECONDS = 10.0


def origin(command: str) -> dict[str, Any]:
    """The fields of `MeasureOptions` that only record where a run comes from.

    `command`: what the user typed. The project is that of the working directory.
    """
    return {"command": command, "commit": project_commit(Path())}


def project_commit(folder: Path) -> str | None:
    """Hash of the checked-out commit of the git repository that `folder` is in.

    None where there is no repository, no commit, or no git. A nightly history names
    the commits between which a ratio changed.

    >>> project_commit(Path("/")) is None
    True

    """
    command = ["git", "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() or None
