"""What a site holds: its runs and machines, their addresses, its index.

An address comes of what a file holds, never of its name, its place or its age: the
address of a page stays whatever is added beside it.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from rnnbench.model.machine import machine_key, machine_parts
from rnnbench.model.run import Environment, Run, Status
from rnnbench.report.sections.answer import answer
from rnnbench.report.sentences import plain
from rnnbench.report.view import RunView

# 1: the first.
SCHEMA = 1

# What the site may write and remove, and no other file.
OWN_FILE = re.compile(
    r"(?:runs|machines|calibration)/[a-z0-9-]{1,60}/(?:index\.html|run\.json)"
)
_PLAIN = re.compile(r"[a-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A run as the index knows it. `machine`: an id; `counts`: cases by status.

    `results`: whether the results file is beside the page.
    """

    id: str
    created: str
    machine: str
    environment: Environment
    sweep: str
    question: str
    digest: str
    answer: str
    counts: tuple[tuple[str, int], ...]
    reference: bool
    results: bool

    @property
    def url(self) -> str:
        """Its page, from the root of the site."""
        return f"runs/{self.id}/index.html"


@dataclass(frozen=True, slots=True)
class Machine:
    """What is known of a machine: `parts` by name, its nights, and their changes."""

    id: str
    name: str
    parts: tuple[tuple[str, str], ...]
    runs: tuple[ListedRun, ...]
    nights: int
    changes: int

    @property
    def url(self) -> str:
        """Its page, from the root of the site."""
        return f"machines/{self.id}/index.html"


@dataclass(frozen=True, slots=True)
class Site:
    """All of it: machines with the newest run first. `unread`: a file, and why."""

    machines: tuple[Machine, ...]
    unread: tuple[tuple[str, str], ...]

    @property
    def runs(self) -> tuple[ListedRun, ...]:
        """Those of all machines."""
        return tuple(run for machine in self.machines for run in machine.runs)


def slug(text: str, most: int = 60) -> str:
    """`text` in letters, digits and dashes: it can be one name in a folder, no path."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain[:most].strip("-") or "x"


def machine_slug(key: str) -> str:
    """The key of a machine as a name in a folder; an odd one keeps its difference."""
    if _PLAIN.fullmatch(key):
        return key
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:12]
    return f"{slug(key, 40)}-{digest}"


def machine_id(environment: Environment) -> str:
    """The machine of a run, as the history tells machines apart."""
    return machine_slug(machine_key(machine_parts(environment)))


def machine_name(parts: Iterable[tuple[str, str]]) -> str:
    """What people call it."""
    known = dict(parts)
    return known.get("gpu") or known.get("cpu_model") or "a machine without a name"


def run_slug(run: Run, digest: str) -> str:
    """When, which sweep, where, and which file: at most 60 letters."""
    machine = machine_name(machine_parts(run.environment))
    words = (slug(run.sweep.name, 14), slug(machine, 16), digest[:10])
    return "-".join((_stamp(run.created), *words))


def listed(view: RunView, digest: str, *, reference: bool) -> ListedRun:
    """The entry of a run in the index."""
    run = view.run
    counts = Counter(result.status for result in run.results)
    return ListedRun(
        id=run_slug(run, digest),
        created=run.created,
        machine=machine_id(run.environment),
        environment=run.environment,
        sweep=run.sweep.name,
        question=run.sweep.question,
        digest=digest,
        answer=plain(answer(view).headline),
        counts=tuple((str(each), counts[each]) for each in Status if counts[each]),
        reference=reference,
        results=False,
    )


def document(site: Site, files: Iterable[str]) -> str:
    """The index for programs, strict JSON; `files` are those that the site made."""
    whole = {
        "schema": SCHEMA,
        "runs": [_run(run) for run in site.runs],
        "machines": [
            {
                "id": machine.id,
                "name": machine.name,
                "url": machine.url,
                "parts": dict(machine.parts),
                "runs": [run.id for run in machine.runs],
                "nights": machine.nights,
                "changes": machine.changes,
            }
            for machine in site.machines
        ],
        "unread": [{"file": file, "reason": reason} for file, reason in site.unread],
        "files": sorted(files),
    }
    return json.dumps(whole, allow_nan=False, indent=1) + "\n"


def made_before(text: str) -> tuple[str, ...] | None:
    """The files that an index names as the site's; None where it is no index of ours.

    A name that the site would never give is left out: what an index says is no order.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(whole, dict) or type(whole.get("schema")) is not int:
        return None
    files = whole.get("files")
    if not isinstance(files, list):
        return None
    return tuple(
        name for name in files if isinstance(name, str) and OWN_FILE.fullmatch(name)
    )


def _run(run: ListedRun) -> dict[str, object]:
    return {
        "id": run.id,
        "created": run.created,
        "machine": run.machine,
        "sweep": run.sweep,
        "question": run.question,
        "digest": run.digest,
        "reference": run.reference,
        "url": run.url,
        "results": f"runs/{run.id}/run.json" if run.results else None,
        "counts": dict(run.counts),
        "answer": run.answer,
    }


def _stamp(created: str) -> str:
    try:
        moment = datetime.fromisoformat(created)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return f"{moment.astimezone(UTC):%Y%m%dt%H%M%Sz}"
    except (ValueError, OverflowError):
        return "undated"
