"""What of a GRU/LSTM ratio is the cell's doing, and what the backend's."""

import math
from collections.abc import Sequence

from rnnbench.analysis.attribution import Attribution, attribute
from rnnbench.analysis.labels import plain_setting, span, words
from rnnbench.analysis.ratio import Ratio, Verdict, judge
from rnnbench.model.case import Device
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.report.content import Block, Listing, Text

# Settings that somebody reads of.
_SPOKEN = 12
_EXPLAINED = {
    "oneDNN": "Of the layers the LSTM alone has a fused oneDNN kernel.",
    "cuDNN": "cuDNN has fused kernels for both.",
}


def attributions(found: Sequence[Ratio]) -> tuple[Block, ...]:
    """A paragraph for each setting and phase that was measured both ways."""
    groups: dict[str, list[Ratio]] = {}
    for ratio in found:
        if ratio.pair.is_gru_to_lstm:
            groups.setdefault(_where(ratio), []).append(ratio)
    items = [
        Text(_sentence(part, attribute(group, PEAK_MEMORY)), where)
        for where, group in groups.items()
        if (part := attribute(group))
    ]
    if not items:
        return ()
    opening = (
        "How much of the ratio GRU/LSTM is the cell's doing, and how much the "
        "backend's: the ratio as a user gets it, beside the ratio on the same code."
    )
    blocks: list[Block] = [Text(opening), Listing(tuple(items[:_SPOKEN]))]
    if (more := len(items) - _SPOKEN) > 0:
        blocks.append(
            Text(f"{more} more settings are not told; the tables have their ratios.")
        )
    return tuple(blocks)


def _where(ratio: Ratio) -> str:
    case = ratio.pair.baseline
    switch = "cudnn" if case.device is Device.CUDA else "onednn"
    equal = ", at equal parameters" if ratio.pair.candidate.parameters_of else ""
    return f"{plain_setting(case, switch)}{equal}, {words('phase', case.phase)}"


def _sentence(time: Attribution, memory: Attribution | None) -> str:
    mean = f"On average over {time.count} sizes, with" if time.count > 1 else "With"
    text = (
        f"{mean} {time.switch} on a GRU takes {span(time.default)} times the time of "
        f"an LSTM, with {time.switch} off {span(time.alike)} times. The backend's "
        f"part is a factor of {span(time.backend)}{_follows(time)}. "
        f"{_EXPLAINED[time.switch]}"
    )
    if memory:
        text += (
            f" Peak memory: {span(memory.default)} times with it on, "
            f"{span(memory.alike)} times with it off."
        )
    return text


def _follows(time: Attribution) -> str:
    """What the three numbers say together, where they say something."""
    default, alike = judge(time.default), judge(time.alike)
    sides = {Verdict.FASTER, Verdict.SLOWER}
    if {default, alike} == sides:
        return ": it turns the order of the two around"
    cell, whole = math.log(time.alike.estimate), math.log(time.default.estimate)
    if default is alike and default in sides and 0 < cell / whole < 1:
        return f", {1 - cell / whole:.0%} of the difference (in logarithms)"
    if default in sides and alike in (Verdict.TIE, Verdict.UNDECIDED):
        return ": on the same code no difference is left that can be told"
    return ""
