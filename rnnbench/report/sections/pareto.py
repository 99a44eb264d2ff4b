"""Time against memory: what a workload gains of one for what it pays of the other."""

from collections.abc import Sequence

from rnnbench.analysis.labels import layer_name, words
from rnnbench.analysis.ratio import Ratio
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Phase
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.report.content import Chart, Cloud, Plane
from rnnbench.report.sections.answer import by_setting
from rnnbench.report.sections.tones import style_of

_MOST_PLANES = 6
_CORNERS = (
    "faster,\nmore memory",
    "slower,\nmore memory",
    "faster,\nless memory",
    "slower,\nless memory",
)


def pareto_chart(found: Sequence[Ratio]) -> Chart | None:
    """A plane for each setting, a point for each workload and layer; the LSTM is 1."""
    planes = [
        Plane(name, "time ÷ LSTM", "peak memory ÷ LSTM", clouds, _CORNERS)
        for name, group in by_setting(found).items()
        if (clouds := _clouds(group))
    ]
    if not planes:
        return None
    more = len(planes) - _MOST_PLANES
    rest = f" {more} more settings are not drawn." if more > 0 else ""
    return Chart(
        "pareto",
        "Time against memory: each layer as a multiple of the LSTM of its workload",
        "A point is a workload. Left of 1 the layer is faster than the LSTM, below 1 "
        "it takes less memory. Bars: 95 % intervals of time; memory is read once, "
        f"without noise.{rest}",
        tuple(planes[:_MOST_PLANES]),
    )


def _clouds(group: Sequence[Ratio]) -> tuple[Cloud, ...]:
    memory = {one.pair: one.interval for one in group if one.metric is PEAK_MEMORY}
    phases = list(dict.fromkeys(one.pair.baseline.phase for one in group))
    spots: dict[tuple[str, Phase], list[tuple[Interval, Interval]]] = {}
    for ratio in group:
        if ratio.metric is TIME and ratio.pair in memory:
            key = (ratio.pair.candidate.layer, ratio.pair.baseline.phase)
            spots.setdefault(key, []).append((ratio.interval, memory[ratio.pair]))
    return tuple(
        Cloud(
            f"{layer_name(layer)}, {words('phase', phase)}"
            if len(phases) > 1
            else layer_name(layer),
            style_of(layer),
            phases.index(phase),
            tuple(found),
        )
        for (layer, phase), found in spots.items()
    )
