"""Blocks: many calls of one member in a row, of which the first are not counted.

In a block a member is steady for longer than in a turn. The ratio of two members by
blocks is the reference for their ratio by turns.
"""

import gc
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rnnbench.worker.failure import attempt
from rnnbench.worker.protocol import Blocks, Measured, MemberTurns, Outcome
from rnnbench.worker.timing.rounds import PreparedWorkload
from rnnbench.worker.timing.turn import WATCHED_ALONE, Warm, plan

# After a switch of members the first calls take longer; the 6th is steady.
BLOCK_CALLS = 20
UNSETTLED = 5


@dataclass(frozen=True, slots=True)
class TimedBlock:
    """Seconds per call once steady; `calm`: whether they are of undisturbed calls.

    `spent`: seconds of all calls of the block.
    """

    seconds: float
    calm: bool
    spent: float


def take_blocks(
    prepared: PreparedWorkload, job: Blocks, announce: Callable[[int], None]
) -> Measured:
    """Take blocks of each member, `job.blocks` times, each time in shuffled order.

    `turns` of the answer have one value for each block, of undisturbed rounds, or of
    all rounds if none was undisturbed. There is no yardstick.
    """
    shuffle = random.Random(job.seed).shuffle  # noqa: S311 - an order, not a secret
    fared: list[Warm | Outcome] = list(prepared.members)
    taken: list[list[TimedBlock]] = [[] for _ in fared]
    calls = sum(one.call for one in fared if isinstance(one, Warm))
    prepared.watch.allow(job.blocks * BLOCK_CALLS * calls)
    for _ in range(job.blocks):
        places = [place for place, one in enumerate(fared) if isinstance(one, Warm)]
        shuffle(places)
        for place in places:
            announce(place)
            block = _attempted(prepared, place)
            if isinstance(block, Outcome):
                fared[place], taken[place] = block, []
            else:
                taken[place].append(block)
    kept = _kept(taken)
    return Measured(
        outcomes=tuple(
            one.outcome() if isinstance(one, Warm) else one for one in fared
        ),
        turns=tuple(_turns(blocks, kept) for blocks in taken),
        yardstick=MemberTurns(),
        inside_turns=sum(block.spent for row in taken for block in row),
    )


def take_block(prepared: PreparedWorkload, member: Warm) -> TimedBlock:
    """A block, timed and watched in the same way as a turn."""
    step, watch = member.step, prepared.watch
    at_once = 1 if member.call >= WATCHED_ALONE else BLOCK_CALLS
    step.enter()
    with step.context():
        watch.wait()
        looks = [
            watch.time(prepared.clock, step.call, at_once)
            for _ in range(BLOCK_CALLS // at_once)
        ]
    calls = [(one, calm) for seconds, calm in looks for one in seconds]
    settled = [one for one, _ in calls[UNSETTLED:]]
    undisturbed = [one for one, calm in calls[UNSETTLED:] if calm]
    _, timed = plan(member.call, prepared.device)
    return TimedBlock(
        _as_turns(undisturbed or settled, timed),
        calm=bool(undisturbed),
        spent=sum(one for one, _ in calls),
    )


def _as_turns(calls: Sequence[float], timed: int) -> float:
    """Value of turns of that many calls: the median of the fastest call of each."""
    starts = range(0, max(len(calls) - timed + 1, 1), timed)
    return median(min(calls[start : start + timed]) for start in starts)


def _attempted(prepared: PreparedWorkload, place: int) -> TimedBlock | Outcome:
    """A block with the garbage collector off, or how it failed."""
    member = prepared.members[place]
    if isinstance(member, Outcome):
        return member
    gc.disable()
    try:
        return attempt(lambda: take_block(prepared, member))
    finally:
        gc.enable()


def _kept(taken: list[list[TimedBlock]]) -> list[int]:
    """Numbers of the undisturbed rounds, or of all rounds if there is none."""
    rows = list(zip(*filter(None, taken), strict=True))
    calm = [place for place, row in enumerate(rows) if all(one.calm for one in row)]
    return calm or list(range(len(rows)))


def _turns(blocks: list[TimedBlock], kept: list[int]) -> MemberTurns:
    chosen = [blocks[place] for place in kept] if blocks else []
    return MemberTurns(
        seconds=tuple(block.seconds for block in chosen),
        rough=sum(not block.calm for block in chosen),
    )
