"""Ratio against ratio, in four quarters, drawn."""

from collections.abc import Sequence
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from rnnbench.report.charts.drawing import COLOURS, MARKERS, frame, shorten
from rnnbench.report.charts.scales import (
    Limits,
    arms,
    height_in,
    ratio_limits,
    ratio_ticks,
    spread,
)
from rnnbench.report.content import Cloud, Plane

# Inches: of the frame, and of a letter of a corner's words.
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.7, 1.7, 0.5, 0.1
_LETTER = 0.068
_LONGEST = 20
# The words of the corners have a strip of their own above the points, and below.
_STRIP = 0.13


def draw_plane(
    figure: Figure | SubFigure, *, plane: Plane, beside: Sequence[Plane]
) -> None:
    """On one scale with the planes `beside` it."""
    axes = frame(figure, left=_LEFT, bottom=_BOTTOM, right=_RIGHT, top=_TOP)
    spots = [spot for each in beside for cloud in each.clouds for spot in cloud.spots]
    across = ratio_limits([x for x, _ in spots])
    up = _with_strips(ratio_limits([y for _, y in spots]))
    for cloud in plane.clouds:
        _draw_cloud(axes, cloud, (across, up))
    axes.axvline(1, color="#000000", linewidth=0.8)
    axes.axhline(1, color="#000000", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*across)
    axes.set_ylim(*up)
    ratio_ticks(axes.xaxis, across, most=6)
    ratio_ticks(axes.yaxis, up, most=7)
    axes.set_xlabel(plane.x_label)
    axes.set_ylabel(plane.y_label)
    axes.grid(color="#888888", alpha=0.3, linewidth=0.6)
    width = figure.bbox.width / figure.dpi - _LEFT - _RIGHT
    _name_corners(axes, plane.corners, height_in(1, across), width)
    _key(axes, plane.clouds, up)


def _with_strips(limits: Limits) -> Limits:
    room = (limits[1] / limits[0]) ** (_STRIP / (1 - 2 * _STRIP))
    return limits[0] / room, limits[1] * room


def _draw_cloud(axes: Axes, cloud: Cloud, limits: tuple[Limits, Limits]) -> None:
    across = [arms(x, limits[0]) for x, _ in cloud.spots]
    up = [arms(y, limits[1]) for _, y in cloud.spots]
    axes.errorbar(
        [x.estimate for x, _ in cloud.spots],
        [y.estimate for _, y in cloud.spots],
        xerr=([low for low, _ in across], [high for _, high in across]),
        yerr=([low for low, _ in up], [high for _, high in up]),
        color=COLOURS[cloud.style],
        marker=MARKERS[cloud.shape],
        markersize=5,
        linestyle="none",
        elinewidth=1.1,
        alpha=0.8,
    )


def _name_corners(
    axes: Axes, corners: tuple[str, str, str, str], cut: float, width: float
) -> None:
    """In the corners that are wide enough for their words; `cut` is where 1 stands."""
    for index, words in enumerate(corners):
        right = index % 2 == 1
        room = width * (1 - cut if right else cut)
        if room < _LETTER * max(map(len, words.split("\n"))) + 0.1:
            continue
        axes.text(
            0.985 if right else 0.015,
            0.985 if index < 2 else 0.015,
            words,
            color="#888888",
            transform=axes.transAxes,
            horizontalalignment="right" if right else "left",
            verticalalignment="top" if index < 2 else "bottom",
            fontsize=8.5,
            fontstyle="italic",
        )


def _key(axes: Axes, clouds: Sequence[Cloud], up: Limits) -> None:
    """A name beside each cloud, as high as its middle, moved apart as lines' are."""
    middles = {
        cloud: fmean(height_in(y.estimate, up) for _, y in cloud.spots)
        for cloud in clouds
    }
    ordered = sorted(clouds, key=middles.__getitem__)
    heights = spread([middles[cloud] for cloud in ordered], 0.075)
    for height, cloud in zip(heights, ordered, strict=True):
        axes.plot(
            [1.05],
            [height],
            color=COLOURS[cloud.style],
            marker=MARKERS[cloud.shape],
            markersize=5,
            linestyle="none",
            transform=axes.transAxes,
            clip_on=False,
        )
        axes.text(
            1.085,
            height,
            shorten(cloud.label, _LONGEST),
            color=COLOURS[cloud.style],
            transform=axes.transAxes,
            verticalalignment="center",
            fontweight="bold",
            fontsize=8,
        )
