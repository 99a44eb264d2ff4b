"""The duration of a sweep, estimated from closed forms before anything has run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rnnbench.model.case import Allocator, Case, Device
from rnnbench.model.policy import Policy
from rnnbench.model.serving import LAUNCHES as SERVICE_LAUNCHES
from rnnbench.model.serving import Part
from rnnbench.model.turn_plan import rounds_that_fit, turn_plan
from rnnbench.model.workload import Workload
from rnnbench.runner.footprint import seconds_guess, stands_alone
from rnnbench.runner.lanes import lane_count
from rnnbench.runner.stop_rule import interim_looks
from rnnbench.runner.timing import LEAST_ROUNDS, MOST_ROUNDS, ROUND_SECONDS

# Of a fresh process until it has imported torch, and of building a member.
_START = 1.5
_BUILD = 0.01
# A member is warmed up for this long, or by two calls.
_WARM = 0.01
# A call of the yardstick, which takes a turn in each round.
_YARDSTICK = 0.001
# Disturbed turns are repeated: a third of the rounds on an otherwise idle machine.
_RETAKEN = 1.35
# A profiled call, with the one before it.
_PROFILED = 0.1
# A reading of a case as a service, in a process of its own; a load takes all cores.
_READING = {Part.STREAM: 4.5, Part.SERVE: 12.0, Part.DEPLOY: 1.5}


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds of a campaign: if the first look is the last, and if all are needed."""

    least: float
    most: float


def estimate(workloads: Sequence[Workload], policy: Policy, cores: int) -> Duration:
    """Estimate the duration of a campaign on `cores` cores, without its budget."""
    in_lanes = [one for one in workloads if _is_on_one_core(one)]
    in_turn = [one for one in workloads if not _is_on_one_core(one)]
    lanes = lane_count(cores, None)
    # Every other lane rests for as long.
    resting = (lanes - 1) * sum(
        pass_seconds(one.members) for one in in_lanes if stands_alone(one)
    )

    def seconds(launches: int) -> float:
        shared = _seconds(in_lanes, launches) + launches * resting
        return shared / lanes + _seconds(in_turn, launches)

    readings = sum(
        _reading_seconds(part, workloads, policy) / (1 if part is Part.SERVE else lanes)
        for part in Part
    )
    first = interim_looks(policy.launches)[0]
    return Duration(readings + seconds(first), readings + seconds(policy.launches))


def _reading_seconds(
    part: Part, workloads: Iterable[Workload], policy: Policy
) -> float:
    if getattr(policy, part) == "none":
        return 0.0
    cases = sum(policy.reads(part, case) for one in workloads for case in one.members)
    return SERVICE_LAUNCHES * cases * (_START + _READING[part])


def _seconds(workloads: Sequence[Workload], launches: int) -> float:
    """Seconds of launches of each workload in turn, and of reading their memory."""
    if not workloads:
        return 0.0
    passes = sum(pass_seconds(one.members) for one in workloads) + _starts(workloads)
    memory = sum(_memory_seconds(one.members) for one in workloads)
    return launches * passes + memory + _START


def pass_seconds(
    cases: Iterable[Case], seconds: float = ROUND_SECONDS, most: int = MOST_ROUNDS
) -> float:
    """One launch's pass: members are built, warmed up, and take their rounds.

    `seconds`, `most`: as many rounds as fit in them, but at most so many.
    """
    calls = [seconds_guess(case) for case in cases]
    round_seconds = sum(call * turn_plan(call).calls for call in (*calls, _YARDSTICK))
    rounds = rounds_that_fit(seconds, (LEAST_ROUNDS, most), round_seconds)
    warm = sum(_BUILD + max(_WARM, 2 * call) for call in calls)
    return warm + rounds * round_seconds * _RETAKEN


def _memory_seconds(cases: Iterable[Case]) -> float:
    # Events of a profiler cost several times what they watch.
    return sum(_PROFILED + 10 * seconds_guess(case) for case in cases)


def _starts(workloads: Sequence[Workload]) -> float:
    """Seconds of starting processes for one launch of every workload.

    PyTorch's layers share a process per setting; each other layer has its own. Under
    the system's allocator, so has each workload.
    """
    processes = {
        (
            case.threads,
            any(each.deterministic for each in one.members),
            case.process,
            one.id if case.allocator is Allocator.SYSTEM else "",
        )
        for one in workloads
        for case in one.members
    }
    return _START * len(processes)


def _is_on_one_core(workload: Workload) -> bool:
    case = workload.members[0]
    return case.device is Device.CPU and case.threads == 1
