"""Measured turns, handed to pytest-benchmark through its public interface."""

from collections import deque
from collections.abc import Iterable


class ReplayClock:
    """A timer for `benchmark.pedantic`: a round lasts as long as the turn it replays.

    Their runner reads the timer, calls the target once, reads the timer again. The
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
