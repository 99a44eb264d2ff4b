"""The entrance of a site: machines on one scale, their runs, and their nights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnnbench.model.formatting import counted
from rnnbench.report.html import render_template
from rnnbench.report.sentences import (
    Sentence,
    listed,
    say,
    times,
    with_article,
)
from rnnbench.report.site import addresses
from rnnbench.report.site.entries import ListedRun, Machine, Trend, Unread
from rnnbench.report.site.machine_forest import machine_forest
from rnnbench.report.site.shared_parts import ListItem, list_items, site_style
from rnnbench.report.site.summaries import RunSummary
from rnnbench.report.site.trend_figure import trend_figure
from rnnbench.report.site.trends import LEAST_NIGHTS, run_trends
from rnnbench.report.site.winners import headline, verdict

# Machines that the sentence names; the forest has them all.
_MOST_NAMED = 4
# Runs on a card and trends on the page; the page of the machine has all of them.
_MOST_RUNS = 8
_MOST_TRENDS = 6


@dataclass(frozen=True, slots=True)
class MachineCard:
    """A machine in the index. `spark`: its nights, if there are enough of them."""

    machine: Machine
    url: str
    says: Sentence
    items: tuple[ListItem, ...]
    more: int
    history: str


def index_page(
    machines: Sequence[Machine],
    unread: Sequence[Unread],
    summary: Callable[[ListedRun], RunSummary],
) -> str:
    """The page as one HTML document, without a script."""
    best = [(each.name, each.about, each.best) for each in machines if each.best]
    trends = [(each, trend) for each in machines for trend in trends_of(each)]
    runs = sum(len(machine.runs) for machine in machines)
    return render_template(
        "site_index.html.j2",
        {
            "title": "GRU or LSTM? · rnnbench",
            "kicker": f"{counted(runs, 'run')} on {counted(len(machines), 'machine')}",
            "headline": headline(machines),
            "lead": _lead([machine for machine in machines if machine.best]),
            "forest": machine_forest(best, summary, "machines-time"),
            "cards": [_card(machine) for machine in machines],
            "trends": [
                (machine.name, machine.about, trend_figure(trend))
                for machine, trend in trends[:_MOST_TRENDS]
            ],
            "least_nights": LEAST_NIGHTS,
            "unread": unread,
        },
        style=site_style(),
    )


def trends_of(machine: Machine) -> tuple[Trend, ...]:
    """The trends of a machine's runs, and else those of its history."""
    return run_trends(machine.runs) or machine.nights.trends


def _card(machine: Machine) -> MachineCard:
    nights, changes = machine.nights.nights, machine.nights.changes
    history = f"{counted(nights, 'night')} in the history, {counted(changes, 'change')}"
    return MachineCard(
        machine=machine,
        url=addresses.machine_page(machine.id),
        says=_says(machine),
        items=list_items(_shown(machine.runs)),
        more=max(len(machine.runs) - _MOST_RUNS, 0),
        history=history if nights else "",
    )


def _says(machine: Machine) -> Sentence:
    """The verdict on time, or else what the newest run says about learning."""
    if machine.best:
        return verdict(machine.best)
    return next((run.headline for run in machine.runs if run.learned), ())


def _shown(runs: Sequence[ListedRun]) -> Sequence[ListedRun]:
    """The newest runs of a card, and always the newest run that learned."""
    learned = [run for run in runs[_MOST_RUNS:] if run.learned][:1]
    if any(run.learned for run in runs[:_MOST_RUNS]):
        return runs[:_MOST_RUNS]
    return (*runs[: _MOST_RUNS - len(learned)], *learned)


def _lead(machines: Sequence[Machine]) -> Sentence:
    """The ratios on each machine, for the pair of layers of the first machine."""
    runs = [(each, each.best) for each in machines if each.best]
    layers = next((run.layers for _, run in runs), ())
    alike = [(machine, run) for machine, run in runs if run.layers == layers]
    if not alike:
        return ()
    phases = " / ".join(each.phase for each in alike[0][1].phases)
    parts = []
    for place, (machine, run) in enumerate(alike[:_MOST_NAMED]):
        as_long = (
            say(
                " as long as {layer} ({phases})",
                layer=with_article(layers[1]),
                phases=phases,
            )
            if not place
            else ()
        )
        parts.append(
            say(
                "{means}{as_long} on {machine}",
                means=_means(run),
                as_long=as_long,
                machine=_named(machine),
            )
        )
    return say(
        "With PyTorch’s defaults {candidate} takes {parts}.",
        candidate=with_article(layers[0]),
        parts=listed(parts),
    )


def _named(machine: Machine) -> str:
    """A machine in a sentence, with the last of its distinguishing traits."""
    return " with ".join((machine.name, *machine.traits[-1:]))


def _means(run: ListedRun) -> Sentence:
    means = [times(each.mean) for each in run.phases if each.mean is not None]
    whole: Sentence = ()
    for mean in means:
        whole = say("{whole} / {mean}", whole=whole, mean=mean) if whole else (mean,)
    return whole
