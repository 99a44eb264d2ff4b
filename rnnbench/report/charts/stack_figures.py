"""Stacked bars of profiles: time by kind of operator, and memory by what it holds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes

from rnnbench.analysis.labels import SIZES, conditions_of, layer_name
from rnnbench.model.case import Case
from rnnbench.model.errors import ResultsError
from rnnbench.model.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.model.profile import MemoryPart, Profile
from rnnbench.report.charts.figure import Drawing, Key, head, with_off, write
from rnnbench.report.tokens import DIM, INK, KINDS, PARTS, Colour
from rnnbench.report.view import RunView

# Workloads that fit on a page of paper.
_MOST_PANELS = 6


@dataclass(frozen=True, slots=True)
class Stacking:
    """The metric of bars, the parts of a profile, their colours, and what is added."""

    metric: Metric
    parts: Callable[[Profile], Iterable[tuple[str, float]]]
    colours: Mapping[str, Colour]
    adds: Callable[[Profile], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class ProfileBar:
    """A profiled case: its parts, in the order of the key, and their sum."""

    case: Case
    parts: Mapping[str, float]
    total: float
    says: str


def operators(view: RunView) -> Drawing:
    """Time of one profiled call by kind of operator, for each layer of a workload."""
    return _drawing(
        view,
        Stacking(TIME, lambda profile: profile.kinds, KINDS, _count),
        title="Where the time of one call goes",
        caption="One call under the profiler, which slows it, by kind of operator. At "
        "the right: its time, and how many operators it ran.",
    )


def memory_parts(view: RunView) -> Drawing:
    """Memory that is held at the peak of one call, by what it is held for."""
    return _drawing(
        view,
        Stacking(PEAK_MEMORY, lambda profile: profile.memory, PARTS),
        title="What memory is held for at the peak of one call",
        caption="All memory in use at that moment, weights and input included.",
    )


def _count(profile: Profile) -> str:
    return f", {sum(each.calls for each in profile.operators):,} operators"


def _drawing(view: RunView, stacking: Stacking, *, title: str, caption: str) -> Drawing:
    groups = list(_groups(view, stacking).values())
    if not groups:
        raise ResultsError("this run has no profiles; the sweep 'quick' takes some")
    most = max(map(len, groups))
    full = [group for group in groups if len(group) == most]
    # Evenly from the first to the last.
    step = max(1.0, (len(full) - 1) / (_MOST_PANELS - 1))
    shown = [full[round(n * step)] for n in range(min(len(full), _MOST_PANELS))]
    bars = [bar for group in shown for bar in group]
    return Drawing(
        title=title,
        caption=f"{caption} {len(shown)} of {len(groups)} profiled workloads.",
        panel=(8.0, 0.3 * most + 0.85),
        rows=tuple((partial(_draw, bars=part, stacking=stacking),) for part in shown),
        key=tuple(
            Key(name, colour.light)
            for name, colour in stacking.colours.items()
            if any(bar.parts[name] for bar in bars)
        ),
    )


def _groups(view: RunView, stacking: Stacking) -> dict[str, list[ProfileBar]]:
    """The bars of each workload."""
    groups: dict[str, list[ProfileBar]] = {}
    for each in view.cases:
        profile = each.result.profile
        if profile is None:
            continue
        parts = dict.fromkeys(stacking.colours, 0.0)
        for name, size in stacking.parts(profile):
            parts[name if name in parts else MemoryPart.OTHER] += size
        total = sum(parts.values())
        if total > 0:
            says = f"{stacking.metric.format(total)}{stacking.adds(profile)}"
            bar = ProfileBar(each.case, parts, total, says)
            groups.setdefault(each.result.workload, []).append(bar)
    return groups


def _draw(axes: Axes, *, bars: Sequence[ProfileBar], stacking: Stacking) -> None:
    factor, unit = stacking.metric.scale(max(bar.total for bar in bars))
    places = range(len(bars))
    starts = [0.0] * len(bars)
    for name, colour in stacking.colours.items():
        sizes = [bar.parts[name] / factor for bar in bars]
        axes.barh(places, sizes, 0.7, starts, color=colour.light, ec=DIM.light, lw=0.4)
        starts = [start + size for start, size in zip(starts, sizes, strict=True)]
    axes.set_xlim(0, max(starts))
    axes.set_ylim(len(bars) - 0.5, -0.5)
    names = [with_off(layer_name(bar.case.layer), bar.case) for bar in bars]
    axes.set_yticks(places, names, color=INK.light)
    axes.grid(visible=False, axis="y")
    there = conditions_of(bars[0].case)
    of_layer = (f"{axis} {getattr(bars[0].case, axis)}" for axis in SIZES)
    title = ", ".join([there.phase_words, *there.extra_words])
    head(axes, title, ", ".join(of_layer))
    axes.set_xlabel(unit, labelpad=1)
    for place, bar in enumerate(bars):
        beside = axes.get_yaxis_transform()
        write(axes, (1, place), (8, 0), bar.says, xycoords=beside)
