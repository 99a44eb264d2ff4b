"""One gate, from a sweep and two interpreters to a decision."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rnnbench.model.case import LAYER_NAME, Case
from rnnbench.model.errors import CampaignError
from rnnbench.model.policy import Policy
from rnnbench.model.runtimes import remove_builds
from rnnbench.regression.case_pair import CasePair, Side
from rnnbench.regression.gate_decision import LOOKS, GateDecision, judge_pairs
from rnnbench.regression.interleave import GateWorkers, InterleavedLauncher
from rnnbench.regression.version_source import WorkerPlace
from rnnbench.runner.other_python import isolated_package, worker_command
from rnnbench.runner.scheduler import Progress
from rnnbench.sweep.load import Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSides:
    """Where the workers of each side run, and layers in place of the sweep's."""

    baseline: WorkerPlace
    candidate: WorkerPlace
    baseline_layer: str = ""
    candidate_layer: str = ""

    def commands(self, package: Path) -> Mapping[Side, tuple[str, ...]]:
        """The command that starts each worker; `package` is from `isolated_package`."""
        places = {Side.BASELINE: self.baseline, Side.CANDIDATE: self.candidate}
        return {
            side: worker_command(place.python, package, place.paths)
            for side, place in places.items()
        }


def run_gate(
    sweep: Sweep, sides: GateSides, budget: float, show: Callable[[Progress], None]
) -> GateDecision:
    """Gate `sweep` within `budget` seconds; the sweep's own budget is for a run."""
    try:
        policy = replace(sweep.record.policy, budget=budget)
    except ValueError as error:
        raise CampaignError(str(error)) from error
    with isolated_package() as package:
        gate = Gate(
            sweep=sweep.record.name,
            pairs=case_pairs(sweep.cases, sides.baseline_layer, sides.candidate_layer),
            commands=sides.commands(package),
            policy=policy,
            looks=LOOKS,
        )
        try:
            return asyncio.run(gate.run(show))
        finally:
            remove_builds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The pairs of a sweep to judge, the workers to use, and the time they may take."""

    sweep: str
    pairs: tuple[CasePair, ...]
    commands: Mapping[Side, tuple[str, ...]]
    policy: Policy
    looks: tuple[int, ...] = LOOKS

    async def run(self, show: Callable[[Progress], None]) -> GateDecision:
        """Measure and judge; CampaignError without pairs or without a worker."""
        if not self.pairs:
            raise CampaignError(f"{self.sweep}: no case is left to compare")
        began = time.monotonic()
        launcher = InterleavedLauncher(
            workers=GateWorkers(
                commands=self.commands, time_limit=self.policy.time_limit
            ),
            deadline=began + self.policy.budget,
            show=self._progress(began, show),
        )
        environments = await launcher.read_environments()
        judgements = await judge_pairs(self.pairs, launcher, self.looks)
        return GateDecision(
            sweep=self.sweep,
            environments=environments,
            judgements=judgements,
            seconds=time.monotonic() - began,
        )

    def _progress(
        self, began: float, show: Callable[[Progress], None]
    ) -> Callable[[CasePair], None]:
        """Count pairs; after the first look the number of launches is not known."""
        done, due = 0, len(self.pairs) * self.looks[0]

        def count(pair: CasePair) -> None:
            nonlocal done
            done += 1
            elapsed = time.monotonic() - began
            left = elapsed / done * (due - done) if done <= due else None
            at = pair.id if left is not None else f"again: {pair.id}"
            total = max(done, due)
            show(Progress(at=at, done=done, total=total, elapsed=elapsed, left=left))

        return count


def case_pairs(
    cases: Iterable[Case], baseline_layer: str = "", candidate_layer: str = ""
) -> tuple[CasePair, ...]:
    """Pair each case with itself or, where layers are named, the two in each shape.

    Raises CampaignError for a name that can't be a layer's.
    """
    for layer in (baseline_layer, candidate_layer):
        if layer and not LAYER_NAME.fullmatch(layer):
            raise CampaignError(f"{layer!r} is not the name of a layer")
    if not (baseline_layer and candidate_layer):
        return tuple(CasePair(case, case) for case in cases)
    pairs = (
        CasePair(
            replace(case, layer=baseline_layer), replace(case, layer=candidate_layer)
        )
        for case in cases
    )
    return tuple(dict.fromkeys(pairs))
