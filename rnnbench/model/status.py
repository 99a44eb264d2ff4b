"""Status: how the measuring of a case ended."""

from enum import StrEnum


class Status(StrEnum):
    """End state of a case."""

    OK = "ok"
    IMPRECISE = (
        "imprecise"  # measured, but the budget ended before the width was reached
    )
    SKIPPED = "skipped"
    ERROR = "error"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    KILLED = "killed"


MEASURED = frozenset({Status.OK, Status.IMPRECISE})
FAILED = frozenset({Status.ERROR, Status.TIMEOUT, Status.OUT_OF_MEMORY, Status.KILLED})
