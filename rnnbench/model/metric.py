"""Metrics: name, base unit and format for people; less is better in each."""

import math
from dataclasses import dataclass

from rnnbench.model.formatting import significant


@dataclass(frozen=True, slots=True)
class Metric:
    """A quantity in its base unit (seconds, bytes, joules), per call of the layer."""

    name: str
    unit: str
    binary: bool = False

    def format(self, value: float) -> str:
        """`value`, in the base unit, with a prefix and three significant digits."""
        if not math.isfinite(value):
            return "not a number"
        factor, unit = self.scale(value)
        return f"{significant(value / factor)} {unit}"

    def scale(self, value: float) -> tuple[float, str]:
        """A divisor and the unit after division, for values about as large."""
        prefixes = _BINARY if self.binary else _DECIMAL
        # From the largest: the first that leaves at least 1 before the point.
        for factor, prefix in prefixes:
            if abs(value) >= factor * 0.9995:
                return factor, f"{prefix}{self.unit}"
        factor, prefix = prefixes[-1]
        return factor, f"{prefix}{self.unit}"


_BINARY = (
    (2.0**40, "Ti"),
    (2.0**30, "Gi"),
    (2.0**20, "Mi"),
    (2.0**10, "Ki"),
    (1.0, ""),
)
_DECIMAL = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))

TIME = Metric("time", "s")
PEAK_MEMORY = Metric("peak memory", "B", binary=True)
ENERGY = Metric("energy", "J")
METRICS = {metric.name: metric for metric in (TIME, PEAK_MEMORY, ENERGY)}
