"""Members measured block by block: many calls of one, the first of them not counted.

What a turn settles in a few calls has here settled for long. The ratio of two members
by blocks is what the ratio by turns is held against.
"""

import gc
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rnnbench.worker.failure import attempt
from rnnbench.worker.protocol import Blocks, Measured, MemberTurns, Outcome
from rnnbench.worker.timing.rounds import Field
from rnnbench.worker.timing.turn import WATCHED_ALONE, Warm, plan

# After a switch of members the first calls cost more; the 6th is steady.
BLOCK_CALLS = 20
UNSETTLED = 5


@dataclass(frozen=True, slots=True)
class TimedBlock:
    """Seconds per call, once settled; `calm`: of calls that nothing disturbed.

    `spent`: seconds of every call, settled or not.
    """

    seconds: float
    calm: bool
    spent: float


def take_blocks(
    entrants: Field, job: Blocks, announce: Callable[[int], None]
) -> Measured:
    """A block of each member, in an order shuffled anew, as often as was asked for.

    `turns` hold a value a block, of the rounds that nothing disturbed, or of all where
    none was left alone. There is no yardstick among them.
    """
    shuffle = random.Random(job.seed).shuffle  # noqa: S311 - an order, not a secret
    fared: list[Warm | Outcome] = list(entrants.members)
    taken: list[list[TimedBlock]] = [[] for _ in fared]
    calls = sum(one.call for one in fared if isinstance(one, Warm))
    entrants.watch.allow(job.blocks * BLOCK_CALLS * calls)
    for _ in range(job.blocks):
        places = [place for place, one in enumerate(fared) if isinstance(one, Warm)]
        shuffle(places)
        for place in places:
            announce(place)
            block = _attempted(entrants, place)
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


def take_block(entrants: Field, member: Warm) -> TimedBlock:
    """A block, its calls read by the clock of turns and watched as they are."""
    step, watch = member.step, entrants.watch
    at_once = 1 if member.call >= WATCHED_ALONE else BLOCK_CALLS
    step.enter()
    with step.context():
        watch.wait()
        looks = [
            watch.time(entrants.clock, step.call, at_once)
            for _ in range(BLOCK_CALLS // at_once)
        ]
    calls = [(one, calm) for seconds, calm in looks for one in seconds]
    settled = [one for one, _ in calls[UNSETTLED:]]
    undisturbed = [one for one, calm in calls[UNSETTLED:] if calm]
    _, timed = plan(member.call, entrants.device)
    return TimedBlock(
        _as_turns(undisturbed or settled, timed),
        calm=bool(undisturbed),
        spent=sum(one for one, _ in calls),
    )


def _as_turns(calls: Sequence[float], timed: int) -> float:
    """What turns of so many calls would read: of each the fastest, and their median."""
    starts = range(0, max(len(calls) - timed + 1, 1), timed)
    return median(min(calls[start : start + timed]) for start in starts)


def _attempted(entrants: Field, place: int) -> TimedBlock | Outcome:
    """A block, free of the garbage collector as a turn is; or how it failed."""
    member = entrants.members[place]
    if isinstance(member, Outcome):
        return member
    gc.disable()
    try:
        return attempt(lambda: take_block(entrants, member))
    finally:
        gc.enable()


def _kept(taken: list[list[TimedBlock]]) -> list[int]:
    """The rounds that nothing disturbed, or all."""
    rows = list(zip(*filter(None, taken), strict=True))
    calm = [place for place, row in enumerate(rows) if all(one.calm for one in row)]
    return calm or list(range(len(rows)))


def _turns(blocks: list[TimedBlock], kept: list[int]) -> MemberTurns:
    chosen = [blocks[place] for place in kept] if blocks else []
    return MemberTurns(
        seconds=tuple(block.seconds for block in chosen),
        rough=sum(not block.calm for block in chosen),
    )
