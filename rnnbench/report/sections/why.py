"""Why: operators, memory, a timeline and the roofline, of what was profiled."""

from collections.abc import Sequence

from rnnbench.analysis.backend_check import Certainty, judge
from rnnbench.model.run import MEASURED, Run
from rnnbench.report.content import Block, Listing, Section, Text
from rnnbench.report.sections.operators import time_blocks
from rnnbench.report.sections.peak_parts import memory_blocks
from rnnbench.report.sections.profiled import Group, groups_of
from rnnbench.report.sections.roof import roof_blocks
from rnnbench.report.sections.timeline import timelines

# Pictures that somebody looks at, and that keep a page of a night under 3 MB.
_MOST_CHARTED = 6
_MOST_TIMELINES = 3
_MOST_NAMED = 20


def why(run: Run) -> Section | None:
    """What was profiled, and how far each case is from the machine's limit."""
    groups = groups_of(run)
    blocks: list[Block] = []
    if groups:
        charted = spread(groups, _MOST_CHARTED)
        blocks += [Text(_opening(run, groups, charted)), *_contradictions(run)]
        blocks += time_blocks(groups, charted)
        blocks += memory_blocks(groups, charted)
        blocks += timelines(spread(charted, _MOST_TIMELINES))
    blocks += roof_blocks(run)
    if not blocks:
        return None
    return Section("why", "Why: where the time and the memory go", tuple(blocks))


def spread(groups: Sequence[Group], most: int) -> list[Group]:
    """Some of the fullest groups, evenly from the first to the last of them."""
    fullest = max(len(group.members) for group in groups)
    full = [group for group in groups if len(group.members) == fullest]
    if len(full) <= most:
        return full
    return [full[round(n * (len(full) - 1) / (most - 1))] for n in range(most)]


def _opening(run: Run, groups: Sequence[Group], charted: Sequence[Group]) -> str:
    profiled = sum(len(group.members) for group in groups)
    text = (
        f"{profiled} of {len(run.results)} cases were profiled, in launches of "
        "their own: no timed call ran under a profiler."
    )
    if len(charted) < len(groups):
        text += (
            f" The charts show {len(charted)} of {len(groups)} workloads: of those "
            "with the most profiled members, evenly spaced in the run's order. The "
            "tables hold all of them."
        )
    return text


def _contradictions(run: Run) -> list[Block]:
    """Where another code ran than the rules say: shown before all else."""
    judged = [
        (result.case, judge(result.case, run.environment, result.profile))
        for result in run.results
        if result.status in MEASURED and result.profile
    ]
    wrong = [
        Text(found.sentence, case.id)
        for case, found in judged
        if found.certainty is Certainty.CONTRADICTED
    ]
    if not wrong:
        right = sum(found.certainty is Certainty.CONFIRMED for _, found in judged)
        text = f"The predicted code was seen in {right} of {len(judged)} profiles"
        return [Text(f"{text}; none contradicts its prediction.")] if right else []
    more = len(wrong) - _MOST_NAMED
    rest = f" {more} more are in the table of every case." if more > 0 else ""
    return [
        Text(f"Profiles that contradict the prediction: {len(wrong)}.{rest}"),
        Listing(tuple(wrong[:_MOST_NAMED])),
    ]
