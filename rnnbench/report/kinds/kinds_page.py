"""The page that puts several kinds of machines on one scale."""

from collections.abc import Sequence
from dataclasses import replace

from rnnbench.analysis.labels import layer_name, limits
from rnnbench.model.formatting import counted, significant
from rnnbench.report.content import Fold
from rnnbench.report.forest import Forest, ForestRow, Scale, mark_of
from rnnbench.report.html import render_template
from rnnbench.report.kinds.kinds_answer import (
    agreements,
    kinds_headline,
    kinds_lead,
    size_words,
    sizes_named,
    usual_groups,
)
from rnnbench.report.kinds.kinds_tables import (
    comparisons_table,
    contrast_name,
    machines_table,
    ranked,
    ratios_table,
    unshared_fold,
)
from rnnbench.report.kinds.shared_ratios import SharedRatio, SharedVerdict, SharedView
from rnnbench.report.sections.forests import hue_of_ratio, layer_forest, ratio_row
from rnnbench.report.sections.lead import start_of
from rnnbench.report.sentences import plain
from rnnbench.report.site.shared_parts import site_style
from rnnbench.report.tokens import Hue
from rnnbench.report.view import FOR_BASELINE, FOR_CANDIDATE, Contrast

# The most rows of a chart; the tables have more.
_MOST_ROWS = 60
_MOST_CLOSE_ROWS = 12


def render_kinds(view: SharedView) -> str:
    """The page as one HTML document, without a script."""
    main = view.contrasts[0]
    close = _close_ratios(view)
    kicker = (
        f"{counted(len(view.kinds), 'kind')} of machines, "
        f"{counted(view.count, 'ratio')} measured on all of them"
    )
    return render_template(
        "kinds.html.j2",
        {
            "title": "Machines compared · rnnbench",
            "kicker": kicker,
            "headline": kinds_headline(view),
            "lead": kinds_lead(view),
            "forest": _machines_forest(view) if main.is_of_layers else None,
            "close": _close_forest(view, close) if main.is_of_layers else None,
            "about": _about(view),
            "turned": close[0].agreement is SharedVerdict.DIFFERENT,
            "comparisons": comparisons_table(view),
            "ratios": ratios_table(view, main),
            "folds": _folds(view),
            "machines": machines_table(view.kinds),
        },
        style=site_style(),
    )


def _about(view: SharedView) -> str:
    """The ratios of the charts: their conditions and their two sides."""
    conditions = usual_groups(view)[0].on[0].conditions
    start = plain(start_of(conditions)).strip()
    return f"{start}, {contrast_name(view.contrasts[0])}"


def _machines_forest(view: SharedView) -> Forest:
    """A row for each machine and phase, over the sizes that all measured."""
    usual = usual_groups(view)
    scale = Scale(
        ratio.interval.estimate
        for group in usual
        for one in group.ratios
        for ratio in one.on
    )
    rows = [
        replace(
            ratio_row(group.on[place], scale, {}, ""),
            head="" if number else kind.label,
            note="" if number else kind.about,
        )
        for place, kind in enumerate(view.kinds)
        for number, group in enumerate(usual)
    ]
    layers = view.contrasts[0].layers
    forest = layer_forest("kinds-time", layers, scale, rows[:_MOST_ROWS])
    return replace(forest, more=max(len(rows) - _MOST_ROWS, 0))


def _close_ratios(view: SharedView) -> list[SharedRatio]:
    """The ratios of the second chart: different winners, or the largest gaps."""
    every = ranked(usual_groups(view))
    turned = [one for one in every if one.agreement is SharedVerdict.DIFFERENT]
    if not turned:
        every.sort(key=lambda one: -one.gap.estimate)
    most = max(_MOST_CLOSE_ROWS // len(view.kinds), 1)
    return (turned or every)[:most]


def _close_forest(view: SharedView, chosen: Sequence[SharedRatio]) -> Forest:
    """A heading for each ratio, and a row with an interval for each machine."""
    contrast = view.contrasts[0]
    every = [one for group in usual_groups(view) for one in group.ratios]
    axes = sizes_named(every)
    phases = {
        one.on[0].pair: group.on[0].conditions.phase_words
        for group in usual_groups(view)
        for one in group.ratios
    }
    scale = Scale(ratio.interval.estimate for one in chosen for ratio in one.on)
    rows = [
        replace(
            _interval_row(one, place, scale, contrast),
            label=kind.label,
            head="" if place else size_words(one, axes),
            note="" if place else phases[one.on[0].pair],
        )
        for one in chosen
        for place, kind in enumerate(view.kinds)
    ]
    forest = layer_forest("kinds-close", contrast.layers, scale, rows)
    return replace(forest, marks="the ratio with its 95 % interval over launches")


def _interval_row(
    one: SharedRatio, place: int, scale: Scale, contrast: Contrast
) -> ForestRow:
    ratio = one.on[place]
    hue = hue_of_ratio(ratio, contrast)
    side = {**dict.fromkeys(FOR_CANDIDATE, 0), **dict.fromkeys(FOR_BASELINE, 1)}
    where = side.get(ratio.verdict)
    return ForestRow(
        label="",
        dots=(),
        marks=(mark_of(scale, ratio.interval, hue),),
        value=f"{significant(ratio.interval.estimate)}×",
        limits=limits(ratio.interval),
        says=str(ratio.verdict)
        if where is None
        else f"{layer_name(contrast.layers[where])} faster",
        hue=hue if where is not None else Hue.EVEN,
    )


def _folds(view: SharedView) -> list[Fold]:
    """The other comparisons, and the cases that some machine did not measure."""
    folds = [
        Fold(
            f"contrast-{number}",
            contrast_name(contrast),
            tables=(ratios_table(view, contrast),),
            is_open=agreements(view.groups_of(contrast))[SharedVerdict.DIFFERENT] > 0,
        )
        for number, contrast in enumerate(view.contrasts)
        if number
    ]
    unshared = unshared_fold(view)
    return [*folds, unshared] if unshared else folds
