"""Planes of points: time against memory, and the roofline."""

from collections.abc import Sequence
from functools import partial

from matplotlib.axes import Axes

from rnnbench.analysis.labels import layer_name, words
from rnnbench.analysis.roofline import Position, ridge
from rnnbench.model.case import Phase
from rnnbench.model.errors import ResultsError
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.profile import Ceiling
from rnnbench.report.charts.figure import Drawing, Key, layer_key, scatter
from rnnbench.report.charts.forest_figures import main_contrast
from rnnbench.report.charts.log_scale import log_axis, ratio_axis
from rnnbench.report.tokens import DIM, INK
from rnnbench.report.view import RunView

# Panels that fit on a page of paper.
_MOST_PANELS = 4
_GIGA = 1e9

# By layer and whether it is training: ratios of memory and of time.
Clouds = dict[tuple[str, bool], list[tuple[float, float]]]


def tradeoff(view: RunView) -> Drawing:
    """Time and peak memory of each layer as multiples of the baseline's."""
    baseline = main_contrast(view).layers[1]
    panels = list(_clouds(view, baseline).items())[:_MOST_PANELS]
    if not panels:
        raise ResultsError("no pair of layers has both a time and a peak memory")
    every = [
        point for _, clouds in panels for cloud in clouds.values() for point in cloud
    ]
    draw = partial(_draw_clouds, every=every, baseline=layer_name(baseline))
    layers = dict.fromkeys(layer for _, clouds in panels for layer, _ in clouds)
    training = Key("training", DIM.light, "o", is_hollow=True)
    return Drawing(
        title=f"Time against memory, as multiples of {layer_name(baseline)}'s",
        caption="A point is one size. A layer needs less memory at its peak left of 1, "
        "and less time below 1. Log scales.",
        panel=(4.2, 3.6),
        rows=(tuple(partial(draw, panel=panel) for panel in panels),),
        key=(*map(layer_key, layers), Key("inference", DIM.light, "o"), training),
    )


def roofline(view: RunView) -> Drawing:
    """Attained operations a second over operations for each byte, under the roof."""
    under: dict[Ceiling, list[Position]] = {}
    for each in view.cases:
        if isinstance(each.limit, Position):
            under.setdefault(each.limit.ceiling, []).append(each.limit)
    if not under:
        raise ResultsError(
            "this run measured no ceiling for its cases; a sweep that profiles does"
        )
    panels = list(under.items())[:_MOST_PANELS]
    layers = dict.fromkeys(each.case.layer for _, part in panels for each in part)
    return Drawing(
        title="Roofline",
        caption="A point is a case: what it attains, over the operations for each byte "
        "that it must move at least. The line is the best that this machine was "
        "measured to do: by its memory on the slope, by its arithmetic on the flat. "
        "Log scales.",
        panel=(6.6, 3.8),
        rows=tuple((partial(_draw_roof, panel=panel),) for panel in panels),
        key=tuple(map(layer_key, layers)),
    )


def _clouds(view: RunView, baseline: str) -> dict[str, Clouds]:
    """The points of each backend."""
    memory = {
        ratio.pair: ratio.interval.estimate
        for ratio in view.ratios
        if ratio.metric is PEAK_MEMORY
    }
    panels: dict[str, Clouds] = {}
    for group in view.groups:
        contrast, there = group.contrast, group.conditions
        is_mine = contrast.is_of_layers and contrast.layers[1] == baseline
        if not is_mine or group.metric is not TIME:
            continue
        points = [
            (memory[ratio.pair], ratio.interval.estimate)
            for ratio in group.ratios
            if ratio.pair in memory
        ]
        if points:
            heading = there.backend_words or words("device", there.device)
            name = (contrast.layers[0], there.phase is not Phase.INFERENCE)
            panels.setdefault(heading, {}).setdefault(name, []).extend(points)
    return panels


def _draw_clouds(
    axes: Axes,
    *,
    panel: tuple[str, Clouds],
    every: Sequence[tuple[float, float]],
    baseline: str,
) -> None:
    ratio_axis(axes, "x", [x for x, _ in every])
    ratio_axis(axes, "y", [y for _, y in every])
    axes.axhline(1, color=INK.light, linewidth=1)
    axes.axvline(1, color=INK.light, linewidth=1)
    axes.set_title(panel[0])
    axes.set_xlabel(f"peak memory ÷ {baseline}")
    axes.set_ylabel(f"time ÷ {baseline}")
    for (layer, is_training), points in panel[1].items():
        scatter(axes, points, layer_key(layer, "training" if is_training else ""))


def _draw_roof(axes: Axes, *, panel: tuple[Ceiling, list[Position]]) -> None:
    ceiling, positions = panel
    corner, flat = ridge(ceiling), ceiling.flops / _GIGA
    left, right = log_axis(axes, "x", [corner, *(one.intensity for one in positions)])
    log_axis(axes, "y", [flat, *(one.attained / _GIGA for one in positions)])
    axes.plot([left, corner, right], [flat * left / corner, flat, flat], c=INK.light)
    for layer in dict.fromkeys(one.case.layer for one in positions):
        mine = [one for one in positions if one.case.layer == layer]
        points = [(one.intensity, one.attained / _GIGA) for one in mine]
        scatter(axes, points, layer_key(layer))
    threads = words("threads", ceiling.threads)
    axes.set_title(f"{ceiling.device.upper()}, {ceiling.dtype}, {threads}")
    axes.set_xlabel("arithmetic intensity, FLOP/B")
    axes.set_ylabel("attained, GFLOP/s")
