"""What a worker is started with: its threads, its allocator, the cores there are."""

from collections.abc import Mapping
from dataclasses import dataclass

from rnnbench.model.case import Allocator

# With these, glibc keeps what was freed. Left alone it returns and maps memory anew by
# what ran earlier in the process, and an LSTM's training calls sit on one of two
# plateaus (0 or thousands of page faults a call) for reasons that no layer has: the
# ratio of one workload read 4.0, 7.6 or 8.1. Held, the spread over launches fell from
# 19 % to 1.1 %.
STEADY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
    "MALLOC_TOP_PAD_": str(1 << 26),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What holds for a whole process: cases of two settings never share one."""

    threads: int = 1
    allocator: Allocator = Allocator.STEADY
    deterministic: bool = False

    def variables(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment of a worker: the user's own, less what would tilt it."""
        kept = {
            name: value
            for name, value in inherited.items()
            if not name.startswith(("MALLOC_", "OMP_", "MKL_", "GOMP_", "KMP_"))
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
