"""The answer of a run in at most 20 lines."""

import math
from collections import Counter
from collections.abc import Iterator

from rnnbench.analysis.labels import pair_label
from rnnbench.analysis.ratio import Ratio, ratios
from rnnbench.model.formatting import align
from rnnbench.model.metric import TIME
from rnnbench.model.run import Run
from rnnbench.report.view import RatioGroup, view

_MOST_GROUPS, _MOST_RATIOS = 6, 10


def short_answer(run: Run) -> list[str]:
    """The answer in words, then the ratios that are furthest from 1."""
    lines = [*_sentences(run), ""]
    found = [ratio for ratio in ratios(run) if ratio.metric is TIME]
    found.sort(key=lambda ratio: -abs(math.log(ratio.interval.estimate)))
    if found:
        lines += align([_row(ratio) for ratio in found[:_MOST_RATIOS]])
    if (left := len(found) - _MOST_RATIOS) > 0:
        lines.append(f"... and {left} more ratios on the page")
    return lines


def _sentences(run: Run) -> Iterator[str]:
    found = view(run)
    yield run.sweep.question
    groups = found.groups_of(found.main) if found.main else found.groups[:_MOST_GROUPS]
    for group in groups[:_MOST_GROUPS]:
        yield _sentence(group)
    counts = Counter(str(result.status) for result in run.results)
    ended = ", ".join(f"{count} {status}" for status, count in counts.items())
    yield f"{len(run.results)} cases: {ended}"


def _sentence(group: RatioGroup) -> str:
    label = pair_label(group.ratios[0].pair)
    wins, losses = group.wins
    mean = "" if group.mean is None else f" {group.mean.estimate:.2f} on average:"
    return (
        f"{label}, {group.conditions}:{mean} faster at {wins}, slower at {losses} of "
        f"{len(group.ratios)} sizes"
    )


def _row(ratio: Ratio) -> tuple[str, ...]:
    interval = ratio.interval
    ends = ""
    if math.isfinite(interval.high):
        ends = f"{interval.low:.3f} to {interval.high:.3f}"
    name = pair_label(ratio.pair)
    return f"{interval.estimate:.3f}", ends, str(ratio.verdict), name, ratio.workload
