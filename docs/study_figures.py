"""Tables that a study wrote to results/reference/STUDY/tables.md."""

from markdown_tables import rows_of
from run_figures import REFERENCE
from runtime_figures import NotCommittedError


def table(study: str, number: str) -> str:
    """The table of a study with that number, of those that it wrote: 1 is the first."""
    return _text(study).strip().split("\n\n")[int(number) - 1]


def host_coverage(launches: str, hosts: str) -> str:
    """Share of simulated intervals that contain the mean of all hosts of a kind."""
    text = _text("fleet/host-effect")
    for row in rows_of(text, ("launches", "hosts")):
        if (row["launches"], row["hosts"]) == (launches, hosts):
            return f"{row['mean of the kind, %']} %"
    raise LookupError(f"no {launches} launches on {hosts} hosts in the table")


def _text(study: str) -> str:
    path = REFERENCE / study / "tables.md"
    if not path.exists():
        raise NotCommittedError(f"no results/reference/{study}/tables.md is committed")
    return path.read_text(encoding="utf-8")
