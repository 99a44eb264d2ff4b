"""Whole runs of a small sweep, as a user makes them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import log

import rnnbench
from rnnbench.analysis.ratio import Ratio, absolute, ratios
from rnnbench.model.metric import TIME
from rnnbench.model.run import Run, SweepRecord, TurnValue
from rnnbench.model.workload import DEFAULT_COMPARE
from rnnbench.runner.journal import Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.results import JournalReader
from rnnbench.runner.scheduler import Campaign, Progress, survey
from studies.calibration.cells import Cell, sweep_of
from studies.calibration.samples import Part, Sample
from studies.calibration.stages import RERUN, Stage


def rerun(
    stage: Stage,
    number: int,
    cells: Sequence[Cell],
    *,
    command: tuple[str, ...] = (),
    show: Callable[[Progress], None] = lambda _: None,
) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """The printed ratio of each cell of one whole run, and why others have none.

    The shipped stop rule ends the run. Only its samples are kept.
    """
    order = Order(workloads=sweep_of(cells), policy=RERUN, command=command)
    campaign, run = asyncio.run(_run(order, show))
    found = {one.workload: one for one in ratios(run) if one.metric is TIME}
    reasons = {result.workload: result.reason for result in run.results}
    samples = tuple(
        _sample(stage, number, found[cell.id], campaign, run)
        for cell in cells
        if cell.id in found
    )
    faults = tuple(
        f"{cell.id}: {reasons[cell.id] or 'no launch has both'}"
        for cell in cells
        if cell.id not in found
    )
    return samples, faults


async def _run(order: Order, show: Callable[[Progress], None]) -> tuple[Campaign, Run]:
    environment, reasons = await survey(order.cases, order.command)
    campaign = Campaign(order, environment, Journal(None), show)
    await campaign.run(reasons)
    outcome = JournalReader(order, campaign.journal, "the budget had ended")
    run = Run(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=rnnbench.__version__,
        commit=None,
        command="rnnbench calibrate",
        sweep=SweepRecord(
            name="calibrate",
            question="Does a whole re-run print the same ratios?",
            digest="",
            compare=DEFAULT_COMPARE,
            policy=order.policy,
        ),
        environment=environment,
        effort=campaign.effort,
        results=outcome.results(),
        yardsticks=outcome.yardsticks(),
        turn=TurnValue.FASTEST,
    )
    return campaign, run


def _sample(
    stage: Stage, number: int, ratio: Ratio, campaign: Campaign, run: Run
) -> Sample:
    passes = campaign.journal.passes[ratio.workload].values()
    calls = {
        result.case.layer: seconds.estimate
        for result in run.results
        if result.workload == ratio.workload
        and (seconds := absolute(result.turns)) is not None
    }
    return Sample(
        part=Part.REPEAT,
        condition=stage.condition,
        allocator=stage.allocator,
        launch=number,
        cell=ratio.workload,
        values={"gru/lstm": log(ratio.interval.estimate)},
        calls=calls,
        wall=sum(one.wall for one in passes),
        inside=sum(one.inside_turns for one in passes),
    )
