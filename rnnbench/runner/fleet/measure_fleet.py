"""Measure workloads on a cluster: a run for each kind of machine in it.

Each kind has a campaign, a journal and a run of its own; turns of different kinds are
never mixed. Their ratios are compared by a reader of the results.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import rnnbench
from rnnbench.model.case import TORCH_LAYERS
from rnnbench.model.errors import CampaignError
from rnnbench.model.run import Environment, Run, SweepRecord
from rnnbench.model.workload import Workload
from rnnbench.runner.fleet.cluster_address import ClusterAddress
from rnnbench.runner.fleet.dask_cluster import DaskCluster, open_cluster
from rnnbench.runner.fleet.fleet_launcher import FleetLauncher, NodeLostError
from rnnbench.runner.fleet.node import code_digest
from rnnbench.runner.fleet.parcel import NodeFacts
from rnnbench.runner.footprint import too_large
from rnnbench.runner.head_start import needs_survey
from rnnbench.runner.interrupts import run_to_end
from rnnbench.runner.journal import Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.measure import (
    NOT_STARTED,
    MeasureOptions,
    OnProgress,
    header_of,
    order_of,
    run_of,
)
from rnnbench.runner.scheduler import Campaign, Progress
from rnnbench.storage.files import require_writable

_VERSIONS = ("Python", "numpy", "torch")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOptions:
    """Options of a run on a cluster, beside those of any run.

    `single`: refuse a cluster with several kinds of machines; then the results file has
    the name that was asked for, else the kind is part of it. `notice`: called with a
    line about each host that is refused, lost or set aside.
    """

    cluster: ClusterAddress
    single: bool = False
    notice: Callable[[str], object] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRun:
    """The run of one kind of machine. `is_whole`: no interrupt ended it early."""

    run: Run
    options: MeasureOptions
    is_whole: bool


def measure_fleet(
    workloads: tuple[Workload, ...],
    sweep: SweepRecord,
    options: MeasureOptions,
    fleet: FleetOptions,
    on_progress: OnProgress = lambda _: None,
) -> tuple[FleetRun, ...]:
    """Measure `workloads` on every kind of machine of a cluster, side by side.

    Errors as `measure`; Ctrl-C leaves runs that are not whole.
    """
    if sweep.learning is not None:
        raise CampaignError("a sweep with learning tasks can't run on a cluster yet")
    sweep = replace(sweep, policy=options.policy(sweep.policy))
    work = _FleetMeasurement(workloads, sweep, options, fleet, on_progress)
    is_whole = True
    try:
        run_to_end(work.run())
    except KeyboardInterrupt:
        if not work.kinds:
            raise
        is_whole = False
    reason = f"{NOT_STARTED}: the budget of {sweep.policy.budget:g} s was used up"
    unmeasured = reason if is_whole else "interrupted before it was measured"
    return tuple(
        FleetRun(
            run=run_of(kind.campaign, sweep, kind.options, unmeasured),
            options=kind.options,
            is_whole=is_whole,
        )
        for kind in work.kinds
    )


@dataclass(slots=True)
class _Kind:
    """The campaign on one kind of machine."""

    key: str
    options: MeasureOptions
    campaign: Campaign
    launcher: FleetLauncher
    progress: Progress | None = None


@dataclass(slots=True)
class _KindOfCluster:
    """The nodes of a cluster that are of one kind; see `fleet_launcher.Cluster`."""

    cluster: DaskCluster
    like: NodeFacts
    refused: set[str]

    def nodes(self) -> Mapping[str, NodeFacts]:
        """The nodes of this kind, by their address; also those that joined later."""
        return {
            at: node
            for at, node in self.cluster.nodes().items()
            if at not in self.refused and not _differences(self.like, node)
        }

    async def send(self, address: str, parcel: str, cost: int) -> str:
        """The delivery for a parcel."""
        return await self.cluster.send(address, parcel, cost)


@dataclass(slots=True)
class _FleetMeasurement:
    workloads: tuple[Workload, ...]
    sweep: SweepRecord
    options: MeasureOptions
    fleet: FleetOptions
    on_progress: OnProgress
    kinds: list[_Kind] = field(default_factory=list)

    async def run(self) -> None:
        """Connect, refuse what does not belong, and measure each kind."""
        opened = open_cluster(self.fleet.cluster, self.options.worker)
        async with opened as cluster:
            refused = await self._refused(cluster)
            groups: dict[str, list[str]] = defaultdict(list)
            for at, node in cluster.nodes().items():
                if at not in refused:
                    groups[node.kind].append(at)
            if not groups:
                raise CampaignError(
                    f"{self.fleet.cluster.address}: no node can be used"
                )
            if self.fleet.single and len(groups) > 1:
                raise CampaignError(
                    f"{self.fleet.cluster.address}: {len(groups)} kinds of machines "
                    f"({', '.join(sorted(groups))}): rnnbench run --cluster writes a "
                    "results file for each"
                )
            async with asyncio.TaskGroup() as group:
                for key, places in sorted(groups.items()):
                    like = cluster.nodes()[places[0]]
                    kind = _KindOfCluster(cluster, like, refused)
                    group.create_task(self._measure(key, kind))

    async def _measure(self, key: str, kind: _KindOfCluster) -> None:
        options = self._options_of(key)
        if options.output is not None and not options.smoke:
            require_writable(options.output)
        order = order_of(self.workloads, self.sweep, options)
        nodes = [*kind.nodes().values()]
        environment = _least_memory(nodes)
        reasons = await self._reasons(kind, environment, order)
        header = header_of(order, self.sweep, environment)
        with Journal.start(options.journal, header, resume=options.resume) as journal:
            launchers: list[FleetLauncher] = []

            def make(context: LaunchContext) -> FleetLauncher:
                launchers.append(FleetLauncher(context, kind, self.fleet.notice))
                return launchers[0]

            def show(progress: Progress) -> None:
                self._show(key, progress)

            campaign = Campaign(order, environment, journal, show, make)
            self.kinds.append(_Kind(key, options, campaign, launchers[0]))
            await campaign.run(reasons)

    def _options_of(self, key: str) -> MeasureOptions:
        output = self.options.output
        # A node has no folder for traces, so it writes none.
        if output is None or self.fleet.single or self.fleet.cluster.local_nodes:
            return self.options
        return replace(self.options, output=kind_file(output, key))

    async def _reasons(
        self, kind: _KindOfCluster, environment: Environment, order: Order
    ) -> Sequence[str]:
        """For each case why this kind of machine can't run it."""
        reasons = [too_large(case, environment) for case in order.cases]
        if needs_survey(order.cases):
            for address in kind.nodes():
                try:
                    found = await kind.cluster.unable(address, order.cases)
                except NodeLostError:
                    continue
                return [one or two for one, two in zip(found, reasons, strict=True)]
            raise CampaignError("no node is left")
        return reasons

    async def _refused(self, cluster: DaskCluster) -> set[str]:
        """Addresses of nodes that can't take part; a line about each goes out."""
        refused = dict.fromkeys(cluster.strangers, "it is not an rnnbench node")
        nodes = dict(cluster.nodes())
        for at, node in nodes.items():
            if node.version != rnnbench.__version__:
                refused[at] = (
                    f"rnnbench {node.version} instead of {rnnbench.__version__}"
                )
        refused |= dict(_unlike(nodes))
        layers = sorted({case.layer for one in self.workloads for case in one.members})
        own = [layer for layer in layers if layer not in TORCH_LAYERS]
        if own:
            expected = [code_digest(layer) for layer in own]
            for at in nodes.keys() - refused.keys():
                found = await cluster.code_digests(at, own)
                other = [
                    layer
                    for layer, ours, theirs in zip(own, expected, found, strict=True)
                    if ours != theirs
                ]
                if other:
                    refused[at] = f"its code of the layer {', '.join(other)} differs"
        for at, reason in sorted(refused.items()):
            name = nodes[at].name if at in nodes else at
            self.fleet.notice(f"host {name}: refused: {reason}")
        return set(refused)

    def _show(self, key: str, progress: Progress) -> None:
        """Show all kinds as one: hosts and work are added up."""
        for kind in self.kinds:
            if kind.key == key:
                kind.progress = progress
        shown = [kind.progress for kind in self.kinds if kind.progress]
        launches = sum(kind.campaign.effort.launches for kind in self.kinds)
        left = [one.left for one in shown if one.left is not None]
        self.on_progress(
            Progress(
                at=progress.at,
                done=sum(one.done for one in shown),
                total=sum(one.total for one in shown),
                elapsed=progress.elapsed,
                left=max(left) if left else None,
                hosts=sum(kind.launcher.hosts for kind in self.kinds),
                launches_a_minute=60 * launches / max(progress.elapsed, 1e-9),
            )
        )


def kind_file(output: Path, kind: str) -> Path:
    """The results file of one kind: its key stands before the suffix."""
    return output.with_name(f"{output.stem}.{kind}{output.suffix}")


def _least_memory(nodes: Sequence[NodeFacts]) -> Environment:
    """The environment of the host with the least memory, so that a case fits on all."""
    return min(
        (node.environment for node in nodes),
        key=lambda environment: environment.memory_bytes or 0,
    )


def _differences(like: NodeFacts, node: NodeFacts) -> list[str]:
    """The versions in which two nodes of one kind differ; "kind" if that differs."""
    if like.kind != node.kind or node.version != like.version:
        return ["kind"]
    return [
        f"{name} {node.versions[name]} instead of {like.versions[name]}"
        for name in _VERSIONS
        if node.versions[name] != like.versions[name]
    ]


def _unlike(nodes: Mapping[str, NodeFacts]) -> Iterator[tuple[str, str]]:
    """Nodes with other versions than most of their kind, and which."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for at, node in nodes.items():
        kinds[node.kind].append(at)
    for places in kinds.values():
        counts = Counter(tuple(nodes[at].versions.values()) for at in places)
        # Of equally frequent versions the highest, so that the choice is always the
        # same.
        usual = max(counts, key=lambda versions: (counts[versions], versions))
        like = next(
            nodes[at] for at in places if tuple(nodes[at].versions.values()) == usual
        )
        for at in places:
            if found := _differences(like, nodes[at]):
                yield at, ", ".join(found)
