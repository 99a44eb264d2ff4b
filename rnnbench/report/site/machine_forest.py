"""Machines on one scale: a row for each machine and phase."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rnnbench.analysis.labels import layer_name
from rnnbench.model.formatting import significant
from rnnbench.report.forest import Dot, Forest, ForestRow, Mark, Scale, dots_of
from rnnbench.report.sections.forests import layer_forest
from rnnbench.report.site.entries import ListedRun, PhaseRatio
from rnnbench.report.site.summaries import RatioSummary, RunSummary
from rnnbench.report.site.winners import hue_of_mean, winner
from rnnbench.report.tokens import Hue, hue_of

_MOST_ROWS = 60


def machine_forest(
    runs: Sequence[tuple[str, str, ListedRun]],
    summary: Callable[[ListedRun], RunSummary],
    name: str,
) -> Forest | None:
    """The ratios of each run: `runs` names each by a heading and a note.

    Runs of another pair of layers than the first one's are left out: they would not
    mean the same on this scale.
    """
    layers = next((run.layers for _, _, run in runs if run.phases), ())
    alike = [each for each in runs if each[2].layers == layers and each[2].phases]
    if not alike:
        return None
    found = [
        (heading, note, run, phase, _ratios(summary(run), place))
        for heading, note, run in alike
        for place, phase in enumerate(run.phases)
    ]
    scale = Scale(each.ratio for *_, ratios in found for each in ratios)
    rows, last = [], ""
    for heading, note, run, phase, ratios in found[:_MOST_ROWS]:
        is_new = run.id != last
        last = run.id
        head = (heading, note) if is_new else ("", "")
        rows.append(_row(scale, run, phase, ratios, head))
    forest = layer_forest(name, layers, scale, rows)
    return replace(forest, more=max(len(found) - _MOST_ROWS, 0))


def _ratios(summary: RunSummary, phase: int) -> list[RatioSummary]:
    return [each for each in summary.ratios if each.phase == phase]


def _row(
    scale: Scale,
    run: ListedRun,
    phase: PhaseRatio,
    ratios: Sequence[RatioSummary],
    head: tuple[str, str],
) -> ForestRow:
    layer = winner(run, phase)
    has_interval = phase.low is not None and phase.high is not None
    return ForestRow(
        label=phase.phase,
        dots=_dots(scale, run, ratios),
        marks=_marks(scale, run, phase),
        value=f"{significant(phase.mean)}×" if phase.mean else "",
        limits=f"{significant(phase.low or 0)} to {significant(phase.high or 0)}"
        if has_interval
        else "",
        says=f"{layer_name(layer)} faster at {max(phase.wins)} of {phase.count}"
        if layer
        else "depends on the size",
        hue=hue_of(layer) if layer else Hue.EVEN,
        head=head[0],
        note=head[1],
    )


def _dots(
    scale: Scale, run: ListedRun, ratios: Sequence[RatioSummary]
) -> tuple[Dot, ...]:
    hues = [*map(hue_of, run.layers), Hue.EVEN]
    return dots_of(scale, [(each.ratio, hues[each.side], None) for each in ratios])


def _marks(scale: Scale, run: ListedRun, phase: PhaseRatio) -> tuple[Mark, ...]:
    if phase.mean is None:
        return ()
    low, high = (None if end is None else scale(end) for end in (phase.low, phase.high))
    return (Mark(scale(phase.mean), hue_of_mean(run, phase), low, high),)
