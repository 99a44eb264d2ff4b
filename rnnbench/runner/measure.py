"""Measure workloads and return the run: the one path for pytest, commands and Python.

`measure` starts workers, keeps a journal, and builds a `Run` from it. It knows neither
pytest nor the command line: options come in as one value, and progress goes out through
a callback.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import rnnbench
from rnnbench.model.case import Device
from rnnbench.model.errors import CampaignError
from rnnbench.model.machine import machine_parts, machine_text, physical_cores
from rnnbench.model.pattern import case_filter
from rnnbench.model.policy import Policy
from rnnbench.model.run import Environment, Run, SweepRecord, TurnValue
from rnnbench.model.runtimes import remove_builds
from rnnbench.model.status import FAILED
from rnnbench.model.workload import Workload, group
from rnnbench.runner.doctor.conditions import read_conditions
from rnnbench.runner.doctor.host import Host, cpu_times, this_load
from rnnbench.runner.footprint import too_large
from rnnbench.runner.head_start import HeadStart, needs_survey
from rnnbench.runner.interrupts import run_to_end
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.lanes import Lane, gpu_lanes, lanes, visible_gpus
from rnnbench.runner.launch import Order
from rnnbench.runner.learning.learning_order import describe_plan, smoke_plan
from rnnbench.runner.learning.learning_results import learning_results
from rnnbench.runner.results import JournalReader
from rnnbench.runner.scheduler import Campaign, Progress, local_launcher, survey
from rnnbench.storage.files import require_writable

OnProgress = Callable[[Progress], None]

# Begins the reason of a case for which there was no time.
NOT_STARTED = "not started"
OnLaunch = Callable[[Run], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOptions:
    """Options of a run.

    Attributes:
        launches, precision, budget, profile: replace the sweep's policy; None keeps it.
        output: the results file that the run is for. The journal is kept beside it, and
            traces of profiled cases go to `traces/` in its folder. None: the journal is
            in memory alone, and no trace is written.
        resume: continue the journal instead of starting a new one.
        stop_at_failure: begin no case after one has failed.
        lanes: launches to run side by side; None: as many as is sound here.
        smoke: call each case once, to see that it runs; nothing is written.
        host: a name for this machine, stored with each launch; empty: none.
        command: what the user typed, for the record.
        commit: the version of the project that is measured, for the record.
        worker: the command that starts a worker, if not this interpreter's own.

    """

    launches: int | None = None
    precision: float | None = None
    budget: float | None = None
    profile: str | None = None
    output: Path | None = None
    resume: bool = False
    stop_at_failure: bool = False
    lanes: int | None = None
    smoke: bool = False
    host: str = ""
    command: str = ""
    commit: str | None = None
    worker: tuple[str, ...] = ()

    def policy(self, default: Policy) -> Policy:
        """The policy of a run; CampaignError if an option has no sensible value."""
        names = ("launches", "precision", "budget", "profile")
        given = {name: getattr(self, name) for name in names}
        try:
            policy = replace(
                default,
                **{name: value for name, value in given.items() if value is not None},
            )
        except ValueError as error:
            raise CampaignError(str(error)) from error
        try:
            case_filter(policy.profile)
        except ValueError as error:
            raise CampaignError(f"profile: {error}") from error
        return policy

    @property
    def journal(self) -> Path | None:
        """The journal of the run; None if it is kept in memory."""
        if self.output is None or self.smoke:
            return None
        return self.output.with_name(f"{self.output.name}.journal")

    @property
    def traces(self) -> Path | None:
        """The folder for traces of profiled cases; None if none are written."""
        if self.output is None or self.smoke:
            return None
        return self.output.parent / "traces" / self.output.stem


class MeasureInterrupt(KeyboardInterrupt):
    """Ctrl-C while measuring; `run` holds what was measured until then."""

    def __init__(self, run: Run) -> None:
        super().__init__("interrupted")
        self.run = run


def measure(
    workloads: tuple[Workload, ...],
    sweep: SweepRecord,
    options: MeasureOptions = MeasureOptions(),
    on_progress: OnProgress = lambda _: None,
    on_launch: OnLaunch | None = None,
) -> Run:
    """Measure `workloads` of `sweep` side by side; every case is in the run's results.

    `on_progress` is called when a workload begins and ends in a launch. `on_launch` is
    called with the run so far after a worker has ended and before the next one starts,
    when its core is idle: what takes time, such as drawing, belongs there.

    A case that fails, or for which the time does not suffice, has a status and a reason
    in the run. CampaignError, ResultsError: measuring can't begin or go on; the journal
    keeps what was done. MeasureInterrupt: the user pressed Ctrl-C; it has the run.
    """
    sweep = replace(sweep, policy=options.policy(sweep.policy))
    if options.output is not None and not options.smoke:
        require_writable(options.output)
    order = order_of(workloads, sweep, options)
    work = _Measurement(order, sweep, options, on_progress, on_launch)
    try:
        return run_to_end(work.run())
    except KeyboardInterrupt:
        if work.campaign is None:
            raise
        run = work.run_so_far("interrupted before it was measured")
        raise MeasureInterrupt(run) from None
    finally:
        remove_builds()


@dataclass(slots=True)
class _Measurement:
    """One call of `measure`: what it was asked, and the campaign once it has begun."""

    order: Order
    sweep: SweepRecord
    options: MeasureOptions
    on_progress: OnProgress
    on_launch: OnLaunch | None
    campaign: Campaign | None = None
    host: Host = field(
        default_factory=lambda: Host(load=this_load(), before=cpu_times())
    )

    async def run(self) -> Run:
        """Ask what can run here, then measure it; the first workers start at once."""
        await self._describe()
        head_start = HeadStart.begin(self.order)
        try:
            environment, reasons = await self._survey(head_start)
            header = header_of(self.order, self.sweep, environment)
            options = self.options
            with Journal.start(options.journal, header, resume=options.resume) as book:
                if options.traces is not None and not options.resume:
                    _remove_traces(options.traces)
                launcher = local_launcher(environment, self._launched)
                self.campaign = Campaign(
                    self.order, environment, book, self.on_progress, launcher
                )
                await self.campaign.run(reasons, head_start)
        finally:
            await head_start.close()
        why = f"the budget of {self.sweep.policy.budget:g} s was used up"
        if self.campaign.stopped:
            why = "a case had failed (-x)"
        return self.run_so_far(f"{NOT_STARTED}: {why}")

    async def _describe(self) -> None:
        """Ask what the sweep trains, and time its steps beside the other workloads."""
        plan, policy = self.sweep.learning, self.sweep.policy
        if plan is None:
            return
        plan = smoke_plan(plan) if self.options.smoke else plan
        found = await describe_plan(plan, policy.time_limit, self.order.command)
        members = tuple(case for one in self.order.workloads for case in one.members)
        added = [case for case in found.step_cases() if case not in members]
        workloads = group((*members, *added), self.sweep.compare)
        self.order = replace(self.order, workloads=workloads, learning=found)

    def run_so_far(self, unmeasured: str) -> Run:
        """The run of what is measured; `unmeasured` is why the rest is not."""
        assert self.campaign is not None  # noqa: S101  every caller has begun it
        run = run_of(self.campaign, self.sweep, self.options, unmeasured)
        return replace(run, conditions=read_conditions(self.host))

    async def _survey(
        self, head_start: HeadStart
    ) -> tuple[Environment, tuple[str, ...]]:
        cases = self.order.cases
        if not needs_survey(cases):
            environment = await head_start.environment()
            if environment is not None:
                return environment, tuple(too_large(c, environment) for c in cases)
        return await survey(cases, self.order.command)

    def _launched(self) -> None:
        if self.on_launch is not None:
            self.on_launch(self.run_so_far("not measured yet"))


def order_of(
    workloads: tuple[Workload, ...], sweep: SweepRecord, options: MeasureOptions
) -> Order:
    """The order of a run, with the lanes of this machine."""
    return Order(
        workloads=workloads,
        policy=sweep.policy,
        stop_at_failure=options.stop_at_failure,
        smoke=options.smoke,
        traces=str(options.traces) if options.traces else None,
        command=options.worker,
        lanes=lanes(options.lanes),
        gpu_lanes=_gpu_lanes(workloads),
        references=sweep.references,
    )


def _gpu_lanes(workloads: tuple[Workload, ...]) -> tuple[Lane, ...]:
    """A lane for each GPU of this machine, if there is something to measure there."""
    devices = {case.device for one in workloads for case in one.members}
    return gpu_lanes(visible_gpus() if Device.CUDA in devices else (), physical_cores())


def discard_journal(run: Run, options: MeasureOptions) -> None:
    """Remove the journal once the results file is written.

    It stays where a failure ended the run early: with `resume`, the rest is measured.
    """
    failed = any(result.status in FAILED for result in run.results)
    if options.journal is not None and not (options.stop_at_failure and failed):
        options.journal.unlink(missing_ok=True)


def header_of(order: Order, sweep: SweepRecord, environment: Environment) -> Header:
    """The facts that must be equal for a journal to be continued."""
    ids = "\n".join(sorted(case.id for case in order.cases))
    if order.learning is not None:
        ids += f"\n{order.learning.plan}"
    machine = (
        machine_text(machine_parts(environment)),
        f"Python {environment.python}",
        f"torch {environment.torch}",
    )
    return Header(
        sweep=sweep.name,
        digest=hashlib.sha256(ids.encode()).hexdigest(),
        policy=f"precision {sweep.policy.precision:g}",
        machine=", ".join(machine),
    )


def _remove_traces(folder: Path) -> None:
    """Remove the traces of an earlier run with the same output."""
    for trace in folder.glob("*/*.pt.trace.json.gz"):
        trace.unlink()


def run_of(
    campaign: Campaign, sweep: SweepRecord, options: MeasureOptions, unmeasured: str
) -> Run:
    """The run so far; `unmeasured` is why the rest of it is not measured."""
    reader = JournalReader(campaign.order, campaign.journal, unmeasured, options.host)
    return Run(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=rnnbench.__version__,
        commit=options.commit,
        command=options.command,
        sweep=sweep,
        environment=campaign.environment,
        effort=campaign.effort,
        results=reader.results(),
        yardsticks=reader.yardsticks(),
        ceilings=reader.ceilings(),
        learning=learning_results(
            campaign.order.learning, campaign.journal, unmeasured
        ),
        turn=TurnValue.FASTEST,
    )
