"""The page that compares any two runs of the site, on one machine or on two."""

from collections.abc import Callable, Sequence

from rnnbench.report.html import asset, markup, render_template
from rnnbench.report.island import island_text
from rnnbench.report.site.compare_data import chosen_runs, compare_data, first_pair
from rnnbench.report.site.entries import ListedRun, Machine
from rnnbench.report.site.machine_forest import machine_forest
from rnnbench.report.site.shared_parts import day_of, site_style
from rnnbench.report.site.summaries import RunSummary


def compare_page(
    machines: Sequence[Machine], summary: Callable[[ListedRun], RunSummary]
) -> str:
    """The page as one HTML document; without JavaScript, all runs are on one scale."""
    chosen = chosen_runs(machines, summary)
    there = {run.id for run, _ in chosen}
    first = first_pair(chosen)
    every = [
        (f"{run.sweep}, {_when(run)}", machine.title, run)
        for machine in machines
        for run in machine.runs
    ]
    return render_template(
        "site_compare.html.j2",
        {
            "title": "Compare · rnnbench",
            "groups": [
                (
                    machine.title,
                    [
                        (run.id, f"{run.sweep}, {_when(run)}")
                        for run in machine.runs
                        if run.id in there
                    ],
                )
                for machine in machines
                if machine.runs
            ],
            "first": first,
            "left_out": len(every) - len(chosen),
            "forest": machine_forest(every, summary, "all-runs"),
            "data": markup(island_text(compare_data(chosen))),
        },
        style=site_style(),
        script=asset("site_compare.js"),
    )


def _when(run: ListedRun) -> str:
    return " ".join(filter(None, day_of(run.created)))
