"""Parts that several pages of the site share: the style, and lists of runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rnnbench.model.formatting import counted, significant
from rnnbench.model.status import FAILED, Status
from rnnbench.report.explorer import assets
from rnnbench.report.html import asset
from rnnbench.report.sentences import Sentence
from rnnbench.report.site import addresses
from rnnbench.report.site.entries import ListedRun
from rnnbench.report.site.winners import hue_of_mean
from rnnbench.report.tokens import Hue

_FAILED = {str(status) for status in FAILED}


@dataclass(frozen=True, slots=True)
class ListItem:
    """A run in a list. `means`: phase, ratio, and the hue of the layer that wins.

    `answer`: the result of training, for a run that trained layers.
    """

    url: str
    sweep: str
    day: str
    time: str
    question: str
    means: tuple[tuple[str, str, Hue], ...]
    counts: str
    answer: Sentence
    has_failures: bool


def site_style() -> str:
    """The style sheet of a run's page, with the site's additions."""
    return assets.style() + asset("site.css")


def list_items(runs: Iterable[ListedRun], root: str = "") -> tuple[ListItem, ...]:
    """An item for each run; `root` leads to the root of the site.

    The question of a sweep stands beside its first run alone.
    """
    items: list[ListItem] = []
    asked: set[str] = set()
    for run in runs:
        question = "" if run.question in asked else run.question
        asked.add(run.question)
        items.append(_item(run, root, question))
    return tuple(items)


def day_of(created: str) -> tuple[str, str]:
    """A day and a time for people; text that is not a time is returned unchanged."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created[:40] or "no date", ""
    return f"{moment.day} {moment:%b %Y}", f"{moment:%H:%M}"


def _item(run: ListedRun, root: str, question: str) -> ListItem:
    day, time = day_of(run.created)
    counts = ", ".join(f"{count} {_words(status)}" for status, count in run.counts)
    total = sum(count for _, count in run.counts)
    return ListItem(
        url=f"{root}{addresses.run_page(run.id)}",
        sweep=run.sweep,
        day=day,
        time=time,
        question=question,
        means=tuple(
            (each.phase, f"{significant(each.mean)}×", hue_of_mean(run, each))
            for each in run.phases
            if each.mean is not None
        ),
        counts=f"{counted(total, 'case')}: {counts}" if total else "no case",
        answer=run.headline if run.learned else (),
        has_failures=any(status in _FAILED for status, _ in run.counts),
    )


def _words(status: str) -> str:
    return Status(status).replace("_", " ") if status in set(Status) else status
