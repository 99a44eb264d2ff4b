"""Forest plots that a phone has room for, drawn: a name, and below it its effects."""

from collections.abc import Sequence
from itertools import accumulate

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from rnnbench.model.formatting import significant
from rnnbench.report.charts.drawing import COLOURS, MARKERS, frame, shorten
from rnnbench.report.charts.scales import Limits, arms, ratio_limits, ratio_ticks
from rnnbench.report.content import Effect, Rows

# Inches: of a name, of an effect, between rows; and around them all.
_NAME, _EFFECT, _GAP = 0.19, 0.155, 0.08
_BOTTOM, _TOP = 0.5, 0.05
# Letters: of a row's name, and of a layer's beside its mark.
_LONGEST, _LONGEST_LAYER = 56, 17


def rows_height(panel: Rows) -> float:
    """Inches."""
    effects = sum(len(row.effects) for row in panel.rows)
    return _BOTTOM + _TOP + len(panel.rows) * (_NAME + _GAP) + effects * _EFFECT


def draw_rows(
    figure: Figure | SubFigure, *, panel: Rows, beside: Sequence[Rows]
) -> None:
    """On one scale with those `beside` it; each effect has its layer and its ratio."""
    letters = max(
        (len(each.label) for row in panel.rows for each in row.effects), default=0
    )
    right = 0.55 + 0.075 * min(letters, _LONGEST_LAYER)
    axes = frame(figure, left=0.15, bottom=_BOTTOM, right=right, top=_TOP)
    limits = ratio_limits(
        [one.interval for each in beside for row in each.rows for one in row.effects]
    )
    heights = [_NAME + _GAP + _EFFECT * len(row.effects) for row in panel.rows]
    bands: list[tuple[float, float]] = []
    for row, end in zip(panel.rows, accumulate(heights), strict=True):
        start = end - _NAME - _GAP - _EFFECT * len(row.effects)
        # Lines between the names, and not through them.
        bands.append((start + _NAME, end - _GAP))
        axes.text(
            0.0,
            start + _NAME / 2 + 0.02,
            shorten(row.label, _LONGEST),
            transform=axes.get_yaxis_transform(),
            verticalalignment="center",
            fontsize=8.5,
        )
        for number, effect in enumerate(row.effects):
            _draw_effect(axes, start + _NAME + (number + 0.5) * _EFFECT, effect, limits)
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    axes.set_ylim(sum(heights), 0)
    axes.set_yticks([])
    ratio_ticks(axes.xaxis, limits, most=6)
    axes.set_xlabel(panel.x_label)
    axes.spines["left"].set_visible(False)
    _draw_bands(axes, bands)


def _draw_bands(axes: Axes, bands: Sequence[tuple[float, float]]) -> None:
    """The line at 1 and those of the other ticks, from top to bottom of each band."""
    for tick in axes.get_xticks():
        axes.vlines(
            [tick] * len(bands),
            [top for top, _ in bands],
            [bottom for _, bottom in bands],
            color="#000000" if tick == 1 else "#888888",
            alpha=1 if tick == 1 else 0.3,
            linewidth=0.8,
            zorder=1,
        )


def _draw_effect(axes: Axes, height: float, effect: Effect, limits: Limits) -> None:
    low, high = arms(effect.interval, limits)
    axes.errorbar(
        [effect.interval.estimate],
        [height],
        xerr=([low], [high]),
        color=COLOURS[effect.style],
        marker=MARKERS[effect.style],
        markersize=4.5,
        elinewidth=1.4,
        capsize=2.5,
    )
    name = shorten(effect.label, _LONGEST_LAYER)
    axes.text(
        1.03,
        height,
        f"{name} {significant(effect.interval.estimate)}",
        color=COLOURS[effect.style],
        transform=axes.get_yaxis_transform(),
        verticalalignment="center",
        fontweight="bold",
        fontsize=8,
    )
