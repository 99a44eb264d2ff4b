"""The end of a run on a terminal: the answer in at most 25 lines of 80 columns."""

import math
import textwrap
from collections.abc import Sequence

from rnnbench.analysis.labels import layer_name, machine_name
from rnnbench.model.case import TORCH_LAYERS
from rnnbench.model.formatting import align, for_terminal, significant
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.model.run import Run
from rnnbench.model.status import FAILED
from rnnbench.report.content import cases_by
from rnnbench.report.learning_table import learning_table
from rnnbench.report.sections.answer import answer
from rnnbench.report.sections.crossing import crossing_words
from rnnbench.report.sections.learning_answer import gradient_sentence, seeds_sentence
from rnnbench.report.sections.method import duration, status_counts
from rnnbench.report.sections.outcomes import Winner, outcome, winner
from rnnbench.report.sections.precision import precision_of, share
from rnnbench.report.sections.service_sentences import service_sentences
from rnnbench.report.sections.settings import SettingCost, settings_of
from rnnbench.report.sections.side_effects import side_effects
from rnnbench.report.sentences import from_to, plain, with_article
from rnnbench.report.view import Contrast, RatioGroup, RunView

WIDTH = 80
MOST_LINES = 25
_MOST_ROWS = 9
_MOST_FAILURES = 3
_WITHOUT_WINNER = {
    Winner.TIE: "tie",
    Winner.UNDECIDED: "undecided",
    Winner.DEPENDS: "depends on size",
}
_STRIP = 24
_MOST_LABEL = 24
# Letters of a task's name in a row.
_MOST_PLACE = 36
# The scale shows both sides of 1, even if all ratios are on one side.
_AT_LEAST = (0.7, 1.4)
_ASCII = str.maketrans(
    {"·": ".", "│": "|", "─": "-", "┼": "+", "◆": "o", "×": "x", "±": "+-", "÷": "/"}
    | {"’": "'", "…": "...", "µ": "u", "“": '"', "”": '"'}
)


def summary(
    view: RunView, places: Sequence[tuple[str, str]] = (), *, is_plain: bool = False
) -> list[str]:
    """The lines printed at the end of a run; failures come before the answer.

    `places`: what was written, and where: ("Report", "reports/latest/index.html").
    `is_plain`: ASCII only, for output that is no terminal or has no other characters.
    """
    run = view.run
    lines = [_head(run), "", *_failures(run)]
    lines += [*_wrapped(plain(answer(view).headline)), "", *_rows(view)]
    after = [*_memory(view), *_sure(view), *_side_effects(run), *_machine(run)]
    room = MOST_LINES - len(lines) - len(after) - len(places)
    lines += [*_own_layer_rows(view, room), *after]
    ends = [f"  {name:<7} {where}" for name, where in places]
    lines += _services(view, MOST_LINES - len(lines) - len(ends) - 1)
    lines = lines[: MOST_LINES - len(ends)] + ends
    return [_fitted(line, is_plain=is_plain) for line in lines]


def _fitted(line: str, *, is_plain: bool) -> str:
    """A line without control characters and no wider than the terminal."""
    indent = len(line) - len(line.lstrip(" "))
    # `for_terminal` leaves only one blank between words.
    text = "\xa0".join(for_terminal(part) for part in line.strip().split(" "))
    text = (" " * indent + text.replace("\xa0", " ")).rstrip()
    if is_plain:
        text = text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."


def _head(run: Run) -> str:
    torch, wall = run.environment.torch, duration(run.effort.total)
    name = run.sweep.name
    return (
        f"rnnbench {name} · {machine_name(run.environment)} · PyTorch {torch} · {wall}"
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 2, initial_indent="  ", subsequent_indent="  ")


def _failures(run: Run) -> list[str]:
    """The failed cases with reasons, placed where nobody can overlook them."""
    failed = [result for result in run.outcomes if result.status in FAILED]
    if not failed:
        return []
    found = cases_by(
        (
            (result.status.replace("_", " "), " ".join(result.reason.split())),
            result.case.id,
        )
        for result in failed
    )
    lines = [f"  {len(failed)} of {len(run.outcomes)} cases FAILED"]
    for (status, reason), cases in found[:_MOST_FAILURES]:
        lines.append(f"    {len(cases)} {status}, first {cases[0]}: {reason}")
    if (more := len(found) - _MOST_FAILURES) > 0:
        lines.append(f"    and {more} more reasons in the report")
    return [*lines, ""]


def _rows(view: RunView) -> list[str]:
    if view.learning.cells:
        return _learning_rows(view)
    if view.main:
        return _layer_rows(view, view.main)
    return _setting_rows(settings_of(view))


def _learning_rows(view: RunView) -> list[str]:
    """A line for each task, and what the seeds and the gradient say."""
    table = learning_table(view, with_limits=False)
    # The verdict is left out: each row of the report has it.
    headings, *rows = [row[:-1] for row in table] or [("",)]
    # Columns of seconds are named by their backend alone: a line is narrow.
    short = [heading.removeprefix("seconds, ") for heading in headings]
    shown = [(_cut(row[0], _MOST_PLACE), *row[1:]) for row in rows[:_MOST_ROWS]]
    lines = [f"  {line}" for line in align([short, *shown])] if rows else []
    if (more := len(rows) - len(shown)) > 0:
        lines.append(f"  and {more} more rows in the report")
    said = (gradient_sentence(view.learning.cells), seeds_sentence(view))
    wrapped = [line for each in said if each for line in _wrapped(plain(each))]
    return [*lines, "", *wrapped, ""]


def _own_layer_rows(view: RunView, room: int) -> list[str]:
    """The same for each layer of the user's that the answer is not about."""
    if view.main is None or view.learning.cells:
        return []
    lines: list[str] = []
    for contrast in view.contrasts:
        is_own = contrast.is_of_layers and not set(contrast.layers) <= set(TORCH_LAYERS)
        if is_own and contrast != view.main:
            more = _layer_rows(view, contrast)
            lines += more if len(lines) + len(more) <= room else []
    return lines


def _layer_rows(view: RunView, contrast: Contrast) -> list[str]:
    """A strip for each backend, condition and phase."""
    groups = view.groups_of(contrast)
    if not groups:
        return []
    shown = groups[:_MOST_ROWS]
    labels = [_label(view, group) for group in shown]
    width = max(len(label) for _, label in labels)
    strip = _Strip(
        [value for group in shown for value in group.range],
        min(_STRIP, WIDTH - 42 - width),
    )
    over, under = map(layer_name, contrast.layers)
    title = f"  {over} ÷ {under}, time"
    lines = [f"{title:<{21 + width}}  {strip.ruler()}"]
    heading = ""
    for group, (backend, label) in zip(shown, labels, strict=True):
        shown_backend = backend if backend != heading else ""
        heading = backend
        lines.append(
            f"  {shown_backend:<10} {label:<{width}} {_value(group):>7}  "
            f"{strip.drawn(group)}  {_says(group)}"
        )
    lines += [f"  {said}" for said in map(crossing_words, shown) if said]
    if (more := len(groups) - len(shown)) > 0:
        lines.append(f"  and {more} more rows in the report")
    return [*lines, ""]


def _label(view: RunView, group: RatioGroup) -> tuple[str, str]:
    conditions = group.conditions
    device = conditions.device.upper() if len(view.devices) > 1 else ""
    extras = ", ".join((conditions.phase_words, *conditions.extra_words))
    backend = conditions.backend_words or device
    return backend, _cut(extras, _MOST_LABEL)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _value(group: RatioGroup) -> str:
    if group.mean:
        return f"{significant(group.mean.estimate)}×"
    return plain(from_to(*group.range, 2)).replace(" to ", "–")


def _says(group: RatioGroup) -> str:
    if layer := winner(group):
        return f"{layer_name(layer)[:8]:<4} at {max(group.wins)} of {len(group.ratios)}"
    return _WITHOUT_WINNER[outcome(group)]


def _setting_rows(costs: Sequence[SettingCost]) -> list[str]:
    """A line for each setting, with the range of its time factors."""
    if not costs:
        return []
    ranges = [(cost, cost.range()) for cost in costs]
    ordered = sorted(ranges, key=lambda each: -each[1][1])[:_MOST_ROWS]
    names = [f"{cost.name} ÷ {cost.plain_name}"[:40] for cost, _ in ordered]
    width = max(map(len, names))
    lines = ["  time, over layers and phases"]
    lines += [
        f"  {name:<{width}}  {plain(from_to(*factors, 3))}"
        for name, (_, factors) in zip(names, ordered, strict=True)
    ]
    if (more := len(costs) - len(ordered)) > 0:
        lines.append(f"  and {more} more in the report")
    return [*lines, ""]


def _memory(view: RunView) -> list[str]:
    if view.main is None or view.learning.cells:
        return []
    groups = view.groups_of(view.main, PEAK_MEMORY)
    means = [group.mean.estimate for group in groups if group.mean]
    if not means:
        return []
    over, under = (plain(with_article(layer)) for layer in view.main.layers)
    factors = plain(from_to(min(means), max(means)))
    return [f"  Memory: {over} peaks at {factors} of {under}."]


def _services(view: RunView, room: int) -> list[str]:
    """Sentences on latency, streams per core and deployment, in `room` lines."""
    lines: list[str] = []
    for sentence in service_sentences(view.run):
        more = _wrapped(plain(sentence))
        if len(lines) + len(more) <= room:
            lines += more
    return [*lines, ""] if lines else []


def _sure(view: RunView) -> list[str]:
    counts = ", ".join(
        f"{count:,} {words}" for _, words, count in status_counts(view.run)
    )
    precision = precision_of(view)
    if precision is None:
        return [f"  Cases:  {counts or 'none'}.", ""]
    target = share(precision.target)
    within = f"{precision.within} of {precision.of} intervals within {target}"
    return [f"  Sure?   {within}; {counts}.", ""]


def _side_effects(run: Run) -> list[str]:
    """The layers that changed state of their process, if any."""
    found = [(each.name, each.words) for each in side_effects(run)]
    lines = [
        f"  Note    {layer} changed its process: {words}" for layer, words in found
    ]
    more = [f"  and {len(lines) - _MOST_FAILURES} more layers in the report"]
    shown = lines[:_MOST_FAILURES] + (more if len(lines) > _MOST_FAILURES else [])
    return [*shown, ""] if shown else []


def _machine(run: Run) -> list[str]:
    """The conditions of the machine that could disturb results, if any."""
    off = list(dict.fromkeys(each.name for each in run.conditions if each.is_off))
    return [f"  Machine {', '.join(off)}: see rnnbench doctor", ""] if off else []


class _Strip:
    """A logarithmic scale of ratios, that many characters wide."""

    def __init__(self, values: Sequence[float], width: int) -> None:
        every = [*values, *_AT_LEAST]
        self._low, self._high = math.log(min(every)), math.log(max(every))
        self._width = max(width, 10)

    def _place(self, value: float) -> int:
        share_of = (math.log(value) - self._low) / (self._high - self._low)
        return round((self._width - 1) * min(max(share_of, 0.0), 1.0))

    def ruler(self) -> str:
        """Where 1 is."""
        return " " * self._place(1) + "1"

    def drawn(self, group: RatioGroup) -> str:
        """The range of a group as a line, its mean as a diamond."""
        marks = ["·"] * self._width
        low, high = group.range
        for place in range(self._place(low), self._place(high) + 1):
            marks[place] = "─"
        one = self._place(1)
        marks[one] = "┼" if marks[one] == "─" else "│"
        if group.mean:
            marks[self._place(group.mean.estimate)] = "◆"
        return "".join(marks)
