"""Options that name a cluster and prove who connects, for the commands of a fleet."""

from pathlib import Path
from typing import Annotated, Any

import typer

Authority = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        help="The certificate of the cluster's authority, a PEM file; by default "
        "the one that RNNBENCH_CA names.",
    ),
]
Certificate = Annotated[
    Path | None,
    typer.Option(
        "--cert",
        help="A certificate that the authority has signed; by default the one that "
        "RNNBENCH_CERT names.",
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help="The key of the certificate; by default the one that RNNBENCH_KEY names.",
    ),
]


def cluster_address(
    address: str, authority: Path | None, certificate: Path | None, key: Path | None
) -> Any:
    """The address with its files."""
    from rnnbench.runner.fleet.cluster_address import ClusterAddress  # noqa: PLC0415

    return ClusterAddress(
        address=address, authority=authority, certificate=certificate, key=key
    )
