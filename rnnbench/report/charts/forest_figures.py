"""Forest plots: ratios of two layers by setting, and what each setting costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes

from rnnbench.analysis.labels import layer_name, limits, words
from rnnbench.analysis.ratio import judge
from rnnbench.analysis.stats import Interval
from rnnbench.model.errors import ResultsError
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.report.charts.figure import Drawing, layer_key, plain, write
from rnnbench.report.charts.log_scale import arms, ratio_axis
from rnnbench.report.tokens import COLOURS, DIM, INK, MARKERS, WASHES, Hue, hue_of
from rnnbench.report.view import (
    FOR_BASELINE,
    FOR_CANDIDATE,
    Contrast,
    RatioGroup,
    RunView,
)

# Rows that fit on a page of paper.
_MOST_ROWS = 36
_ROW = 0.36  # inches

Mark = tuple[Interval, Hue]


@dataclass(frozen=True, slots=True)
class ForestRow:
    """A line of a forest: small dots, means with their intervals, words at the right.

    `decided`: the hue of the layer that `says` names.
    """

    label: str
    dots: tuple[Mark, ...] = ()
    means: tuple[Mark, ...] = ()
    value: str = ""
    says: str = ""
    decided: Hue = Hue.EVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Rows under headings; what lies left and right of 1, and whose side it is."""

    parts: dict[str, list[ForestRow]]
    sides: tuple[str, str]
    hues: tuple[Hue, Hue] = (Hue.EVEN, Hue.EVEN)
    title: str = ""
    is_labelled: bool = True

    @property
    def rows(self) -> list[ForestRow | str]:
        """Headings and rows from the top down."""
        rows: list[ForestRow | str] = []
        for heading, part in self.parts.items():
            rows.append(heading)
            rows.extend(part)
        return rows


def forest(view: RunView) -> Drawing:
    """Time of one layer over another's: a dot for each size, a diamond for the mean."""
    contrast = main_contrast(view)
    ours, theirs = map(layer_name, contrast.layers)
    hues = (hue_of(contrast.layers[0]), hue_of(contrast.layers[1]))
    parts: dict[str, list[ForestRow]] = {}
    for group in view.groups_of(contrast, TIME)[:_MOST_ROWS]:
        there = group.conditions
        default = " (default)" if there.backend else ""
        heading = f"{there.backend_words or words('device', there.device)}{default}"
        parts.setdefault(heading, []).append(_row(group, hues))
    drawn = Forest(parts=parts, sides=(f"{ours} faster", f"{theirs} faster"), hues=hues)
    return Drawing(
        title=f"Time per call, {ours} ÷ {theirs}",
        caption=f"Time per call of {ours} divided by that of {theirs}, measured side "
        "by side. A dot is one size, coloured by the faster layer; a diamond is their "
        "geometric mean, its bar the 95 % interval. Log scale.",
        panel=(8.2, _ROW * len(drawn.rows) + 0.6),
        rows=((partial(_draw, drawn=drawn),),),
    )


def knobs(view: RunView) -> Drawing:
    """Time and memory of each setting over its plain twin's: a mark for each layer."""
    others = [each for each in view.contrasts if not each.is_of_layers]
    groups = [group for each in others for group in view.groups_of(each, TIME)]
    if not groups:
        raise ResultsError(
            "this run compares layers only; the sweep 'knobs' compares settings"
        )
    memory = [group for each in others for group in view.groups_of(each, PEAK_MEMORY)]
    names = list(dict.fromkeys(map(_knob, groups)))[:_MOST_ROWS]
    forests = [
        Forest(
            parts=_knob_rows(names, part),
            sides=("costs less", "costs more"),
            title=title,
            is_labelled=part is groups,
        )
        for title, part in (("Time", groups), ("Peak memory", memory))
        if part
    ]
    return Drawing(
        title="Cost of each setting, against its plain twin",
        caption="Each row divides a setting by another one of the same layer and size. "
        "A mark is the geometric mean over sizes, its bar the 95 % interval; memory "
        "is read without noise. Log scale.",
        panel=(4.6, _ROW * len(forests[0].rows) + 0.6),
        rows=(tuple(partial(_draw, drawn=each) for each in forests),),
        key=tuple(map(layer_key, dict.fromkeys(each.layers[0] for each in others))),
    )


def main_contrast(view: RunView) -> Contrast:
    """The pair of layers that the run is about; ResultsError where there is none."""
    if view.main is None:
        raise ResultsError("this run compares no two layers side by side")
    return view.main


def _row(group: RatioGroup, hues: tuple[Hue, Hue]) -> ForestRow:
    there, mean, count = group.conditions, group.mean, len(group.ratios)
    wins, layer = max(zip(group.wins, group.contrast.layers, strict=True))
    says, decided = f"depends on the size ({count})", Hue.EVEN
    if 2 * wins > count:
        says, decided = (
            f"{layer_name(layer)} faster at {wins} of {count}",
            hue_of(layer),
        )
    return ForestRow(
        ", ".join(filter(None, (there.phase_words, *there.extra_words))),
        tuple((each.interval, _hue(each.verdict, hues)) for each in group.ratios),
        ((mean, _hue(judge(mean), hues)),) if mean else (),
        f"{significant(mean.estimate)}× ({limits(mean)})" if mean else "no mean",
        says,
        decided,
    )


def _hue(verdict: str, hues: tuple[Hue, Hue]) -> Hue:
    """The hue of the layer that a ratio is decided for."""
    if verdict in FOR_CANDIDATE:
        return hues[0]
    return hues[1] if verdict in FOR_BASELINE else Hue.EVEN


def _knob(group: RatioGroup) -> tuple[str, str]:
    """A heading and a label: where, and what is divided by what."""
    contrast, there = group.contrast, group.conditions
    over = words(contrast.axis, contrast.candidate)
    under = words(contrast.axis, contrast.baseline)
    backend = there.backend_words if there.backend is False else ""
    extras = filter(None, (backend, *there.extra_words))
    return there.phase_words, ", ".join([f"{over} ÷ {under}", *extras])


def _knob_rows(
    names: Sequence[tuple[str, str]], groups: Sequence[RatioGroup]
) -> dict[str, list[ForestRow]]:
    """A row for each name, with or without marks: panels side by side are aligned."""
    marks: dict[tuple[str, str], list[Mark]] = {}
    for group in groups:
        if group.mean:
            mark = (group.mean, hue_of(group.contrast.layers[0]))
            marks.setdefault(_knob(group), []).append(mark)
    parts: dict[str, list[ForestRow]] = {}
    for name in names:
        row = ForestRow(name[1], means=tuple(marks.get(name, ())))
        parts.setdefault(name[0], []).append(row)
    return parts


def _draw(axes: Axes, *, drawn: Forest) -> None:
    rows = [each for part in drawn.parts.values() for each in part]
    every = [mark for row in rows for mark in (*row.dots, *row.means)]
    scale = ratio_axis(axes, "x", [interval.estimate for interval, _ in every])
    axes.set_ylim(len(drawn.rows) - 0.5, -0.5)
    axes.set_title(drawn.title, pad=20)
    axes.axvline(1, color=INK.light, linewidth=1.2)
    for hue, edge in zip(drawn.hues, scale, strict=True):
        if hue in WASHES:
            axes.axvspan(edge, 1, color=WASHES[hue].light, lw=0, zorder=0)
    left, right = (plain(side, 30) for side in drawn.sides)
    style = {"xycoords": axes.get_xaxis_transform(), "weight": "bold"}
    colour = _ink(drawn.hues[0])
    write(axes, (1, 1), (-6, 6), f"◀ {left}", c=colour, ha="right", **style)
    write(axes, (1, 1), (6, 6), f"{right} ▶", c=_ink(drawn.hues[1]), **style)
    _draw_labels(axes, drawn)
    for place, row in enumerate(drawn.rows):
        if isinstance(row, ForestRow):
            _draw_row(axes, place, row, scale)


def _draw_labels(axes: Axes, drawn: Forest) -> None:
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    labels = [row if isinstance(row, str) else row.label for row in drawn.rows]
    texts = [plain(label, 44) if drawn.is_labelled else "" for label in labels]
    axes.set_yticks(range(len(texts)), texts, color=INK.light)
    for row, label in zip(drawn.rows, axes.get_yticklabels(), strict=True):
        label.set_fontweight("bold" if isinstance(row, str) else "normal")


def _draw_row(
    axes: Axes, place: int, row: ForestRow, scale: tuple[float, float]
) -> None:
    values = [interval.estimate for interval, _ in row.dots]
    if values:
        ends = [min(values), max(values)]
        axes.plot(ends, [place, place], color=COLOURS[Hue.EVEN].light, linewidth=0.7)
        colours = [COLOURS[hue].light for _, hue in row.dots]
        level = [place] * len(values)
        axes.scatter(values, level, s=28, c=colours, alpha=0.45, lw=0, zorder=2)
    for number, (mean, hue) in enumerate(row.means):
        axes.errorbar(
            [mean.estimate],
            [place + 0.22 * (number - (len(row.means) - 1) / 2)],
            xerr=arms([mean], scale),
            color=COLOURS[hue].light,
            marker="D" if row.dots else MARKERS[hue],
            markersize=9 if row.dots else 5.5,
            markeredgecolor="white",
            elinewidth=1.8,
            zorder=4,
        )
    beside = axes.get_yaxis_transform()
    write(axes, (1, place), (8, 6), row.value, xycoords=beside, weight="bold")
    write(axes, (1, place), (8, -6), row.says, c=_ink(row.decided), xycoords=beside)


def _ink(hue: Hue) -> str:
    return DIM.light if hue is Hue.EVEN else COLOURS[hue].light
