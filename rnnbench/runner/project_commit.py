"""The commit of the project that a run measures, for its record."""

import subprocess
from pathlib import Path

_SECONDS = 10.0


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
