"""Lines for the end of a pytest run: how many cases ended how, and the ratios."""

from collections import Counter
from collections.abc import Sequence

from rnnbench.analysis.labels import pair_label
from rnnbench.analysis.ratio import Ratio, ratios
from rnnbench.model.formatting import align, significant
from rnnbench.model.metric import TIME
from rnnbench.model.run import Run

# Ratios shown on the terminal; the report has all of them.
MOST_LINES = 60


def counts(run: Run) -> str:
    """The number of cases by status: 96 cases, 90 ok, 6 imprecise."""
    found = Counter(result.status for result in run.results)
    found.update(result.status for result in run.learning.results)
    parts = (f"{count} {status}" for status, count in found.items())
    return ", ".join([f"{found.total()} cases", *parts])


def ratio_lines(run: Run) -> list[str]:
    """The first ratios of time, one line each, and how many more there are."""
    lines = _aligned([ratio for ratio in ratios(run) if ratio.metric is TIME])
    left = len(lines) - MOST_LINES
    more = [f"... and {left} more: see `rnnbench report`"] if left > 0 else []
    return [*lines[:MOST_LINES], *more]


def _aligned(found: Sequence[Ratio]) -> list[str]:
    """Workload, pair, ratio, interval and verdict of each, in columns."""
    rows = [
        (
            ratio.workload,
            pair_label(ratio.pair),
            f"{significant(ratio.interval.estimate)} x",
            f"[{significant(ratio.interval.low)}, {significant(ratio.interval.high)}]",
            str(ratio.verdict),
        )
        for ratio in found
    ]
    return align(rows)
