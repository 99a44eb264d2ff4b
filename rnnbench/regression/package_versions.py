"""The versions of a package in an index or a folder, each in an environment."""

import hashlib
import importlib.metadata
import re
import shutil
import site
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from rnnbench.model.errors import RnnbenchError
from rnnbench.regression.version_source import WorkerPlace, fresh_folder

# What a worker needs beside torch.
_WORKER_NEEDS = ("numpy",)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageVersions:
    """The versions of `package`, with their environments in `cache`.

    An environment of torch holds torch and numpy alone. One of any other package adds
    the package to what this interpreter has, torch included.
    """

    cache: Path
    package: str = "torch"
    index: str = ""
    find_links: str = ""

    def __post_init__(self) -> None:
        """Refuse what pip could take for an option or for an address."""
        if not _NAME.fullmatch(self.package):
            raise RnnbenchError(f"{self.package}: not the name of a package")

    def between(self, good: str, bad: str) -> tuple[str, ...]:
        """The released versions from `good` to `bad`, in that direction."""
        first, last = _version(good), _version(bad)
        known = self._listed()
        for given in (first, last):
            if given not in known:
                raise RnnbenchError(self._missing(given, known))
        low, high = sorted((first, last))
        kept = sorted(
            one
            for one in known
            if low <= one <= high and (one in (low, high) or not one.is_prerelease)
        )
        if len(kept) < 2:
            raise RnnbenchError(
                f"{self.package} {first}: the range has no other version"
            )
        return tuple(map(str, kept if first < last else reversed(kept)))

    def place(self, version: str) -> WorkerPlace:
        """The environment with that version, installed at its first use."""
        folder = self.cache / "environments" / self._folder(version)
        python = folder / "bin" / "python"
        with fresh_folder(folder) as is_new:
            if is_new:
                _make_environment(folder, "--without-pip")
                self._install(folder, python, version)
        found = sorted(folder.glob("lib/python*/site-packages"))
        # Before the current folder, which may hold another version of a package.
        return WorkerPlace(str(python), tuple(map(str, found)))

    def name(self, version: str) -> str:
        """The package and its version."""
        return f"{self.package} {version}"

    def _install(self, folder: Path, python: Path, version: str) -> None:
        wanted = [f"{self.package}=={version}"]
        if self.package == "torch":
            wanted += _WORKER_NEEDS
            # uv finds PyTorch's CPU build by UV_TORCH_BACKEND.
            if uv := shutil.which("uv"):
                command = [uv, "pip", "install", "--quiet", "--python", str(python)]
                _run([*command, *self._options(), *wanted], self.name(version))
                return
        else:
            _add_packages_of_this_interpreter(folder)
        command = [*self._pip(), "--python", str(python), "install", "--quiet"]
        _run([*command, *self._options(), *wanted], self.name(version))

    def _listed(self) -> set[Version]:
        """The versions that pip can install here."""
        command = [*self._pip(), "index", "versions", "--pre", self.package]
        shown = _run([*command, *self._options()], self.package)
        (line,) = re.findall(r"^Available versions: (.*)$", shown, re.MULTILINE) or [""]
        # Builds of one version (2.13.0, 2.13.0+cpu) are one version here.
        return {
            _version(Version(each).public) for each in filter(None, line.split(", "))
        }

    def _missing(self, given: Version, known: Iterable[Version]) -> str:
        near = sorted(known, key=lambda one: (one.major, one.minor), reverse=True)
        shown = ", ".join(map(str, near[:8])) or "none"
        return f"{self.package} {given}: no such version here; there are {shown}"

    def _pip(self) -> list[str]:
        """Pip of this interpreter or, where it has none, of an environment for it."""
        try:
            importlib.metadata.distribution("pip")
        except importlib.metadata.PackageNotFoundError:
            pass
        else:
            return [sys.executable, "-m", "pip"]
        folder = self.cache / "pip"
        with fresh_folder(folder) as is_new:
            if is_new:
                _make_environment(folder)
        return [str(folder / "bin" / "python"), "-m", "pip"]

    def _options(self) -> list[str]:
        options = ["--index-url", self.index] if self.index else []
        if self.find_links:
            folder = Path(self.find_links)
            links = str(folder.resolve()) if folder.exists() else self.find_links
            options += ["--find-links", links]
            options += [] if self.index else ["--no-index"]
        return options

    def _folder(self, version: str) -> str:
        origin = (self.index, self.find_links, sys.executable, sys.version)
        digest = hashlib.sha256("\n".join(origin).encode()).hexdigest()[:10]
        return f"{self.package}-{version}-{digest}"


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion as error:
        raise RnnbenchError(f"{text}: not a version") from error


def _make_environment(folder: Path, *options: str) -> None:
    _run([sys.executable, "-m", "venv", *options, str(folder)], "python -m venv")


def _add_packages_of_this_interpreter(folder: Path) -> None:
    """Let the environment in `folder` see the packages that this interpreter has."""
    lines = [
        f"import site; site.addsitedir({each!r})" for each in site.getsitepackages()
    ]
    for packages in folder.glob("lib/python*/site-packages"):
        (packages / "rnnbench-base.pth").write_text("\n".join(lines) + "\n", "utf-8")


def _run(command: list[str], subject: str) -> str:
    """The standard output of a command; RnnbenchError with its last error line."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise RnnbenchError(f"{command[0]}: can't be run: {error.strerror}") from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR: ")] or said
        why = errors[-1].removeprefix("ERROR: ") if errors else "failed"
        raise RnnbenchError(f"{subject}: {why}")
    return done.stdout
