"""A run as a comment on a pull request: the answer in at most 40 lines."""

from collections.abc import Iterable, Sequence

from rnnbench.analysis.labels import layer_name, limits, machine_name
from rnnbench.model.formatting import for_markdown, significant
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.report.content import cases_by
from rnnbench.report.learning_table import learning_table
from rnnbench.report.sections.answer import answer
from rnnbench.report.sections.hosts import host_sentence
from rnnbench.report.sections.lead import factor_of
from rnnbench.report.sections.method import (
    duration,
    failure_sentence,
    status_counts,
)
from rnnbench.report.sections.outcomes import no_winner_words, winner
from rnnbench.report.sections.precision import precision_of, share
from rnnbench.report.sections.runtime_builds import runtime_sentences
from rnnbench.report.sections.service_sentences import service_sentences
from rnnbench.report.sections.settings import SettingCost, settings_of
from rnnbench.report.sections.side_effects import (
    side_effects,
    side_effects_sentence,
)
from rnnbench.report.sentences import from_to, plain
from rnnbench.report.view import RatioGroup, RunView

_MOST_LINES = 40
# Of each list, where there is room; the table has twice as many rows.
_MOST_OF_A_LIST = 6
_LEAST_ROWS = 6
# Longer text, such as a traceback, is cut here; the page shows all of it.
_MOST_LETTERS = 300


def render_markdown(view: RunView) -> str:
    """GitHub's Markdown, with every text of the run escaped.

    Lists are cut until it has at most 40 lines.
    """
    found, failed = answer(view), failure_sentence(view.run)
    head = [
        [f"# {_text(view.run.sweep.name)}: {_text(plain(found.headline))}"],
        [f"**{_text(plain(failed))}**"] if failed else [],
        [" ".join(_text(plain(line)) for line in found.lead)],
    ]
    titles, rows = _rows(view)
    notes = [
        [_text(plain(one)) for one in sentences(view.run)]
        for sentences in (runtime_sentences, service_sentences)
    ]
    details = {
        "Not measured, and why": _not_measured(view),
        "Side effects of layers and runtimes": _side_effects(view),
    }
    method = _details("How it was measured", _method(view))
    text = ""
    for most in range(_MOST_OF_A_LIST, 0, -1):
        blocks = [
            *head,
            _table(titles, rows, max(2 * most, _LEAST_ROWS)),
            *(_cut(lines, most) for lines in notes),
            *(_details(title, _cut(lines, most)) for title, lines in details.items()),
            method,
        ]
        text = "\n\n".join("\n".join(block) for block in blocks if any(block)) + "\n"
        if len(text.splitlines()) <= _MOST_LINES:
            break
    return text


def _text(text: str) -> str:
    line = " ".join(text.split())
    if len(line) > _MOST_LETTERS:
        line = f"{line[:_MOST_LETTERS]}…"
    return for_markdown(line)


def _cut(lines: list[str], most: int) -> list[str]:
    if len(lines) <= most:
        return lines
    return [*lines[:most], f"* {len(lines) - most} more are in the report."]


def _rows(view: RunView) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """The titles and rows of the table; no row where there is nothing to show."""
    if view.learning.cells:
        titles, *learned = learning_table(view, with_limits=True) or [()]
        return titles, learned
    if view.main:
        over, under = map(layer_name, view.main.layers)
        groups = view.groups_of(view.main)
        return (
            ("where", f"{over} ÷ {under}, time", "who", "peak memory"),
            [_row(view, group) for group in groups],
        )
    titles = ("setting", "time, as a multiple of the layer without it")
    return titles, [_cost_row(cost) for cost in settings_of(view)]


def _table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], most: int
) -> list[str]:
    if not rows:
        return []
    lines = [_line(titles), "|" + "---|" * len(titles)]
    lines += [_line(row) for row in rows[:most]]
    if (more := len(rows) - most) > 0:
        lines += ["", f"{more} more rows are in the report."]
    return lines


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(_text, cells)) + " |"


def _row(view: RunView, group: RatioGroup) -> tuple[str, ...]:
    mean = group.mean
    value = plain(factor_of(group))
    if mean:
        value = f"{significant(mean.estimate)}×, {limits(mean)}"
    layer = winner(group)
    count = f"{max(group.wins)} of {len(group.ratios)}"
    memory = next(
        (
            plain(factor_of(one))
            for one in view.groups_of(group.contrast, PEAK_MEMORY)
            if one.conditions == group.conditions
        ),
        "not read",
    )
    where = group.conditions.words(with_device=True)
    if group.conditions.backend:
        where = f"{where}, {group.conditions.backend_words}"
    who = f"{layer_name(layer)} at {count}" if layer else no_winner_words(group)
    return where, value, who, memory


def _cost_row(cost: SettingCost) -> tuple[str, ...]:
    return f"{cost.name} ÷ {cost.plain_name}", plain(from_to(*cost.range(), 3))


def _details(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    return [f"<details><summary>{title}</summary>", "", *lines, "</details>"]


def _not_measured(view: RunView) -> list[str]:
    found = cases_by(
        ((each.result.status.replace("_", " "), each.result.reason), each.case.id)
        for each in view.cases
        if each.time is None
    )
    return [
        f"* {len(cases)} {status}, first {_text(cases[0])}: {_text(reason)}"
        for (status, reason), cases in found
    ]


def _side_effects(view: RunView) -> list[str]:
    found = side_effects(view.run)
    return [f"* {_text(plain(side_effects_sentence(each)))}" for each in found]


def _method(view: RunView) -> list[str]:
    run, precision = view.run, precision_of(view)
    counts = ", ".join(f"{count} {words}" for _, words, count in status_counts(run))
    lines = [
        (
            f"* {_text(machine_name(run.environment))}, PyTorch "
            f"{_text(run.environment.torch)}, {_text(run.created)}"
        ),
        f"* {counts or 'no case'}; {duration(run.effort.total)} of measuring",
    ]
    if precision:
        lines.append(
            f"* {precision.within} of {precision.of} intervals (95 %, over fresh "
            f"processes) are within {share(precision.target)}"
        )
    if hosts := host_sentence(view.host_effect):
        lines.append(f"* {_text(hosts)}")
    return [*lines, f"* {_text(run.command)}"]
