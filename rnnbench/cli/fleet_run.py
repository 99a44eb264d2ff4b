"""A run on a cluster, for `rnnbench run --cluster`: a run for each kind of machine."""

import sys
from typing import Annotated, Any

import typer

from rnnbench.cli.output import say
from rnnbench.model.errors import RnnbenchError

Cluster = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Measure on the nodes of a cluster: tls://HOST:PORT of its head, or "
        "local:N for N nodes on this machine. A results file is written for each kind "
        "of machine, with the kind in its name. RNNBENCH_CA, RNNBENCH_CERT and "
        "RNNBENCH_KEY name the files of certificates.",
    ),
]


def measure_on_cluster(
    sweep: Any, options: Any, where: tuple[str, str], *, is_shown: bool
) -> list[tuple[Any, Any, bool]]:
    """The run of each kind of machine, its options, and whether it is whole.

    `where`: the address, and an interpreter, which is refused: each node has its own.
    """
    from rnnbench.cli.live_table import display  # noqa: PLC0415
    from rnnbench.runner.fleet.cluster_address import ClusterAddress  # noqa: PLC0415
    from rnnbench.runner.fleet.measure_fleet import (  # noqa: PLC0415
        FleetOptions,
        measure_fleet,
    )

    address, python = where
    if python:
        raise RnnbenchError(
            "--python: on a cluster each node has its own: see rnnbench node --worker"
        )
    if options.host:
        raise RnnbenchError(
            "--host: on a cluster each node has its own name: see rnnbench node --name"
        )
    fleet = FleetOptions(
        cluster=ClusterAddress(address=address),
        notice=lambda line: say(f"\n{line}", err=True),
    )
    with display(sys.stderr, is_shown=is_shown) as shown:
        found = measure_fleet(
            sweep.workloads, sweep.record, options, fleet, shown.on_progress
        )
    return [(each.run, each.options, each.is_whole) for each in found]
