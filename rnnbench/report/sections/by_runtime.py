"""Runtimes side by side: the GRU/LSTM ratio in each, and what each one saves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rnnbench.analysis.labels import conditions_of, layer_name, limits, sizes
from rnnbench.analysis.ratio import Ratio
from rnnbench.model.case import EAGER, Case
from rnnbench.model.formatting import significant
from rnnbench.model.metric import TIME
from rnnbench.model.runtimes import runtime_label
from rnnbench.report.content import Cell, Column, Fold, Table
from rnnbench.report.forest import Forest, Scale
from rnnbench.report.sections.forests import ratio_row
from rnnbench.report.sections.lead import factor_of
from rnnbench.report.sections.outcomes import no_winner_words, winner
from rnnbench.report.sections.runtime_builds import builds_table, runtime_sentences
from rnnbench.report.sentences import Sentence, listed, named, say, times, with_article
from rnnbench.report.tokens import hue_of
from rnnbench.report.view import RatioGroup, RunView

_MOST_ROWS = 60
# A sentence lists no more runtimes than this.
_MOST_NAMED = 6
# A runtime is recommended where it is the fastest in more of the cases.
_MOST_OF = 0.5


@dataclass(frozen=True, slots=True)
class Saving:
    """The fastest runtime of a layer at one size; `ratio`: its time by eager's."""

    case: Case
    seconds: float
    ratio: Ratio | None

    @property
    def runtime(self) -> str:
        """Name of the runtime."""
        return self.case.runtime


def runtimes_fold(view: RunView) -> Fold | None:
    """The runtimes of a run; None where it has one."""
    if len({each.case.runtime for each in view.shown}) < 2:
        return None
    groups = by_runtime(view)
    savings = _savings(view)
    tables = [
        *([_ratio_table(view, groups)] if groups else []),
        *([_saving_table(view, savings)] if savings else []),
        *filter(None, (builds_table(view.run),)),
    ]
    advice = (_change(view, groups), *_advice(savings))
    return Fold(
        "runtimes",
        "Which runtime should I use, and does it change the answer?",
        tuple(filter(None, (*advice, *runtime_sentences(view.run)))),
        forests=_forests(view, groups),
        tables=tuple(tables),
        is_open=True,
    )


def by_runtime(view: RunView) -> tuple[RatioGroup, ...]:
    """The ratios of the page's two layers, in every runtime, by phase."""
    groups = [
        group
        for group in view.groups_of(view.main)
        if group.conditions.backend is not False
    ]
    return tuple(sorted(groups, key=lambda group: group.conditions.phase_words))


def runtime_of(group: RatioGroup) -> str:
    """The runtime of a group of ratios between layers."""
    return group.ratios[0].pair.baseline.runtime


def _change(view: RunView, groups: Sequence[RatioGroup]) -> Sentence:
    """The ratio in each runtime, for the phase that comes first."""
    if view.main is None or not groups:
        return ()
    phase = groups[0].conditions.phase
    alike = [group for group in groups if group.conditions.phase is phase]
    candidate, baseline = view.main.layers
    as_long = say(" as long as {layer}", layer=with_article(baseline))
    return say(
        "In {phase} {candidate} takes {factors}.",
        phase=groups[0].conditions.phase_words,
        candidate=with_article(candidate),
        factors=listed(
            [
                say(
                    "{factor}{as_long} in {runtime}",
                    factor=factor_of(group),
                    as_long=() if place else as_long,
                    runtime=_label(group),
                )
                for place, group in enumerate(alike[:_MOST_NAMED])
            ]
        ),
    )


def _advice(savings: Sequence[Saving]) -> list[Sentence]:
    """For each layer the runtime that is the fastest at most sizes."""
    said = []
    for layer in dict.fromkeys(one.case.layer for one in savings):
        own = [one for one in savings if one.case.layer == layer]
        counts: dict[str, list[Saving]] = {}
        for one in own:
            counts.setdefault(one.runtime, []).append(one)
        name, wins = max(counts.items(), key=lambda item: len(item[1]))
        if len(wins) <= _MOST_OF * len(own):
            text = "{layer}: the fastest runtime depends on the size."
            said.append(say(text, layer=named(layer)))
            continue
        ratios = [one.ratio.interval.estimate for one in wins if one.ratio]
        said.append(
            say(
                "{layer}: {runtime} is the fastest{where}{saves}.",
                layer=named(layer),
                runtime=runtime_label(name),
                where=_where(len(wins), len(own)),
                saves=_range(ratios) if name != EAGER else "",
            )
        )
    return said


def _where(wins: int, cases: int) -> str:
    if cases == 1:
        return ""
    if wins == cases:
        return " in both cases" if cases == 2 else f" in all {cases} cases"
    return f" in {wins} of {cases} cases"


def _range(ratios: Sequence[float]) -> Sentence:
    if not ratios:
        return ()
    low, high = times(min(ratios)), times(max(ratios))
    span = (low,) if low == high else say("{low} to {high}", low=low, high=high)
    return say(", with {span} of eager’s time", span=span)


def _forests(view: RunView, groups: Sequence[RatioGroup]) -> tuple[Forest, ...]:
    if view.main is None or not groups:
        return ()
    scale = Scale(ratio.interval.estimate for group in groups for ratio in group.ratios)
    rows, heading = [], ""
    for group in groups[:_MOST_ROWS]:
        head = _phase(group)
        row = ratio_row(group, scale, {}, head if head != heading else "")
        rows.append(replace(row, label=_label(group), detail="", note=""))
        heading = head
    candidate, baseline = view.main.layers
    return (
        Forest(
            id="by-runtime",
            title=f"Time of {layer_name(candidate)} ÷ {layer_name(baseline)}, "
            "in each runtime",
            low=(f"{layer_name(candidate)} faster", hue_of(candidate)),
            high=(f"{layer_name(baseline)} faster", hue_of(baseline)),
            one=scale(1),
            ticks=scale.ticks(),
            rows=tuple(rows),
            more=max(len(groups) - _MOST_ROWS, 0),
        ),
    )


def _ratio_table(view: RunView, groups: Sequence[RatioGroup]) -> Table:
    candidate, baseline = map(layer_name, view.main.layers if view.main else ("", ""))
    return Table(
        f"{candidate} ÷ {baseline}, by runtime",
        (
            Column("runtime"),
            Column("where"),
            Column("sizes", number=True),
            Column(f"{candidate} ÷ {baseline}", number=True),
            Column("faster"),
        ),
        tuple(_ratio_row(group) for group in groups[:_MOST_ROWS]),
    )


def _ratio_row(group: RatioGroup) -> tuple[Cell, ...]:
    layer = winner(group)
    mean = group.mean
    return (
        Cell(_label(group)),
        Cell(_phase(group)),
        Cell(str(len(group.ratios))),
        Cell(
            f"{significant(mean.estimate)}×" if mean else "no common launch",
            note=limits(mean) if mean else "",
        ),
        Cell(
            f"{layer_name(layer)} at {max(group.wins)}"
            if layer
            else no_winner_words(group),
            **({"tone": hue_of(layer)} if layer else {}),
        ),
    )


def _label(group: RatioGroup) -> str:
    return runtime_label(runtime_of(group))


def _phase(group: RatioGroup) -> str:
    """The phase with the settings other than the runtime."""
    others = replace(
        group.conditions,
        extras=tuple(one for one in group.conditions.extras if one[0] != "runtime"),
    )
    return others.words()


def _savings(view: RunView) -> tuple[Saving, ...]:
    """For each layer and size the runtime with the shortest call."""
    ratios = {
        ratio.pair.candidate: ratio
        for ratio in view.times
        if ratio.pair.axis == "runtime" and ratio.pair.baseline.runtime == EAGER
    }
    fastest: dict[Case, Saving] = {}
    counts: dict[Case, int] = {}
    for each in view.shown:
        if each.time is None or not each.case.onednn:
            continue
        size = replace(each.case, runtime=EAGER)
        counts[size] = counts.get(size, 0) + 1
        one = Saving(each.case, each.time.estimate, ratios.get(each.case))
        if size not in fastest or one.seconds < fastest[size].seconds:
            fastest[size] = one
    return tuple(one for size, one in fastest.items() if counts[size] > 1)


def _saving_table(view: RunView, savings: Iterable[Saving]) -> Table:
    """A row for each size, a column for each layer."""
    rows: dict[tuple[str, str], dict[str, Saving]] = {}
    for one in savings:
        alike = replace(one.case, layer="lstm", runtime=EAGER)
        key = (sizes(alike), view.where(conditions_of(alike)))
        rows.setdefault(key, {})[one.case.layer] = one
    layers = tuple(dict.fromkeys(layer for row in rows.values() for layer in row))
    return Table(
        "What changing the runtime would save: the fastest one at each size",
        (
            Column("size"),
            Column("where"),
            *(Column(layer_name(layer)) for layer in layers),
        ),
        tuple(
            (
                Cell(size),
                Cell(where),
                *(_saving_cell(row.get(layer)) for layer in layers),
            )
            for (size, where), row in list(rows.items())[:_MOST_ROWS]
        ),
    )


def _saving_cell(one: Saving | None) -> Cell:
    if one is None:
        return Cell("–")
    time = TIME.format(one.seconds)
    if one.ratio is None:
        return Cell(f"{runtime_label(one.runtime)}, {time}")
    interval = one.ratio.interval
    factor = f"{significant(interval.estimate)}× of eager ({limits(interval)})"
    return Cell(f"{runtime_label(one.runtime)}, {time}", note=factor)
