"""The raw figures of every case, for whoever computes with them: no text for people."""

from collections.abc import Sequence
from math import isfinite
from statistics import median

from rnnbench.analysis.ratio import absolute
from rnnbench.model.case import encode_case
from rnnbench.model.run import Result
from rnnbench.report.content import Ledger, Raw

# In base units, as everywhere; a name says its unit.
_FIGURES = (
    *("time_per_call_seconds", "interval_low_seconds", "interval_high_seconds"),
    *("back_to_back_seconds", "first_call_seconds", "launches", "turns"),
    *("peak_memory_bytes", "memory_reason", "energy_joules", "energy_reason"),
    *("page_faults_per_turn", "reason"),
)
# Which raw figure a column of the table is sorted by; others are named as they are.
SORTED_BY = {
    "time per call": "time_per_call_seconds",
    "95 % interval": "interval_low_seconds",
    "back to back": "back_to_back_seconds",
    "peak memory": "peak_memory_bytes",
    "energy per call": "energy_joules",
    "page faults per turn": "page_faults_per_turn",
}


def ledger(results: Sequence[Result]) -> Ledger:
    """A record for each result, in their order. There is one at least."""
    axes = tuple(encode_case(results[0].case))
    columns = ("case", "workload", "status", *axes, *_FIGURES)
    return Ledger("rnnbench-cases", columns, tuple(map(_record, results)))


def _record(result: Result) -> tuple[Raw, ...]:
    interval = absolute(result.turns)
    queued = [median(each.back_to_back) for each in result.turns if each.back_to_back]
    firsts = [each.first_call for each in result.turns if each.first_call is not None]
    faults = [value for turns in result.turns for value in turns.faults]
    # A single launch has no interval: its bounds are 0 and infinity, and no figures.
    bounded = interval if interval and interval.count > 1 else None
    return (
        result.case.id,
        result.workload,
        str(result.status),
        *encode_case(result.case).values(),
        _finite(interval.estimate if interval else None),
        _finite(bounded.low if bounded else None),
        _finite(bounded.high if bounded else None),
        median(queued) if queued else None,
        max(firsts) if firsts else None,
        len(result.turns),
        sum(len(turns.seconds) for turns in result.turns),
        result.peak_memory,
        result.memory_reason if result.peak_memory is None else "",
        result.energy,
        result.energy_reason if result.energy is None else "",
        median(faults) if faults else None,
        result.reason,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
