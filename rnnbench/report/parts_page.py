"""The pages of a run: one, or an overview and a page for each part of a large run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rnnbench.analysis.labels import machine_name
from rnnbench.model.formatting import counted
from rnnbench.model.metric import TIME
from rnnbench.model.status import FAILED
from rnnbench.report.content import Cell, Column, Table, Tone
from rnnbench.report.html import render_template
from rnnbench.report.run_page import Surroundings, render_page
from rnnbench.report.run_parts import RunPart, run_parts
from rnnbench.report.sections.answer import answer
from rnnbench.report.sections.forests import main_forest
from rnnbench.report.sections.lead import factor_of
from rnnbench.report.sections.outcomes import usual_of
from rnnbench.report.sentences import plain
from rnnbench.report.site.addresses import slug
from rnnbench.report.site.shared_parts import site_style
from rnnbench.report.view import RunView, view
from rnnbench.storage.files import write_text

# A page of so many cases weighs 1 MB and answers a click in a quarter of a second.
MOST_CASES = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """A file of a report: its place beside the first one, and its text."""

    address: str
    text: str


def write_pages(target: Path, seen: RunView, around: Surroundings) -> None:
    """Write the report of a run to `target`, with its parts in a folder beside it.

    ResultsError where a file can't be written.
    """
    for page in report_pages(seen, target.name, around):
        write_text(target.parent / page.address, page.text)


def report_pages(seen: RunView, name: str, around: Surroundings) -> Iterator[Page]:
    """The pages of a run, of which the one called `name` comes last.

    Pages are made one at a time: a large run has many.
    """
    if len(seen.run.results) <= MOST_CASES:
        yield Page(name, render_page(seen, around))
        return
    folder = f"{Path(name).stem}-parts"
    around = replace(
        around,
        links=(("All parts", f"../{name}"), *around.links),
        results=f"../{around.results}" if around.results else "",
        traces=f"../{around.traces}" if around.traces else "",
    )
    rows = []
    for number, part in enumerate(run_parts(seen.run, MOST_CASES), start=1):
        address = f"{folder}/{number}-{slug(part.subject, 40)}.html"
        own = view(part.run)
        yield Page(address, render_page(own, around))
        rows.append(_row(part, own, address))
    yield Page(name, _overview(seen, rows))


def _row(part: RunPart, seen: RunView, address: str) -> tuple[Cell, ...]:
    statuses = Counter(result.status for result in part.run.results)
    counts = ", ".join(
        f"{count} {status.replace('_', ' ')}" for status, count in statuses.items()
    )
    has_failures = any(status in FAILED for status in statuses)
    groups = seen.groups_of(seen.main) if seen.main else ()
    means = [
        f"{plain(factor_of(group))} {group.conditions.phase_words}"
        for group in (usual_of(groups) if groups else ())
    ]
    return (
        Cell("", note=part.subject or "all", link=address),
        Cell(str(len(part.run.results))),
        Cell(", ".join(means), note=plain(answer(seen).headline)),
        Cell(counts, Tone.BAD if has_failures else Tone.PLAIN),
    )


def _overview(seen: RunView, rows: list[tuple[Cell, ...]]) -> str:
    """The answer of the whole run, and a table that leads to its parts."""
    run = seen.run
    said = answer(seen)
    ratio = "mean ratio"
    if seen.main:
        ratio = f"{ratio}, {' ÷ '.join(seen.main.layers)}"
    columns = (
        Column("part"),
        Column("cases", number=True),
        Column(ratio),
        Column("statuses"),
    )
    return render_template(
        "split_run.html.j2",
        {
            "title": f"{run.sweep.name} · rnnbench",
            "kicker": f"{machine_name(run.environment)} · PyTorch "
            f"{run.environment.torch} · {counted(len(run.results), 'case')}",
            "question": run.sweep.question,
            "answer": said,
            "forest": main_forest(seen, TIME, {}),
            "table": Table(f"{len(rows)} parts", columns, tuple(rows)),
        },
        style=site_style(),
    )
