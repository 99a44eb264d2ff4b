"""`rnnbench fleet`: the hosts of a cluster by kind of machine, or its head."""

from collections import defaultdict
from functools import partial
from typing import Annotated, Any

import typer

from rnnbench.cli.cluster_options import Authority, Certificate, Key, cluster_address
from rnnbench.cli.output import say

_FLEET = """List the hosts of a cluster by kind of machine, or start its head.

A run on the cluster writes one results file for each kind. With --serve this process
becomes the head, to which nodes and runs connect. It needs a core that no node measures
on.

\b
Exit status:
  0  hosts were listed
  2  the cluster can't be reached, or has no node

\b
Examples:
  rnnbench fleet tls://0.0.0.0:8786 --serve --ca ca.pem --cert head.pem --key head.key
  rnnbench fleet tls://head:8786 --ca ca.pem --cert me.pem --key me.key
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="fleet", help=_FLEET)(fleet)


def fleet(
    address: Annotated[
        str,
        typer.Argument(
            help="Address of the head: tls://HOST:PORT, or local:N to start N nodes on "
            "this machine and list them."
        ),
    ],
    *,
    ca: Authority = None,
    cert: Certificate = None,
    key: Key = None,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Run the head at this address until Ctrl-C."),
    ] = False,
) -> None:
    """List hosts or serve; the help text is `_FLEET`."""
    from rnnbench.runner.fleet.dask_cluster import open_cluster  # noqa: PLC0415
    from rnnbench.runner.fleet.dask_head import serve_head  # noqa: PLC0415
    from rnnbench.runner.interrupts import run_to_end  # noqa: PLC0415

    where = cluster_address(address, ca, cert, key)

    async def nodes() -> list[Any]:
        async with open_cluster(where) as cluster:
            return list(cluster.nodes().values())

    if serve:
        run_to_end(serve_head(where, partial(say, err=True)))
        return
    for line in lines_of(run_to_end(nodes())):
        say(line)


def lines_of(nodes: list[Any]) -> list[str]:
    """A line for each kind of machine, and one for each of its hosts."""
    kinds: dict[str, list[Any]] = defaultdict(list)
    for node in nodes:
        kinds[node.kind].append(node)
    lines = []
    for kind, found in sorted(kinds.items()):
        lanes = sum(node.lanes for node in found)
        environment = found[0].environment
        model = environment.gpu or environment.cpu_model or environment.machine
        lines.append(f"{kind}: {model}; hosts: {len(found)}, lanes: {lanes}")
        lines += [
            f"  {node.name} (id {node.host}): lanes: {node.lanes}, "
            f"torch {node.environment.torch}, Python {node.environment.python}"
            for node in sorted(found, key=lambda node: str(node.name))
        ]
    return lines
