"""The pages of a site beside those of its runs, and the way between them."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

from rnnbench.model.formatting import counted
from rnnbench.report.content import (
    Block,
    Cell,
    Column,
    Page,
    Section,
    Table,
    Text,
    Tone,
)
from rnnbench.report.site.catalogue import ListedRun, Machine, Site

_ROOT = "../../"
_EMPTY = (
    "There is no run here yet. Measure one with 'pytest bench/ --rnn-sweep "
    "configs/quick.yaml --benchmark-json=results/latest.json', then build this site "
    "again with 'rnnbench site results/ reports/'."
)


def index_page(site: Site) -> Page:
    """The entrance: runs by machine, machines, what could not be read."""
    names = [machine.name for machine in site.machines]
    runs: list[Block] = [
        _runs(
            # Each table has a name of its own.
            machine.name if names.count(machine.name) == 1 else machine.id,
            machine.runs,
            "",
        )
        for machine in site.machines
        if machine.runs
    ]
    sections = [Section("runs", "Runs", tuple(runs or [Text(_EMPTY)]))]
    if site.machines:
        sections.append(
            Section("machines", "Machines", (_machines(site.machines),)),
        )
    if site.unread:
        sections.append(Section("unread", "Not read", (_unread(site.unread),)))
    sections.append(
        Section(
            "data", "For programs", (_links([("The index as JSON", "index.json")]),)
        )
    )
    count = len(site.runs)
    return Page(
        title="rnnbench: GRU or LSTM?",
        subtitle=(
            "What choosing one recurrent layer of torch.nn over another costs: "
            f"{counted(count, 'run')} of {counted(len(site.machines), 'machine')}, the "
            "newest first."
        ),
        sections=tuple(sections),
    )


def run_links(run: ListedRun) -> tuple[tuple[str, str], ...]:
    """The way from the page of a run to the rest of the site."""
    machine = f"{_ROOT}machines/{run.machine}/index.html"
    return ("All runs", f"{_ROOT}index.html"), ("This machine", machine)


def machine_page(machine: Machine, nights: Sequence[Section]) -> Page:
    """Runs of a machine, what its nights say, and what it is."""
    sections: list[Section] = []
    if machine.runs:
        table = _runs("Runs, the newest first", machine.runs, _ROOT)
        sections.append(Section("runs", "Runs", (table,)))
    sections += nights
    sections.append(Section("machine", "The machine", tuple(_facts(machine))))
    ways = _links([("All runs", f"{_ROOT}index.html")])
    sections.append(Section("site", "Beside this page", (ways,)))
    return Page(
        title=f"rnnbench: {machine.name}",
        subtitle=(
            f"{counted(len(machine.runs), 'run')}, {counted(machine.nights, 'night')} "
            f"in the history, {counted(machine.changes, 'change')} found. {machine.id}"
        ),
        sections=tuple(sections),
    )


def _runs(title: str, runs: Iterable[ListedRun], root: str) -> Table:
    return Table(
        title,
        tuple(map(Column, ("run", "answer", "cases"))),
        tuple(
            (
                Cell(
                    run.created[:16].replace("T", " "),
                    note=f"{run.sweep}, reference run" if run.reference else run.sweep,
                    link=f"{root}{run.url}",
                ),
                # A narrow screen shows the answer beside the link.
                Cell(run.answer, note=run.question),
                _counts(run),
            )
            for run in runs
        ),
    )


def _counts(run: ListedRun) -> Cell:
    whole = sum(count for _, count in run.counts)
    ends = [f"{count} {name.replace('_', ' ')}" for name, count in run.counts]
    bad = dict(run.counts).keys() & {"error", "timeout", "out_of_memory", "killed"}
    return Cell(
        counted(whole, "case"), Tone.BAD if bad else Tone.PLAIN, ", ".join(ends)
    )


def _machines(machines: Iterable[Machine]) -> Table:
    return Table(
        "What is known of each machine",
        (
            Column("machine"),
            Column("runs", number=True),
            Column("nights", number=True),
            Column("changes", number=True),
        ),
        tuple(
            (
                Cell(machine.name, note=machine.id, link=machine.url),
                Cell(str(len(machine.runs))),
                Cell(str(machine.nights)),
                Cell(str(machine.changes)),
            )
            for machine in machines
        ),
    )


def _unread(unread: Iterable[tuple[str, str]]) -> Table:
    return Table(
        "Files that could not be read, and why",
        (Column("file"), Column("reason")),
        tuple((Cell(file), Cell(reason, Tone.BAD)) for file, reason in unread),
    )


def _facts(machine: Machine) -> Iterable[Block]:
    yield _pairs("What the history tells machines apart by", machine.parts)
    if machine.runs:
        environment = machine.runs[0].environment
        values = [
            (field.name.replace("_", " "), getattr(environment, field.name))
            for field in fields(environment)
        ]
        known = [(name, str(value)) for name, value in values if value is not None]
        yield _pairs("As the newest run found it", known)


def _pairs(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    return Table(
        title,
        (Column("what"), Column("value")),
        tuple((Cell(name.replace("_", " ")), Cell(value)) for name, value in rows),
    )


def _links(ways: Iterable[tuple[str, str]]) -> Table:
    return Table(
        "Pages and files",
        (Column("where to"), Column("address")),
        tuple((Cell(text, link=url), Cell(url)) for text, url in ways),
    )
