"""The commits of a git repository that holds a layer, each with its files."""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from rnnbench.model.errors import RnnbenchError
from rnnbench.regression.version_source import WorkerPlace, fresh_folder


@dataclass(frozen=True, slots=True)
class LayerCommits:
    """The commits of `repository` along the first parents, with files in `cache`.

    The repository is only read: a commit's files are exported, not checked out.
    """

    repository: Path
    cache: Path
    python: str

    def between(self, good: str, bad: str) -> tuple[str, ...]:
        """`good` and every commit after it up to `bad`, oldest first."""
        first, last = self.commit(good), self.commit(bad)
        listed = self._git(
            "rev-list", "--reverse", "--first-parent", f"{first}..{last}"
        )
        later = listed.decode().split()
        parent = f"{later[0]}^" if later else last
        if not later or self.commit(parent) != first:
            raise RnnbenchError(
                f"{self.repository}: {good} is not an earlier commit of {bad} along "
                "its first parents"
            )
        return (first, *later)

    def commit(self, ref: str) -> str:
        """The full hash of a branch, a tag or a commit."""
        # A ref that begins with a dash would be an option.
        found = self._git(
            "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}"
        )
        return found.decode().strip()

    def place(self, commit: str) -> WorkerPlace:
        """Workers that import layers of the commit: from its root, or from src/."""
        folder = self.cache / "commits" / commit
        with fresh_folder(folder) as is_new:
            if is_new:
                archive = self._git("archive", "--format=tar", commit)
                with tarfile.open(fileobj=io.BytesIO(archive)) as files:
                    files.extractall(folder, filter="data")
        return WorkerPlace(self.python, (str(folder), str(folder / "src")))

    def name(self, commit: str) -> str:
        """The short hash and the subject, for people."""
        return self._git("log", "-1", "--format=%h %s", commit).decode().strip()

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "-C", str(self.repository), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError as error:
            raise RnnbenchError(f"git can't be run: {error.strerror}") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise RnnbenchError(
                f"{self.repository}: {said[-1] if said else 'git failed'}"
            )
        return done.stdout
