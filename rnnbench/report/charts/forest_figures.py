"""Forest plots: the page's own, for paper."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from matplotlib.axes import Axes

from rnnbench.analysis.labels import layer_name
from rnnbench.model.errors import ResultsError
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.report.charts.figure import Drawing, Key, layer_key, plain, scatter, write
from rnnbench.report.forest import Forest, ForestRow
from rnnbench.report.sections.forests import main_forest, settings_forest
from rnnbench.report.tokens import COLOURS, DIM, INK, MARKERS, WASHES, Hue
from rnnbench.report.view import Contrast, RunView

_ROW = 0.36  # inches
# Of a row: how far apart the lowest and the highest dot are, and two means.
_LANES, _MEANS = 0.6, 0.22


def forest(view: RunView) -> Drawing:
    """Time of one layer over another's: a dot for each size, a diamond for the mean."""
    ours, theirs = map(layer_name, main_contrast(view).layers)
    drawn = main_forest(view, TIME, {})
    if drawn is None:
        raise ResultsError("this run compares no two layers side by side")
    return Drawing(
        title=f"Time per call, {ours} ÷ {theirs}",
        caption=f"Time per call of {ours} divided by that of {theirs}, measured side "
        "by side. A dot is one size, coloured by the faster layer; a diamond is their "
        "geometric mean, its bar the 95 % interval. Log scale.",
        panel=(8.2, forest_height(drawn)),
        rows=((partial(draw_forest, drawn=drawn),),),
    )


def knobs(view: RunView) -> Drawing:
    """Time and memory of each setting over its plain twin's: a mark for each layer."""
    time, memory = (settings_forest(view, each, "") for each in (TIME, PEAK_MEMORY))
    if time is None:
        raise ResultsError(
            "this run compares layers only; the sweep 'knobs' compares settings"
        )
    layers = [each.layers[0] for each in view.contrasts if not each.is_of_layers]
    names = [_labels(each) for each in (time, memory or time)]
    panels = [partial(draw_forest, drawn=time, title="Time")]
    if memory:
        is_aligned = names[0] == names[1]
        draw = partial(draw_forest, drawn=memory, title="Peak memory")
        panels.append(partial(draw, has_labels=not is_aligned))
    return Drawing(
        title="Cost of each setting, against the same layer without it",
        caption="A mark is the geometric mean over sizes, its bar the 95 % interval; "
        "memory is read without noise. At the right: the range over layers. Log scale.",
        panel=(6.0, max(forest_height(time), forest_height(memory or time)) + 0.2),
        rows=(tuple(panels),),
        key=tuple(map(layer_key, dict.fromkeys(layers))),
    )


def main_contrast(view: RunView) -> Contrast:
    """The pair of layers that the run is about; ResultsError where there is none."""
    if view.main is None or not view.groups_of(view.main, TIME):
        raise ResultsError("this run compares no two layers side by side")
    return view.main


def forest_height(drawn: Forest) -> float:
    """Inches that the rows of a forest need."""
    return _ROW * len(list(_lines(drawn))) + 0.6


def _lines(drawn: Forest) -> Iterator[ForestRow | str]:
    """Headings and rows from the top down; dense rows stand without headings."""
    for row in drawn.rows:
        if row.head and not drawn.is_dense:
            yield f"{row.head}, {row.note}" if row.note else row.head
        yield row


def _labels(drawn: Forest) -> list[str]:
    """A label for each line; dense rows have their heading in it."""
    return [
        plain(row if isinstance(row, str) else _label(row, is_dense=drawn.is_dense), 44)
        for row in _lines(drawn)
    ]


def _label(row: ForestRow, *, is_dense: bool) -> str:
    return f"{row.head}: {row.label}" if is_dense and row.head else row.label


def draw_forest(
    axes: Axes, *, drawn: Forest, title: str = "", has_labels: bool = True
) -> None:
    """Draw a forest plot; `has_labels`: the names of its rows stand at the left."""
    lines = list(_lines(drawn))
    axes.set_xlim(0, 100)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_title(title, pad=20)
    axes.set_xticks(
        [tick.x for tick in drawn.ticks], [one.label for one in drawn.ticks]
    )
    axes.axvline(drawn.one, color=INK.light, linewidth=1.2)
    above: dict[str, Any] = {"xycoords": axes.get_xaxis_transform(), "weight": "bold"}
    (low, low_hue), (high, high_hue) = drawn.low, drawn.high
    for hue, edge in ((low_hue, 0), (high_hue, 100)):
        if hue in WASHES:
            axes.axvspan(edge, drawn.one, color=WASHES[hue].light, lw=0, zorder=0)
    top, ink = (drawn.one, 1), _ink(low_hue)
    write(axes, top, (-6, 6), f"◀ {low}", c=ink, ha="right", **above)
    write(axes, top, (6, 6), f"{high} ▶", c=_ink(high_hue), **above)
    _draw_labels(axes, lines, _labels(drawn) if has_labels else [""] * len(lines))
    for place, row in enumerate(lines):
        if isinstance(row, ForestRow):
            _draw_row(axes, place, row, is_dense=drawn.is_dense)


def _draw_labels(axes: Axes, lines: list[ForestRow | str], labels: list[str]) -> None:
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_yticks(range(len(labels)), labels, color=INK.light)
    for row, label in zip(lines, axes.get_yticklabels(), strict=True):
        label.set_fontweight("bold" if isinstance(row, str) else "normal")


def _draw_row(axes: Axes, place: int, row: ForestRow, *, is_dense: bool) -> None:
    if row.span:
        axes.plot(row.span, [place, place], color=COLOURS[Hue.EVEN].light, lw=0.7)
    for hue in dict.fromkeys(dot.hue for dot in row.dots):
        dots = [dot for dot in row.dots if dot.hue is hue]
        points = [(dot.x, place + _LANES * (dot.y - 50) / 50) for dot in dots]
        key = Key("", COLOURS[hue].light, "o")
        scatter(axes, points, key, s=28, alpha=0.45, linewidths=0, zorder=2)
    for number, mark in enumerate(row.marks):
        low = mark.x if mark.low is None else mark.low
        high = mark.x if mark.high is None else mark.high
        axes.errorbar(
            [mark.x],
            [place + _MEANS * (number - (len(row.marks) - 1) / 2)],
            xerr=([mark.x - low], [high - mark.x]),
            color=COLOURS[mark.hue].light,
            marker=MARKERS[mark.hue] if is_dense else "D",
            markersize=5.5 if is_dense else 9,
            markeredgecolor="white",
            elinewidth=1.8,
            zorder=4,
        )
    beside = axes.get_yaxis_transform()
    value = f"{row.value} ({row.limits})" if row.limits else row.value
    off = 6 if row.says else 0
    write(axes, (1, place), (8, off), value, xycoords=beside, weight="bold")
    write(axes, (1, place), (8, -6), row.says, c=_ink(row.hue), xycoords=beside)


def _ink(hue: Hue) -> str:
    return DIM.light if hue is Hue.EVEN else COLOURS[hue].light
