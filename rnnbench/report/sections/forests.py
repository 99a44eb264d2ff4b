"""The forest plots of a page: for the answer, the settings and the other layers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rnnbench.analysis.labels import Conditions, layer_name, words
from rnnbench.analysis.ratio import Ratio
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.model.workload import Pair
from rnnbench.report.forest import (
    Forest,
    ForestRow,
    Scale,
    dots_of,
    in_lanes,
    mark_of,
    one_in,
)
from rnnbench.report.sections.lead import factor_of
from rnnbench.report.sections.outcomes import no_winner_words, winner
from rnnbench.report.sections.settings import settings_of
from rnnbench.report.sentences import from_to, plain, with_article
from rnnbench.report.tokens import Hue, hue_of
from rnnbench.report.view import (
    FOR_BASELINE,
    FOR_CANDIDATE,
    Contrast,
    RatioGroup,
    RunView,
)

# More rows would be hard to read; the tables and the explorer have them all.
_MOST_ROWS = 16
_MOST_DENSE_ROWS = 36

# The heading of rows without a switch of the backend, after rows that have one.
_NO_SWITCH = "no backend switch"

_TITLES = {TIME: "Time", PEAK_MEMORY: "Peak memory"}
_WINS = {TIME: "faster", PEAK_MEMORY: "needs less"}
_LESS = {TIME: "takes less time", PEAK_MEMORY: "needs less"}
_MORE = {TIME: "takes more time", PEAK_MEMORY: "needs more"}

Places = Mapping[Pair, int]


def main_forest(view: RunView, metric: Metric, places: Places) -> Forest | None:
    """The plot of the answer, which is about a pair of layers or about settings."""
    name = "hero-memory" if metric is PEAK_MEMORY else "hero-time"
    if view.main is None:
        return settings_forest(view, metric, name)
    groups = view.groups_of(view.main, metric)
    if not groups:
        return None
    scale = Scale(ratio.interval.estimate for group in groups for ratio in group.ratios)
    rows, heading = [], ""
    for group in groups[:_MOST_ROWS]:
        head = _head(view, group.conditions) or (_NO_SWITCH if heading else "")
        rows.append(ratio_row(group, scale, places, head if head != heading else ""))
        heading = head
    forest = layer_forest(name, view.main.layers, scale, rows, metric)
    return replace(forest, more=max(len(groups) - _MOST_ROWS, 0))


def layer_forest(
    name: str,
    layers: Sequence[str],
    scale: Scale,
    rows: Iterable[ForestRow],
    metric: Metric = TIME,
) -> Forest:
    """A plot of ratios of two layers; each side of 1 has the colour of its winner."""
    candidate, baseline = layers
    return Forest(
        id=name,
        title=(
            f"{_TITLES[metric]} of {plain(with_article(candidate))}, as a multiple of "
            f"{plain(with_article(baseline))}’s"
        ),
        low=(f"{layer_name(candidate)} {_WINS[metric]}", hue_of(candidate)),
        high=(f"{layer_name(baseline)} {_WINS[metric]}", hue_of(baseline)),
        one=scale(1),
        ticks=scale.ticks(),
        rows=tuple(rows),
    )


def settings_forest(view: RunView, metric: Metric, name: str) -> Forest | None:
    """A row for each setting and phase, a mark for each layer."""
    costs = settings_of(view, metric)
    rows: dict[tuple[str, str], list[RatioGroup]] = {}
    for cost in costs:
        for group in cost.usual():
            rows.setdefault((cost.name, _where(group)), []).append(group)
    return _dense(
        rows,
        name,
        f"{_TITLES[metric]} with each setting, as a multiple of the layer without it",
        (_LESS[metric], _MORE[metric]),
    )


def layers_forest(view: RunView, name: str) -> Forest | None:
    """Time of the other layers against their baseline, a row for each condition."""
    others = [
        each for each in view.contrasts if each.is_of_layers and each != view.main
    ]
    rows: dict[tuple[str, str], list[RatioGroup]] = {}
    for contrast in others:
        for group in view.groups_of(contrast):
            rows.setdefault(("", view.where(group.conditions)), []).append(group)
    baselines = {contrast.layers[1] for contrast in others}
    against = plain(with_article(*baselines)) if len(baselines) == 1 else "the other"
    return _dense(
        rows,
        name,
        f"Time of the other layers, as a multiple of {against}’s",
        (_LESS[TIME], _MORE[TIME]),
    )


def _dense(
    rows: Mapping[tuple[str, str], Sequence[RatioGroup]],
    name: str,
    title: str,
    sides: tuple[str, str],
) -> Forest | None:
    if not rows:
        return None
    scale = Scale(
        value for groups in rows.values() for group in groups for value in group.ends
    )
    shown = list(rows.items())[:_MOST_DENSE_ROWS]
    drawn, heading = [], ""
    for (setting, where), groups in shown:
        head = setting if setting != heading else ""
        drawn.append(_dense_row(groups, scale, head, where))
        heading = setting
    return Forest(
        id=name,
        title=title,
        low=(sides[0], Hue.EVEN),
        high=(sides[1], Hue.EVEN),
        one=scale(1),
        ticks=scale.ticks(),
        rows=tuple(drawn),
        more=max(len(rows) - _MOST_DENSE_ROWS, 0),
        is_dense=True,
    )


def _dense_row(
    groups: Sequence[RatioGroup], scale: Scale, head: str, where: str
) -> ForestRow:
    marks = in_lanes(
        [
            replace(
                mark_of(scale, group.mean, hue_of(group.contrast.layers[0])),
                label=_label(group),
            )
            for group in groups
            if group.mean
        ]
    )
    ends = [value for group in groups for value in group.ends]
    value = plain(from_to(min(ends), max(ends), 3))
    return ForestRow(label=where, dots=(), marks=marks, value=value, head=head)


def _label(group: RatioGroup) -> str:
    return f"{layer_name(group.contrast.layers[0])}\n{plain(factor_of(group))}"


def _where(group: RatioGroup) -> str:
    conditions = group.conditions
    return ", ".join(filter(None, (conditions.phase_words, *conditions.extra_words)))


def _head(view: RunView, conditions: Conditions) -> str:
    """The backend, after the device if a run has two devices."""
    device = words("device", conditions.device) if len(view.devices) > 1 else ""
    return ", ".join(filter(None, (device, conditions.backend_words)))


def ratio_row(group: RatioGroup, scale: Scale, places: Places, head: str) -> ForestRow:
    """A dot for each size of a group, its mean, and the layer that wins."""
    mean = group.mean
    hue = _hue_of_mean(group)
    return ForestRow(
        label=group.conditions.phase_words,
        detail=", ".join(group.conditions.extra_words),
        dots=dots_of(
            scale,
            [
                (
                    ratio.interval.estimate,
                    hue_of_ratio(ratio, group.contrast),
                    places.get(ratio.pair),
                )
                for ratio in group.ratios
            ],
        ),
        marks=(mark_of(scale, mean, hue),) if mean else (),
        value=f"{significant(mean.estimate)}×"
        if mean
        else plain(from_to(*group.range)),
        limits=(
            f"{significant(mean.low)} to {significant(mean.high)}"
            if mean and mean.low < mean.high < float("inf")
            else ""
        ),
        says=_says(group),
        hue=hue_of(winner(group)) if winner(group) else Hue.EVEN,
        head=head,
        note="PyTorch’s default" if head and group.conditions.backend else "",
        one_in=one_in(len(group.ratios)),
    )


def hue_of_ratio(ratio: Ratio, contrast: Contrast) -> Hue:
    """The hue of the layer that wins a ratio; a neutral one where none does."""
    candidate, baseline = contrast.layers
    if ratio.verdict in FOR_CANDIDATE:
        return hue_of(candidate)
    return hue_of(baseline) if ratio.verdict in FOR_BASELINE else Hue.EVEN


def _hue_of_mean(group: RatioGroup) -> Hue:
    if group.mean is None:
        return Hue.EVEN
    return hue_of(group.contrast.layers[group.mean.estimate >= 1])


def _says(group: RatioGroup) -> str:
    layer = winner(group)
    if not layer:
        return no_winner_words(group)
    what = "less" if group.metric is PEAK_MEMORY else "faster"
    count = max(group.wins)
    return f"{layer_name(layer)} {what} at {count} of {len(group.ratios)}"
