"""One gate, from a sweep and two interpreters to a decision."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import rnnbench
from rnnbench.model.case import LAYER_NAME, Case
from rnnbench.model.errors import CampaignError
from rnnbench.model.run import Policy
from rnnbench.regression.gate_decision import LOOKS, Decision, examine
from rnnbench.regression.interleave import Corners, Duel
from rnnbench.regression.pair import Match, Side
from rnnbench.runner.scheduler import Progress
from rnnbench.sweep.load import Sweep

# Run by an interpreter that may know nothing of this package, or another version of it.
_START = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module('rnnbench.worker', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is held against what: interpreters, and layers in place of the sweep's."""

    base: str
    candidate: str
    base_layer: str = ""
    candidate_layer: str = ""

    def commands(self, package: Path) -> Mapping[Side, tuple[str, ...]]:
        """What starts a worker of each; `package`: see `this_package`."""
        return {
            Side.BASE: (self.base, "-c", _START, str(package)),
            Side.CANDIDATE: (self.candidate, "-c", _START, str(package)),
        }


def hold(
    sweep: Sweep, sides: Sides, budget: float, show: Callable[[Progress], None]
) -> Decision:
    """Gate `sweep` in `budget` seconds: its own are for a run, which takes less."""
    try:
        policy = replace(sweep.record.policy, budget=budget)
    except ValueError as error:
        raise CampaignError(str(error)) from error
    with this_package() as package:
        trial = Trial(
            sweep=sweep.record.name,
            matches=matches(sweep.cases, sides.base_layer, sides.candidate_layer),
            commands=sides.commands(package),
            policy=policy,
        )
        return asyncio.run(trial.run(show))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is asked: of which sweep, of which matches, of whose workers, how long."""

    sweep: str
    matches: tuple[Match, ...]
    commands: Mapping[Side, tuple[str, ...]]
    policy: Policy
    looks: tuple[int, ...] = LOOKS

    async def run(self, show: Callable[[Progress], None]) -> Decision:
        """Measure and judge; CampaignError where there is nothing to, or nobody."""
        if not self.matches:
            raise CampaignError(
                f"{self.sweep}: no case is left to hold against another"
            )
        began, done = time.monotonic(), 0

        def tell(match: Match) -> None:
            nonlocal done
            done += 1
            elapsed, due = time.monotonic() - began, len(self.matches) * self.looks[0]
            # Beyond the first look nobody knows how many more there will be.
            left = elapsed / done * (due - done) if done <= due else None
            at = match.id if left is not None else f"once more: {match.id}"
            total = max(done, due)
            show(Progress(at=at, done=done, total=total, elapsed=elapsed, left=left))

        duel = Duel(
            corners=Corners(commands=self.commands, time_limit=self.policy.time_limit),
            deadline=began + self.policy.budget,
            show=tell,
        )
        environments = await duel.meet()
        judgements = await examine(self.matches, duel, self.looks)
        return Decision(
            sweep=self.sweep,
            environments=environments,
            judgements=judgements,
            seconds=time.monotonic() - began,
        )


def matches(
    cases: Iterable[Case], base_layer: str = "", candidate_layer: str = ""
) -> tuple[Match, ...]:
    """Each case against itself; or, where layers are named, those in each shape once.

    CampaignError where a name can't be a layer's.
    """
    for layer in (base_layer, candidate_layer):
        if layer and not LAYER_NAME.fullmatch(layer):
            raise CampaignError(f"{layer!r} is not a layer's name")
    if not (base_layer and candidate_layer):
        return tuple(Match(case, case) for case in cases)
    found = (
        Match(replace(case, layer=base_layer), replace(case, layer=candidate_layer))
        for case in cases
    )
    return tuple(dict.fromkeys(found))


@contextmanager
def this_package() -> Iterator[Path]:
    """A folder that holds this package alone: the worker needs torch and numpy besides.

    Our own site-packages is never put on another interpreter's path: it would take our
    torch from there.
    """
    with tempfile.TemporaryDirectory(prefix="rnnbench-") as folder:
        package = Path(rnnbench.__file__).resolve().parent
        Path(folder, "rnnbench").symlink_to(package, target_is_directory=True)
        yield Path(folder)
