"""GRU or LSTM: the sentences and the table that a reader came for."""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median

from rnnbench.analysis.labels import SIZES, layer_name, nominal, setting, span, words
from rnnbench.analysis.ratio import Ratio, Verdict, pooled
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import FAILED, MEASURED, Run
from rnnbench.report.content import (
    Block,
    Listing,
    Section,
    Text,
)
from rnnbench.report.sections.decision import decisions
from rnnbench.report.sections.tones import sentence

# An answer is read in one breath; the tables below it hold the other settings.
_SPOKEN = 8
_SHORT = 3
_WINNERS = {Verdict.FASTER: "GRU", Verdict.SLOWER: "LSTM"}


def answer(run: Run, found: Sequence[Ratio]) -> Section:
    """What the run says, in sentences, with a table of decisions for each setting."""
    pairs = [ratio for ratio in found if ratio.pair.is_gru_to_lstm]
    times = [ratio for ratio in pairs if ratio.metric is TIME]
    if not times:
        return Section("answer", "The answer", (Text(_no_answer(run)),))
    memory = by_place([ratio for ratio in pairs if ratio.metric is PEAK_MEMORY])
    spoken = [
        Text(_sentence(part, memory.get(place, ())), place)
        for place, part in by_place(times).items()
    ]
    blocks: list[Block] = [Text(_in_short(times)), Listing(tuple(spoken[:_SPOKEN]))]
    if len(spoken) > _SPOKEN:
        rest = len(spoken) - _SPOKEN
        blocks.append(Text(f"{rest} more settings are in the tables below."))
    blocks.append(Text(_how_sure(times)))
    for name, part in by_setting(times).items():
        blocks += decisions(name, part)
    return Section("answer", "The answer", tuple(blocks))


def by_setting(found: Sequence[Ratio]) -> dict[str, list[Ratio]]:
    """Ratios of two layers by where and how they ran, and at which equality."""
    groups: dict[str, list[Ratio]] = {}
    for ratio in found:
        equal = ", at equal parameters" if ratio.pair.candidate.parameters_of else ""
        groups.setdefault(f"{setting(ratio.pair.baseline)}{equal}", []).append(ratio)
    return groups


def by_phase(found: Sequence[Ratio]) -> dict[str, list[Ratio]]:
    """Ratios by the phase of both, in words."""
    groups: dict[str, list[Ratio]] = {}
    for ratio in found:
        phase = words("phase", ratio.pair.baseline.phase)
        groups.setdefault(phase, []).append(ratio)
    return groups


def by_place(found: Sequence[Ratio]) -> dict[str, list[Ratio]]:
    """Ratios by setting and phase."""
    return {
        f"{name}, {phase}": part
        for name, whole in by_setting(found).items()
        for phase, part in by_phase(whole).items()
    }


def _no_answer(run: Run) -> str:
    measured = {one.case.layer for one in run.results if one.status in MEASURED}
    failed = sum(one.status in FAILED for one in run.results)
    text = (
        "This run holds no GRU and LSTM that were measured side by side, so it does "
        "not say which is faster."
    )
    if not measured:
        ends = f", and {failed} failed" if failed else ""
        return f"{text} Of its {len(run.results)} cases none was measured{ends}."
    return f"{text} It measured: {', '.join(sorted(map(layer_name, measured)))}."


def _in_short(times: Sequence[Ratio]) -> str:
    """One number for each setting, over all that was measured there."""
    means = {name: pooled(part) for name, part in by_setting(times).items()}
    parts = [f"on {name}: {span(mean)}" for name, mean in means.items() if mean]
    if not parts or len(parts) < len(means) or len(parts) > _SHORT:
        return f"GRU against LSTM, over {len(times)} pairs:"
    over = ", on average" if len(times) > len(parts) else ""
    return f"Time of a GRU as a multiple of an LSTM's{over}, {'; '.join(parts)}."


def _sentence(times: Sequence[Ratio], memory: Sequence[Ratio]) -> str:
    """Who is faster, at how many sizes, by how much, from where on; and memory."""
    text = sentence(
        f"{_verdicts(times)}{_boundary(times)}. A GRU takes {_range(times)} times"
    )
    mean = pooled(times) if len(times) > 1 else None
    middle = f", on average {span(mean)} times" if mean else ""
    text = f"{text}{middle} the time of an LSTM."
    if memory:
        text += f" Peak memory of its call: {_range(memory)} times an LSTM's."
    return text


def _verdicts(group: Sequence[Ratio]) -> str:
    counts = Counter(ratio.verdict for ratio in group).most_common()
    if len(group) == 1:
        return _says(group[0].verdict)
    if len(counts) == 1:
        return f"{_says(counts[0][0])} at all {len(group)} sizes"
    parts = ", ".join(f"{_says(verdict)} at {count}" for verdict, count in counts)
    return f"Of {len(group)} sizes {parts}"


def _says(verdict: Verdict) -> str:
    if verdict in _WINNERS:
        return f"the {_WINNERS[verdict]} is faster"
    return "they tie" if verdict is Verdict.TIE else "it is undecided"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _range(group: Sequence[Ratio]) -> str:
    ordered = sorted(group, key=lambda ratio: ratio.interval.estimate)
    least, most = span(ordered[0].interval), span(ordered[-1].interval)
    return least if least == most else f"{least} to {most}"


def _boundary(group: Sequence[Ratio]) -> str:
    """From which size on one layer is always faster; the largest alone is no trend."""
    if len({ratio.verdict for ratio in group}) < 2:
        return ""
    for axis in SIZES:
        values = sorted({nominal(ratio.pair.baseline, axis) for ratio in group})
        for edge in values[1:-1]:
            beyond = {
                ratio.verdict
                for ratio in group
                if nominal(ratio.pair.baseline, axis) >= edge
            }
            if len(beyond) == 1 and (winner := _WINNERS.get(*beyond)):
                return f"; from {axis} {edge} on always the {winner}"
    return ""


def _how_sure(times: Sequence[Ratio]) -> str:
    counts = [ratio.interval.count for ratio in times]
    if min(counts) < 2:
        return "Some ratios are of one launch: no interval, so they decide nothing."
    widths = [ratio.interval.half_width / ratio.interval.estimate for ratio in times]
    launches = f"{min(counts)}"
    if min(counts) != max(counts):
        launches += f" to {max(counts)}"
    widest = max(widths)
    reach = _percent(widest) if math.isfinite(widest) else "without bound"
    return (
        f"In brackets: 95 % intervals over {launches} launches (fresh processes). "
        f"Half of their width is {_percent(median(widths))} of the ratio in the "
        f"median, {reach} at the widest. They speak of the machine as it was in the "
        "minutes of this run. A tie is an interval within 2 % of 1; undecided is one "
        "that holds 1 and is wider. An average is the geometric mean over the sizes of "
        "this run."
    )
