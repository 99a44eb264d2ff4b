"""The tables of several kinds of machines: ratios, comparisons, cases and machines."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields

from rnnbench.analysis.labels import limits, words
from rnnbench.analysis.ratio import Ratio
from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import counted, significant
from rnnbench.model.machine import differences
from rnnbench.model.run import Environment, Result
from rnnbench.model.status import FAILED
from rnnbench.report.content import Cell, Column, Fold, Table, Tone
from rnnbench.report.kinds.kinds_answer import agreements, size_words, sizes_named
from rnnbench.report.kinds.machine_kind import MachineKind
from rnnbench.report.kinds.shared_ratios import (
    SharedGroup,
    SharedRatio,
    SharedVerdict,
    SharedView,
)
from rnnbench.report.sections.forests import hue_of_ratio
from rnnbench.report.sections.outcomes import winner
from rnnbench.report.sentences import from_to, plain, say
from rnnbench.report.tokens import hue_of
from rnnbench.report.view import Contrast

# Nobody reads more rows on a page; `rnnbench export` writes them all.
MOST_ROWS = 300
_ORDER = tuple(SharedVerdict)


def ranked(groups: Iterable[SharedGroup]) -> list[SharedRatio]:
    """The ratios of groups: by verdict as in `SharedVerdict`, then the largest gaps."""
    every = [one for group in groups for one in group.ratios]
    return sorted(
        every, key=lambda one: (_ORDER.index(one.agreement), -one.gap.estimate)
    )


def contrast_name(contrast: Contrast) -> str:
    """A contrast in words: "GRU ÷ LSTM", or "bidirectional ÷ one direction, GRU"."""
    sides = (contrast.candidate, contrast.baseline)
    name = " ÷ ".join(words(contrast.axis, side) for side in sides)
    if contrast.is_of_layers:
        return name
    return f"{name}, {words('layer', contrast.layers[0])}"


def where_words(group: SharedGroup) -> str:
    """The conditions of a group without the device: "oneDNN off, training"."""
    conditions = group.on[0].conditions
    backend = conditions.backend_words if conditions.backend is False else ""
    parts = (backend, *conditions.extra_words, conditions.phase_words)
    return ", ".join(filter(None, parts))


def ratios_table(view: SharedView, contrast: Contrast) -> Table:
    """Every ratio of one contrast on each machine, and whether the machines agree."""
    groups = view.groups_of(contrast)
    every = ranked(groups)
    axes = sizes_named(every)
    where = {one: where_words(group) for group in groups for one in group.ratios}
    more = len(every) - MOST_ROWS
    name = contrast_name(contrast)
    return Table(
        f"{name}, {counted(len(every), 'ratio')}"
        + (f" ({more:,} more are not shown)" if more > 0 else ""),
        (
            Column("size"),
            *(Column(kind.label, number=True) for kind in view.kinds),
            Column("verdict"),
            Column("largest ÷ smallest", number=True),
        ),
        tuple(
            (
                Cell(size_words(one, axes), note=where[one]),
                *(_ratio_cell(ratio, contrast) for ratio in one.on),
                Cell(one.agreement),
                _gap_cell(one.gap),
            )
            for one in every[:MOST_ROWS]
        ),
    )


def _ratio_cell(ratio: Ratio, contrast: Contrast) -> Cell:
    value = f"{significant(ratio.interval.estimate)}×"
    tone = hue_of_ratio(ratio, contrast) if contrast.is_of_layers else Tone.PLAIN
    return Cell(value, tone, limits(ratio.interval))


def _gap_cell(gap: Interval) -> Cell:
    return Cell(f"{significant(gap.estimate)}×", note=limits(gap))


def comparisons_table(view: SharedView) -> Table:
    """Every group: the means on each machine, and the number of ratios that agree."""
    rows = []
    for contrast in view.contrasts:
        for group in view.groups_of(contrast):
            counts = agreements([group])
            rows.append(
                (
                    Cell(contrast_name(contrast), note=where_words(group)),
                    *(_mean_cell(group, place) for place in range(len(view.kinds))),
                    *(Cell(str(counts[each] or "")) for each in SharedVerdict),
                )
            )
    return Table(
        "Mean ratios, and the number of ratios by verdict",
        (
            Column("comparison"),
            *(Column(kind.label, number=True) for kind in view.kinds),
            *(Column(each, number=True) for each in SharedVerdict),
        ),
        tuple(rows[:MOST_ROWS]),
    )


def _mean_cell(group: SharedGroup, place: int) -> Cell:
    own = group.on[place]
    layer = winner(own) if group.contrast.is_of_layers else ""
    tone = hue_of(layer) if layer else Tone.PLAIN
    if own.mean is None:
        return Cell(plain(from_to(*own.range, 3)), tone, "range")
    return Cell(f"{significant(own.mean.estimate)}×", tone, limits(own.mean))


def unshared_fold(view: SharedView) -> Fold | None:
    """The cases that some machine did not measure, with their status on each."""
    if not view.unshared:
        return None
    counts = Counter(
        kind.label
        for row in view.unshared.values()
        for kind, result in zip(view.kinds, row, strict=True)
        if result is None
    )
    absent = "; ".join(f"{counts[kind.label]} on {kind.label}" for kind in view.kinds)
    shown = list(view.unshared.items())[:MOST_ROWS]
    more = len(view.unshared) - len(shown)
    table = Table(
        "Cases, by their id without the device" + (f" ({more:,} more)" if more else ""),
        (Column("case"), *(Column(kind.label) for kind in view.kinds)),
        tuple((Cell(name), *map(_outcome_cell, row)) for name, row in shown),
    )
    return Fold(
        "unshared",
        f"Not measured on every machine: {counted(len(view.unshared), 'case')}",
        (say("Cases that are not in the results file: {absent}.", absent=absent),),
        tables=(table,),
    )


def _outcome_cell(result: Result | None) -> Cell:
    if result is None:
        return Cell("absent")
    tone = Tone.BAD if result.status in FAILED else Tone.PLAIN
    return Cell(result.status.replace("_", " "), tone, result.reason)


def machines_table(kinds: Sequence[MachineKind]) -> Table:
    """A column for each machine: its file, and what differs between the machines."""
    first = kinds[0].run.environment
    changed = {
        found.field
        for kind in kinds[1:]
        for found in differences(first, kind.run.environment)
    }
    named = [each.name for each in fields(Environment) if each.name in changed]
    rows = list(_FACTS.items())
    rows += [(name.replace("_", " "), _field(name)) for name in named]
    return Table(
        "The machines, and what differs between them",
        (Column("fact"), *(Column(kind.label) for kind in kinds)),
        tuple(
            (Cell(name), *(Cell(read(kind)) for kind in kinds)) for name, read in rows
        ),
    )


def _field(name: str) -> Callable[[MachineKind], str]:
    def read(kind: MachineKind) -> str:
        value = getattr(kind.run.environment, name)
        text = " ".join(value) if isinstance(value, tuple) else str(value)
        return "" if value is None else text

    return read


def _statuses(kind: MachineKind) -> str:
    counts = Counter(
        result.status
        for result in kind.run.results
        if result.case.device is kind.device
    )
    parts = [f"{count} {status.replace('_', ' ')}" for status, count in counts.items()]
    return ", ".join(parts)


_FACTS: dict[str, Callable[[MachineKind], str]] = {
    "results file": lambda kind: kind.path.name,
    "sweep": lambda kind: kind.run.sweep.name,
    "measured": lambda kind: kind.run.created[:10],
    "rnnbench": lambda kind: kind.run.version,
    "device": lambda kind: words("device", kind.device),
    "launches": lambda kind: str(kind.run.effort.launches),
    "cases": _statuses,
}
