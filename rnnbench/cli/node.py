"""`rnnbench node`: this machine becomes a node of a fleet."""

import platform
import shlex
from functools import partial
from typing import Annotated

import typer

from rnnbench.cli.cluster_options import Authority, Certificate, Key, cluster_address
from rnnbench.cli.output import say

_NODE = """Measure on this machine for the runs of a fleet, until Ctrl-C.

Start one node on each machine, with the same versions of rnnbench, Python, numpy and
torch and the same code of your own layers. ADDRESS is the address of the head, which
`rnnbench fleet ADDRESS --serve` starts. Nothing else should run on the machine.

Any program with a certificate of the cluster can run code on this machine.

\b
Exit status:
  2    the head can't be reached, or has ended
  130  interrupted

\b
Examples:
  rnnbench node tls://head:8786 --ca ca.pem --cert node.pem --key node.key
  srun --exclusive --ntasks-per-node=1 rnnbench node tls://head:8786 ...
"""


_Name = Annotated[
    str, typer.Option(help="Name of this node in messages; by default the host name.")
]
_Cores = Annotated[
    str,
    typer.Option(
        metavar="N,...",
        help="Numbers of the cores to measure on; by default one per physical core.",
    ),
]
_Worker = Annotated[
    str,
    typer.Option(
        metavar="COMMAND",
        help="Command that starts a worker; by default one that uses the interpreter "
        "that runs this node.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="node", help=_NODE)(node)


def node(  # noqa: PLR0913 - options, not arguments
    address: Annotated[
        str, typer.Argument(help="Address of the head: tls://HOST:PORT.")
    ],
    *,
    ca: Authority = None,
    cert: Certificate = None,
    key: Key = None,
    name: _Name = "",
    cores: _Cores = "",
    worker: _Worker = "",
) -> None:
    """Measure for others; the help text is `_NODE`."""
    from rnnbench.model.machine import physical_cores  # noqa: PLC0415
    from rnnbench.runner.fleet.dask_cluster import serve_node  # noqa: PLC0415
    from rnnbench.runner.fleet.local_nodes import die_with_run  # noqa: PLC0415
    from rnnbench.runner.fleet.node import this_node  # noqa: PLC0415
    from rnnbench.runner.interrupts import run_to_end  # noqa: PLC0415

    die_with_run()
    where = cluster_address(address, ca, cert, key)
    where.certificates()

    async def serve() -> None:
        chosen = _numbers(cores) if cores else physical_cores()
        here = await this_node(
            name or platform.node(), chosen, tuple(shlex.split(worker))
        )
        await serve_node(where, here, partial(say, err=True))

    run_to_end(serve())


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(",")))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no list of cores") from error
