"""Measures a self-check in fresh workers, launch after launch, until time is up."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, cycle, islice, takewhile

import rnnbench
from rnnbench.calibration.check_shapes import Shape, known_shapes
from rnnbench.calibration.self_check import CheckedMember, CheckedShape, SelfCheck
from rnnbench.model.errors import CampaignError
from rnnbench.model.run import Environment, Turns
from rnnbench.model.status import Status
from rnnbench.runner.interrupts import run_to_end
from rnnbench.runner.lanes import Lane, in_lanes, lanes, most_lanes
from rnnbench.runner.scheduler import Progress, survey
from rnnbench.runner.stop_rule import LOOKS
from rnnbench.runner.timing import rounds_of_a_launch
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Measured, Prepare, Report, Start

# If this many workers in a row die, it is not by chance.
MOST_DEATHS = 3
# Seconds that one member may take; each takes milliseconds.
_LIMIT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """A self-check to be measured.

    `seconds`: time after which no measurement is started. `command`: the command
    as typed by the user. `worker`: the command that starts a worker, by default the
    package's.
    """

    seconds: float = 180.0
    command: str = ""
    worker: tuple[str, ...] = ()


def measure_self_check(
    options: CheckOptions,
    on_progress: Callable[[Progress], None] = lambda _: None,
    now: Callable[[], float] = time.monotonic,
) -> tuple[SelfCheck, bool]:
    """The self-check, and whether it is whole: Ctrl-C leaves what was measured by then.

    CampaignError where no worker can be started, or one dies again and again.
    """
    measuring = _Measuring(options, on_progress, now)
    is_whole = True
    try:
        run_to_end(measuring.run())
    except KeyboardInterrupt:
        if measuring.environment is None:
            raise
        is_whole = False
    return measuring.result(), is_whole


@dataclass(slots=True)
class _Measuring:
    """A self-check in progress."""

    options: CheckOptions
    on_progress: Callable[[Progress], None]
    now: Callable[[], float]
    environment: Environment | None = None
    shapes: tuple[Shape, ...] = field(default_factory=known_shapes)
    _turns: dict[tuple[int, str], list[Turns]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _busy: list[int] = field(default_factory=list)
    _began: float = 0.0
    _done: int = 0
    _deaths: int = 0
    # The fastest canary of each lane, as a run keeps it.
    _calm: dict[tuple[int, ...], float] = field(default_factory=dict)
    # Shuffled so that no two checks share an order; not a matter of security.
    _random: random.Random = field(default_factory=random.Random)

    async def run(self) -> None:
        """Launches in one lane, in two and so on to all, until the time is over."""
        self._began = self.now()
        self.environment, _ = await survey((), self.options.worker)
        chosen, numbers = lanes(most_lanes()), self._launches()
        # In turns, so that all numbers of lanes share the drift of the machine.
        for busy in cycle(_lane_counts(len(chosen))):
            batch = list(islice(numbers, busy))
            if not batch:
                return
            self._busy += [len(batch)] * len(batch)
            await in_lanes(batch, self._launch, chosen[-busy:])

    def result(self) -> SelfCheck:
        """The facts that were measured so far."""
        assert self.environment is not None  # noqa: S101  see measure_self_check
        return SelfCheck(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            version=rnnbench.__version__,
            command=self.options.command,
            environment=self.environment,
            seconds=self.now() - self._began,
            set_launches=LOOKS[0],
            shapes=tuple(map(self._checked, range(len(self.shapes)))),
            busy=tuple(self._busy),
        )

    def _checked(self, place: int) -> CheckedShape:
        return CheckedShape(
            tuple(
                CheckedMember(
                    name=member.name,
                    case=member.case,
                    slowdown=member.slowdown,
                    turns=tuple(self._turns[place, member.name]),
                )
                for member in self.shapes[place]
            )
        )

    @property
    def _left(self) -> float:
        """Seconds that are left."""
        return self.options.seconds - (self.now() - self._began)

    def _launches(self) -> Iterator[int]:
        """Launch numbers, until the time is over."""
        return takewhile(lambda _: self._left > 0, count())

    async def _launch(self, number: int, lane: Lane) -> None:
        """Shapes once each in a fresh worker, until the time is over.

        A worker that dies costs what its launch lacks.
        """
        start = Start(threads=1, cores=lane.cores)
        places = self._random.sample(range(len(self.shapes)), len(self.shapes))
        try:
            worker = await Worker.start(Setting(), start, self.options.worker)
            async with worker:
                for place in takewhile(lambda _: self._left > 0, places):
                    await self._measure(number, place, worker)
        except WorkerDeathError as death:
            self._deaths += 1
            if self._deaths >= MOST_DEATHS:
                reason = f"{MOST_DEATHS} in a row died: {death.reason}"
                raise CampaignError(f"worker: {reason}") from death
            return
        self._deaths = 0

    async def _measure(self, number: int, place: int, worker: Worker) -> None:
        """The rounds of one shape in one launch."""
        self._tell(number)
        shape = self.shapes[place]
        members = self._random.sample(shape, len(shape))
        prepare = Prepare(
            cases=tuple(member.case for member in members),
            # Every launch runs the same code, so only the first checks its results.
            check=number == 0,
            # A slowdown of 0, too, so that all members read the clock equally often.
            slowdowns=tuple(member.slowdown for member in members),
        )
        calm = self._calm.get(worker.cores, 0.0)
        rounds = rounds_of_a_launch(self._random.getrandbits(32), calm)
        count = len(members)
        prepared = await worker.ask_for_each(prepare, Report, count, limit=_LIMIT)
        measured = await worker.ask_for_each(rounds, Measured, count, limit=_LIMIT)
        self._calm[worker.cores] = measured.calm
        for member, outcome in zip(
            members * 2, (*prepared.outcomes, *measured.outcomes), strict=True
        ):
            if outcome.status is not Status.OK:
                raise CampaignError(f"{member.name}: {outcome.reason}")
        for member, turns in zip(members, measured.turns, strict=True):
            own = Turns(number, turns.seconds, rough=turns.rough)
            self._turns[place, member.name].append(own)
        self._done += 1

    def _tell(self, number: int) -> None:
        left = max(self._left, 0.0)
        elapsed = self.options.seconds - self._left
        # The number of shapes that fit into the remaining time, at the rate so far.
        total = self._done + max(round(self._done * left / elapsed), 1)
        self.on_progress(
            Progress(
                at=f"launch {number + 1}",
                done=self._done,
                total=total,
                elapsed=elapsed,
                left=left,
            )
        )


def _lane_counts(most: int) -> list[int]:
    """1, 2, 4 and so on, and `most`."""
    powers = takewhile(lambda busy: busy < most, (2**place for place in count()))
    return [*powers, most]
