"""`rnnbench node`: this machine becomes a node of a fleet."""

import platform
import shlex
from functools import partial
from typing import Annotated

import typer

from rnnbench.cli.cluster_options import Authority, Certificate, Key, cluster_address
from rnnbench.cli.output import say

_NODE = """Let this machine measure for runs of a fleet, until Ctrl-C.

Start it on each machine, once, with the same versions of rnnbench, Python, numpy and
torch, and with the code of your own layers. ADDRESS is that of the head, which
`rnnbench fleet ADDRESS --serve` starts. Nothing else should run on the machine.

Every program that holds a certificate of the cluster can run code here.

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
    str, typer.Option(help="The name in messages; by default that of the host.")
]
_Cores = Annotated[
    str,
    typer.Option(
        metavar="N,...",
        help="The cores to measure on; by default each physical core.",
    ),
]
_Worker = Annotated[
    str,
    typer.Option(
        metavar="COMMAND",
        help="The command that starts a worker; by default this interpreter's own.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="node", help=_NODE)(node)


def node(  # noqa: PLR0913 - options, not arguments
    address: Annotated[str, typer.Argument(help="tls://HOST:PORT of the head.")],
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
    from rnnbench.runner.dask_cluster import serve_node  # noqa: PLC0415
    from rnnbench.runner.interrupts import run_to_end  # noqa: PLC0415
    from rnnbench.runner.node import this_node  # noqa: PLC0415

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
