"""Addresses of the site's pages, which depend only on the content of files.

Neither its name, its place nor its age: the address of a page stays the same whatever
is added beside it.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from rnnbench.model.machine import machine_key, machine_parts
from rnnbench.model.run import Environment, Run

INDEX = "index.html"
INDEX_DATA = "index.json"
COMPARE = "compare/index.html"
FEED = "feed.xml"
BADGE = "badge.json"

# Everything that the site may write and remove, except index.json.
OWN_FILE = re.compile(
    r"(?:runs|machines|calibration)/[a-z0-9-]{1,60}/"
    r"(?:index\.html|run\.json|summary\.json|badge\.json)"
    r"|(?:compare/)?index\.html|feed\.xml|badge\.json"
)
_PLAIN = re.compile(r"[a-z0-9-]{1,60}")


def run_page(run: str) -> str:
    """The page of a run, from the root of the site."""
    return f"runs/{run}/index.html"


def run_results(run: str) -> str:
    """The copy of its results file."""
    return f"runs/{run}/run.json"


def run_summary(run: str) -> str:
    """Its ratios and times, for the page that compares runs and for programs."""
    return f"runs/{run}/summary.json"


def machine_page(machine: str) -> str:
    """The page of a machine."""
    return f"machines/{machine}/index.html"


def machine_badge(machine: str) -> str:
    """The badge of a machine: shields.io's endpoint schema."""
    return f"machines/{machine}/badge.json"


def slug(text: str, most: int = 60) -> str:
    """`text` in letters, digits and dashes: a name in a folder, never a path."""
    words = re.sub(r"[^a-z0-9]+", "-", text[: 4 * most].lower()).strip("-")
    return words[:most].strip("-") or "x"


def machine_slug(key: str) -> str:
    """The key of a machine as a name in a folder; odd keys stay different."""
    if _PLAIN.fullmatch(key):
        return key
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:12]
    return f"{slug(key, 40)}-{digest}"


def machine_id(environment: Environment) -> str:
    """The machine of a run, identified in the same way as in the history."""
    return machine_slug(machine_key(machine_parts(environment)))


def name_of_machine(parts: Iterable[tuple[str, str]]) -> str:
    """The name of a machine for people."""
    known = dict(parts)
    return known.get("gpu") or known.get("cpu_model") or "a machine without a name"


def run_id(run: Run, digest: str) -> str:
    """When, which sweep, where, and which file: at most 60 characters."""
    machine = name_of_machine(machine_parts(run.environment))
    words = (slug(run.sweep.name, 14), slug(machine, 16), digest[:10])
    return "-".join((_stamp(run.created), *words))


def _stamp(created: str) -> str:
    try:
        moment = datetime.fromisoformat(created)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return f"{moment.astimezone(UTC):%Y%m%dt%H%M%Sz}"
    except (ValueError, OverflowError):
        return "undated"
