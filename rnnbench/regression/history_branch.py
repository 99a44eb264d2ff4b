"""The history in a branch of a git repository, to which files are only added."""

import base64
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rnnbench.model.errors import RnnbenchError
from rnnbench.regression.history_merge import merge

# Another night may push in between; a server may be away for a moment.
_TRIES = 3
_PAUSE = 20.0
_NO_SUCH_BRANCH = 2


@dataclass(frozen=True, slots=True)
class HistoryBranch:
    """The branch of `remote`; with `token` for a server that asks for one."""

    remote: str
    branch: str = "history"
    token: str = ""
    pause: Callable[[float], object] = time.sleep

    def fetch(self, store: Path) -> int:
        """Add the files of the branch to `store`, and return how many were new."""
        with tempfile.TemporaryDirectory(prefix="rnnbench-") as folder:
            clone = Path(folder)
            if not self._clone(clone):
                return 0
            shutil.rmtree(clone / ".git")
            return len(merge(clone, store).copied)

    def push(self, store: Path, message: str) -> int:
        """Add the files of `store` to the branch, and return how many were new.

        Files are checked before they are added, and none is ever replaced.
        """
        if not store.is_dir():
            return 0
        for attempt in range(_TRIES):
            try:
                return self._push_once(store, message)
            except RnnbenchError:
                if attempt == _TRIES - 1:
                    raise
                self.pause(_PAUSE)
        raise AssertionError

    def _push_once(self, store: Path, message: str) -> int:
        with tempfile.TemporaryDirectory(prefix="rnnbench-") as folder:
            clone = Path(folder)
            if not self._clone(clone):
                self._git("init", "--quiet", f"--initial-branch={self.branch}", folder)
            added = merge(store, clone).copied
            if not added:
                return 0
            names = [str(path.relative_to(clone)) for path in added]
            here = ("-C", folder)
            self._git(*here, "add", "--", *names)
            who = ("-c", "user.name=rnnbench", "-c", "user.email=rnnbench@localhost")
            self._git(*here, *who, "commit", "--quiet", "--message", message)
            target = f"HEAD:refs/heads/{self.branch}"
            self._git(*here, "push", "--quiet", self.remote, target)
            return len(added)

    def _clone(self, folder: Path) -> bool:
        """A clone of the branch in `folder`; False if there is no such branch."""
        ref = f"refs/heads/{self.branch}"
        listed = self._run("ls-remote", "--exit-code", self.remote, ref)
        if listed.returncode == _NO_SUCH_BRANCH:
            return False
        options = ("--quiet", "--depth=1", "--single-branch", "--branch", self.branch)
        self._git("clone", *options, self.remote, str(folder))
        return True

    def _git(self, *arguments: str) -> None:
        done = self._run(*arguments)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise RnnbenchError(f"{self.remote}: {said[-1] if said else 'git failed'}")

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = ["git", *arguments]
        environment = {**os.environ, **self._credentials(), "GIT_TERMINAL_PROMPT": "0"}
        try:
            return subprocess.run(
                command, capture_output=True, text=True, env=environment, check=False
            )
        except OSError as error:
            raise RnnbenchError(f"git can't be run: {error.strerror}") from error

    def _credentials(self) -> Mapping[str, str]:
        """The token as a header for the remote's server: in no file and no argument."""
        if not self.token:
            return {}
        server = urlsplit(self.remote)
        basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{server.scheme}://{server.netloc}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {basic}",
        }
