"""index.json: the site for programs, and the pages that the next build can keep."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from rnnbench.model.codec import reader, typed
from rnnbench.report.site import addresses
from rnnbench.report.site.entries import (
    ListedRun,
    Machine,
    MachineNights,
    Site,
    Unread,
)

# 1: the first. 2: pages with their digests, so that unchanged ones are kept.
SCHEMA = 2

# The code that decides what is in a page; a change of it makes every page again.
_FOLDERS = ("analysis", "model", "regression", "report", "storage")
_LIBRARIES = ("jinja2", "scipy")


@dataclass(frozen=True, slots=True)
class Previous:
    """The site as the last build left it.

    `files`: sha256 of each page by its address. `is_usable`: whether today's code
    wrote them; if not, `runs` and `nights` are empty and every page is made again.
    `history`: the digest of the history that `nights` are of.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[str, ListedRun] = field(default_factory=dict)
    nights: Mapping[str, MachineNights] = field(default_factory=dict)
    unread_history: tuple[Unread, ...] = ()
    history: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


@cache
def code_digest() -> str:
    """A digest of the code and of the libraries that pages depend on."""
    digest = hashlib.sha256()
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    for folder in _FOLDERS:
        for name, file in sorted(_files(files("rnnbench") / folder, folder)):
            digest.update(f"{name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Traversable, name: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for each in folder.iterdir():
        path = f"{name}/{each.name}"
        if each.is_file() and not each.name.endswith(".pyc"):
            found.append((path, each))
        elif each.is_dir() and not each.name.startswith("__"):
            found += _files(each, path)
    return found


def encode(site: Site, left: Previous) -> bytes:
    """The index as strict JSON. `left`: what this build leaves for the next."""
    whole = {
        "schema": SCHEMA,
        "code": code_digest(),
        "runs": [_run(run) for run in site.runs],
        "machines": [_machine(machine) for machine in site.machines],
        "unread": [asdict(each) for each in site.unread],
        "history": left.history,
        "unread_history": [asdict(each) for each in left.unread_history],
        "keys": dict(sorted(left.keys.items())),
        "files": dict(sorted(left.files.items())),
    }
    return (json.dumps(whole, allow_nan=False, indent=1) + "\n").encode()


def decode(text: str) -> Previous | None:
    """The state that the last build left; None if the text is not a site's index.

    Names that the site would never give are left out: what an index names may be
    removed.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(whole, dict) or type(whole.get("schema")) is not int:
        return None
    named = whole.get("files")
    if not isinstance(named, dict | list):
        return None
    files_ = {
        name: str(named[name]) if isinstance(named, dict) else ""
        for name in named
        if isinstance(name, str) and addresses.OWN_FILE.fullmatch(name)
    }
    if whole["schema"] != SCHEMA or whole.get("code") != code_digest():
        return Previous(files_)
    try:
        return _decoded(whole, files_)
    except ValueError:
        return Previous(files_)


def _decoded(whole: Mapping[str, Any], files_: Mapping[str, str]) -> Previous:
    runs = [_without(each, "url", "answer") for each in typed(list, whole.get("runs"))]
    machines = typed(list, whole.get("machines"))
    nights = {
        reader(str)(typed(dict, each).get("id")): reader(MachineNights)(
            each.get("nights")
        )
        for each in machines
    }
    listed = [reader(ListedRun)(each) for each in runs]
    return Previous(
        files=files_,
        runs={run.digest: run for run in listed},
        nights=nights,
        unread_history=reader(tuple[Unread, ...])(whole.get("unread_history")),
        history=reader(str)(whole.get("history")),
        keys=reader(Mapping[str, str])(whole.get("keys")),
    )


def _without(value: Any, *names: str) -> dict[str, Any]:
    return {
        name: each for name, each in typed(dict, value).items() if name not in names
    }


def _run(run: ListedRun) -> dict[str, Any]:
    """Besides the data for the next build: the address of the page, and plain words."""
    return {
        **asdict(run),
        "url": addresses.run_page(run.id),
        "answer": "".join(phrase.text for phrase in run.headline),
    }


def _machine(machine: Machine) -> dict[str, Any]:
    return {
        "id": machine.id,
        "name": machine.name,
        "traits": machine.traits,
        "torch": machine.torch,
        "url": addresses.machine_page(machine.id),
        "badge": addresses.machine_badge(machine.id),
        "parts": dict(machine.parts),
        "best": machine.best.id if machine.best else None,
        "runs": [run.id for run in machine.runs],
        "nights": asdict(machine.nights),
    }
