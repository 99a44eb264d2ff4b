"""The page of a machine: its answer, its runs, its trends and its hardware."""

from collections.abc import Callable, Sequence

from rnnbench.model.formatting import counted
from rnnbench.regression.changes import Change
from rnnbench.regression.history import number
from rnnbench.regression.history_store import History
from rnnbench.report.content import Cell, Column, Table
from rnnbench.report.html import render_template
from rnnbench.report.site.entries import ListedRun, Machine
from rnnbench.report.site.machine_forest import machine_forest
from rnnbench.report.site.shared_parts import day_of, list_items, site_style
from rnnbench.report.site.summaries import RunSummary
from rnnbench.report.site.trend_figure import trend_figure
from rnnbench.report.site.trends import (
    LEAST_NIGHTS,
    FollowedSeries,
    cause_words,
    history_trends,
    quantity_of,
    run_trends,
    share_words,
    size_of,
)
from rnnbench.report.site.winners import verdict

_ROOT = "../../"
# Runs that are not folded.
_MOST_RUNS = 24
_MOST_TRENDS = 24
_MOST_ROWS = 500


def machine_page(
    machine: Machine,
    summary: Callable[[ListedRun], RunSummary],
    history: History,
    own: Sequence[FollowedSeries],
) -> str:
    """The page as one HTML document, without a script."""
    trends = (*run_trends(machine.runs), *history_trends(history, own, _MOST_TRENDS))
    changes = sorted(
        (change for each in own for change in each.changes), key=size_of, reverse=True
    )
    best = machine.best
    named = [(best.sweep, day_of(best.created)[0], best)] if best else []
    environment = summary(machine.runs[0]).environment if machine.runs else ()
    return render_template(
        "site_machine.html.j2",
        {
            "title": f"{machine.name} · rnnbench",
            "machine": machine,
            "counts": _counts(machine),
            "says": verdict(best) if best else (),
            "forest": machine_forest(named, summary, "machine-time"),
            "items": list_items(machine.runs[:_MOST_RUNS], _ROOT),
            "older": list_items(machine.runs[_MOST_RUNS:], _ROOT),
            "trends": [trend_figure(trend) for trend in trends],
            "least_nights": LEAST_NIGHTS,
            "changes": _changes(changes) if changes else None,
            "series": _series(own) if own else None,
            "facts": environment or machine.parts,
        },
        style=site_style(),
    )


def _counts(machine: Machine) -> str:
    nights, changes = machine.nights.nights, machine.nights.changes
    text = counted(len(machine.runs), "run")
    if not nights:
        return text
    return f"{text}, {counted(nights, 'night')}, {counted(changes, 'change')} found"


def _changes(changes: Sequence[Change]) -> Table:
    rest = len(changes) - _MOST_ROWS
    more = f"; {rest} smaller ones are not shown" if rest > 0 else ""
    return Table(
        f"Changes, the largest first{more}",
        (
            Column("test"),
            Column("quantity"),
            Column("change", number=True),
            Column("with"),
            Column("nights since", number=True),
            Column("p", number=True),
        ),
        tuple(map(_change, changes[:_MOST_ROWS])),
    )


def _change(change: Change) -> tuple[Cell, ...]:
    p = "look again" if change.p is None else f"{change.p:.4f}" if change.p else "exact"
    return (
        Cell(change.series.case),
        Cell(quantity_of(change.series)),
        Cell(share_words(change.share)),
        Cell(cause_words(change)),
        Cell(str(change.nights)),
        Cell(p),
    )


def _series(own: Sequence[FollowedSeries]) -> Table:
    return Table(
        f"{min(len(own), _MOST_ROWS)} of {len(own)} series",
        (
            Column("test"),
            Column("quantity"),
            Column("nights", number=True),
            Column("first", number=True),
            Column("last", number=True),
            Column("changes", number=True),
        ),
        tuple(
            (
                Cell(each.series.case),
                Cell(quantity_of(each.series)),
                Cell(str(len(each.series.nights))),
                Cell(number(each.series.quantity, each.series.levels[0])),
                Cell(number(each.series.quantity, each.series.levels[-1])),
                Cell(str(len(each.changes))),
            )
            for each in own[:_MOST_ROWS]
        ),
    )
