"""Numbers as the data island writes them: no longer than what they are good for."""

import math

from rnnbench.analysis.stats import Interval


def rounded(value: float, digits: int = 5) -> float:
    """Significant digits, as an integer where it is one: what JSON writes shortest."""
    if value == 0 or not math.isfinite(value):
        return 0
    short = float(f"{value:.{digits}g}")
    return int(short) if short == int(short) else short


def half_width(interval: Interval) -> int:
    """Half of an interval on logarithms, in 1e-5; -1 where there is none."""
    if not math.isfinite(interval.high) or interval.low <= 0:
        return -1
    return round(math.log(interval.high / interval.low) / 2 * 1e5)
