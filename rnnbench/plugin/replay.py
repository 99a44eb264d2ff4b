"""Measured turns, handed to pytest-benchmark through its public interface."""

from collections import deque
from collections.abc import Iterable

import pytest

from rnnbench.analysis.rows import axes_of
from rnnbench.model.learning import LearningResult
from rnnbench.model.run import Result
from rnnbench.model.status import FAILED, Status


class ReplayClock:
    """A timer for `benchmark.pedantic`: a round takes as long as the turn it replays.

    pytest-benchmark reads the timer, calls the target once, reads the timer again. The
    first reading is 0 and the second the turn, so their difference is the turn to the
    last bit.
    """

    # pytest-benchmark writes a timer's name into its file.
    __name__ = "rnnbench.plugin.replay"

    def __init__(self) -> None:
        self._turns: deque[float] = deque()
        self._now = 0.0

    def load(self, seconds: Iterable[float]) -> None:
        """Set the turns to be replayed, in seconds per call."""
        self._turns = deque(seconds)

    def advance(self) -> None:
        """Stand in for the call that was measured."""
        self._now = self._turns.popleft()

    def __call__(self) -> float:
        """Seconds; back at 0 for the next round once it was read after a turn."""
        now, self._now = self._now, 0.0
        return now


def replay(request: pytest.FixtureRequest, result: Result, *, smoke: bool) -> None:
    """End the item as its case ended, and show pytest-benchmark the turns.

    `smoke`: the case was only called, there is no time to show.
    """
    report(result)
    if smoke:
        return
    clock = request.node.get_closest_marker("benchmark").kwargs["timer"]
    seconds = [value for turns in result.turns for value in turns.seconds]
    clock.load(seconds)
    # Requested only now: a fixture that is not used would warn.
    benchmark = request.getfixturevalue("benchmark")
    # For `--benchmark-group-by=param:layer`.
    benchmark.params = dict(axes_of(result.case))
    benchmark.extra_info |= {"case": result.case.id, "status": str(result.status)}
    benchmark.pedantic(clock.advance, rounds=len(seconds))


def report(result: Result | LearningResult) -> None:
    """End the item where its case was skipped or has failed."""
    if result.status is Status.SKIPPED:
        pytest.skip(result.reason)
    if result.status in FAILED:
        pytest.fail(f"{result.status}: {result.reason}", pytrace=False)
