"""The environment of a worker: its threads, its allocator, its switches."""

from collections.abc import Mapping
from dataclasses import dataclass

from rnnbench.model.case import Allocator
from rnnbench.model.variable_table import Treatment, treatment_of

# With these, glibc keeps freed memory. By default it returns and maps memory depending
# on what ran earlier in the process, and an LSTM's training calls then take one of two
# levels (0 or thousands of page faults a call) that have nothing to do with the layer:
# the ratio of one workload was 4.0, 7.6 or 8.1. With these, the spread over launches
# fell from 19 % to 1.1 %.
STEADY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
    "MALLOC_TOP_PAD_": str(1 << 26),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Settings of a whole process; cases with different ones never share it."""

    threads: int = 1
    allocator: Allocator = Allocator.STEADY
    deterministic: bool = False

    def variables(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The user's environment without the variables that `VARIABLES` removes."""
        kept = {
            name: value
            for name, value in inherited.items()
            if treatment_of(name) is not Treatment.REMOVED
        }
        kept |= {
            "OMP_NUM_THREADS": str(self.threads),
            "MKL_NUM_THREADS": str(self.threads),
        }
        if self.allocator is Allocator.STEADY:
            kept |= STEADY
        if self.deterministic:
            # Without it cuBLAS refuses to run under deterministic algorithms.
            kept["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
        return kept
