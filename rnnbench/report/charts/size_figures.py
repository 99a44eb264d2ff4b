"""Ratios and times over each size that a run varies."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from matplotlib.axes import Axes

from rnnbench.analysis.labels import SIZES, Conditions, conditions_of, layer_name
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case
from rnnbench.model.errors import ResultsError
from rnnbench.model.metric import TIME
from rnnbench.report.charts.figure import Drawing, head, layer_key, scatter
from rnnbench.report.charts.forest_figures import main_contrast
from rnnbench.report.charts.log_scale import arms, log_axis, ratio_axis, size_axis
from rnnbench.report.tokens import INK
from rnnbench.report.view import RunView

# Rows of panels that fit on a page of paper.
_MOST_ROWS = 4

Sizes = tuple[int, ...]
# By the layer and the backend that is off, or nothing: what was measured at each size.
Curves = dict[tuple[str, str], dict[Sizes, Interval]]


@dataclass(frozen=True, slots=True)
class CurvePanel:
    """Curves under one setting over the axis at `place` of `SIZES`.

    `line`: the sizes that are joined; `note`: their other sizes.
    """

    setting: Conditions
    place: int
    line: tuple[Sizes, ...]
    note: str
    curves: Curves


def ratio_over_size(view: RunView) -> Drawing:
    """Ratios of time to the baseline layer, over each size."""
    baseline = main_contrast(view).layers[1]
    gathered: dict[Conditions, Curves] = {}
    for contrast in view.contrasts:
        if contrast.is_of_layers and contrast.layers[1] == baseline:
            for group in view.groups_of(contrast, TIME):
                curve = _curve(gathered, group.conditions, contrast.layers[0])
                for ratio in group.ratios:
                    curve[_sizes(ratio.pair.baseline)] = ratio.interval
    title = f"Time per call as a multiple of {layer_name(baseline)}'s, over size"
    return _drawing(gathered, title, is_ratio=True)


def time_over_size(view: RunView) -> Drawing:
    """Time per call of each layer, over each size."""
    gathered: dict[Conditions, Curves] = {}
    for each in view.cases:
        if each.time is not None and not each.case.parameters_of:
            curve = _curve(gathered, conditions_of(each.case), each.layer)
            curve[_sizes(each.case)] = each.time
    return _drawing(gathered, "Time per call, over size", is_ratio=False)


def _sizes(case: Case) -> Sizes:
    return tuple(getattr(case, axis) for axis in SIZES)


def _curve(
    gathered: dict[Conditions, Curves], there: Conditions, layer: str
) -> dict[Sizes, Interval]:
    off = there.backend_words if there.backend is False else ""
    curves = gathered.setdefault(replace(there, backend=None), {})
    return curves.setdefault((layer, off), {})


def _drawing(
    gathered: dict[Conditions, Curves], title: str, *, is_ratio: bool
) -> Drawing:
    settings = sorted(gathered, key=lambda each: each.rank)[:_MOST_ROWS]
    rows = [row for each in settings if (row := _row(each, gathered[each]))]
    if not rows:
        raise ResultsError("no size was measured at two values with all else equal")
    curves = [curve for row in rows for curve in row[0].curves.values()]
    values = [one.estimate for curve in curves for one in curve.values()]
    draw = partial(_draw, values=values, is_ratio=is_ratio)
    names = dict.fromkeys(name for row in rows for name in row[0].curves)
    return Drawing(
        title=title,
        caption="A line joins sizes that differ in one axis, the others at the values "
        "above the panel, with 95 % intervals; pale marks are all other sizes. Log "
        "scales.",
        panel=(3.0, 2.5),
        rows=tuple(tuple(partial(draw, panel=each) for each in row) for row in rows),
        key=tuple(layer_key(*name) for name in names),
    )


def _row(setting: Conditions, curves: Curves) -> list[CurvePanel]:
    """A panel for each size that has two values or more at which all layers are."""
    common = set.intersection(*map(set, curves.values()))
    varying = [
        at for at in range(len(SIZES)) if len({sizes[at] for sizes in common}) > 1
    ]
    panels: list[CurvePanel] = []
    for place in varying:
        line = _line(common, place)
        fixed = (f"{SIZES[at]} {line[0][at]}" for at in varying if at != place)
        if len(line) > 1:
            panels.append(CurvePanel(setting, place, line, ", ".join(fixed), curves))
    return panels


def _line(common: Iterable[Sizes], place: int) -> tuple[Sizes, ...]:
    """Of the longest lines along one axis the one in the middle."""
    lines: dict[Sizes, list[Sizes]] = {}
    for sizes in sorted(common):
        rest = (*sizes[:place], *sizes[place + 1 :])
        lines.setdefault(rest, []).append(sizes)
    longest = max(map(len, lines.values()))
    full = [line for line in lines.values() if len(line) == longest]
    return tuple(full[len(full) // 2])


def _draw(
    axes: Axes, *, panel: CurvePanel, values: list[float], is_ratio: bool
) -> None:
    at = panel.place
    if is_ratio:
        scale = ratio_axis(axes, "y", values)
        axes.axhline(1, color=INK.light, linewidth=1.1)
    else:
        scale = log_axis(axes, "y", values, _seconds)
    for name, measured in panel.curves.items():
        key = layer_key(*name)
        others = [sizes for sizes in measured if sizes not in panel.line]
        dots = [(sizes[at], measured[sizes].estimate) for sizes in others]
        scatter(axes, dots, key, s=9, alpha=0.2)
        joined = [measured[sizes] for sizes in panel.line]
        axes.errorbar(
            [sizes[at] for sizes in panel.line],
            [interval.estimate for interval in joined],
            yerr=arms(joined, scale),
            color=key.colour,
            marker=key.marker,
            markerfacecolor="white" if key.is_hollow else key.colour,
            linestyle=":" if key.is_hollow else "-",
        )
    size_axis(axes, [sizes[at] for curve in panel.curves.values() for sizes in curve])
    axes.set_xlabel(SIZES[at])
    head(axes, str(panel.setting), panel.note)


def _seconds(value: float) -> str:
    factor, unit = TIME.scale(value)
    return f"{value / factor:g} {unit}"
