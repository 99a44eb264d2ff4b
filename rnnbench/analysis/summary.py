"""The ratios of a run as lines for a terminal."""

from collections.abc import Sequence

from rnnbench.analysis.labels import pair_label
from rnnbench.analysis.ratio import Ratio
from rnnbench.model.metric import TIME, significant


def lines(found: Sequence[Ratio]) -> list[str]:
    """A line for each ratio of time: workload, pair, ratio, interval, word."""
    rows = [
        (
            ratio.workload,
            pair_label(ratio.pair),
            f"{significant(ratio.interval.estimate)} x",
            f"[{significant(ratio.interval.low)}, {significant(ratio.interval.high)}]",
            str(ratio.verdict),
        )
        for ratio in found
        if ratio.metric is TIME
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
