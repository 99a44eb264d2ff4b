"""Calls of a turn and rounds of a launch: workers make them, estimates count them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """Warm-up calls of a turn, which are not timed, and timed calls."""

    warm_up: int
    timed: int

    @property
    def calls(self) -> int:
        """All calls of the turn."""
        return self.warm_up + self.timed


# By the seconds of a call. With 4 warm-up calls for all short calls, GRU/LSTM by turns
# read 1.6 to 5.7 % less than by blocks of 20 calls: an LSTM of 0.1 ms is steady only
# after about 15. With 4 from 2 ms on, hidden 256 read 1.2 % less: the 4th to 6th calls
# of its LSTM take 1 to 2 % longer than those after them. With these counts the
# calibration study found every difference to be within 1 %.
_BY_SECONDS = (
    (0.00025, TurnPlan(16, 7)),
    (0.001, TurnPlan(10, 5)),
    (0.002, TurnPlan(7, 5)),
    (0.005, TurnPlan(6, 3)),
    (0.020, TurnPlan(3, 3)),
)
_LONGER = TurnPlan(1, 3)

# From here on a call is a turn: warming up is a small share of it, and time is dear.
LONG_CALL = 1.0
_LONG = TurnPlan(1, 1)


def turn_plan(call: float) -> TurnPlan:
    """The calls of a turn of a member whose call takes `call` seconds."""
    if call >= LONG_CALL:
        return _LONG
    plans = (plan for limit, plan in _BY_SECONDS if call < limit)
    return next(plans, _LONGER)


# If a round takes this long, two of them say what there is to say.
_LONG_ROUND = 2.0
_ROUNDS_IF_LONG = 2


def rounds_that_fit(
    seconds: float, limits: tuple[int, int], round_seconds: float
) -> int:
    """As many rounds as fit in `seconds`, within the limits (at least, at most)."""
    least, most = limits
    if round_seconds > _LONG_ROUND:
        least = min(least, _ROUNDS_IF_LONG)
    return min(max(int(seconds / round_seconds), least), most)
