"""The head of a cluster of Dask distributed, and how Dask is set up for measuring.

Dask (the extra `fleet`) is imported here and in `dask_cluster` alone. It runs what it
is sent, so every connection from another machine needs a certificate of the cluster.
"""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from rnnbench.model.errors import CampaignError
from rnnbench.runner.fleet.cluster_address import ClusterAddress
from rnnbench.storage.files import reason_of

try:
    import dask
    import distributed
    from distributed.security import Security

    # It reports every worker that comes and goes; we do, by name.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
except ImportError:
    distributed = None  # type: ignore[assignment]

# A node that does not answer for so long is replaced. Dask's own default is 5 minutes.
WORKER_TTL = 30.0
# For Dask's pages, which need no certificate: no other machine reaches them, and any
# number of heads and nodes have a port.
HERE_ALONE = "127.0.0.1:0"
# Seconds for a connection.
CONNECT = 20.0

# Seconds between a node's signs of life; Dask's own value is half a second for up to
# ten nodes, at 1 ms of CPU each.
_HEARTBEAT = 5.0

# Dask's own work on a node while something is timed: by default 38 ms of CPU a second
# and 150 wake-ups, with these 2.3 ms and 5.
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "5s",
    "distributed.admin.tick.limit": "60s",
    "distributed.admin.system-monitor.interval": "60s",
    "distributed.comm.timeouts.connect": f"{CONNECT:g}s",
}


def security_of(certificates: Mapping[str, str]) -> Any:
    """How Dask connects with these files; CampaignError where Dask is missing."""
    if distributed is None:
        raise CampaignError("Dask is not installed: pip install rnnbench[fleet]")
    make: Any = Security
    return make(**certificates, require_encryption=bool(certificates))


@asynccontextmanager
async def head(
    address: str, certificates: Mapping[str, str], ttl: float = WORKER_TTL
) -> AsyncIterator[Any]:
    """The head of a cluster, which listens at `address`."""
    parts = urlsplit(address)
    with dask.config.set({**QUIET, "distributed.scheduler.worker-ttl": f"{ttl:g}s"}):
        scheduler = distributed.Scheduler(
            protocol=parts.scheme,
            host=parts.hostname,
            port=parts.port or 0,
            security=security_of(certificates),
            dashboard=False,
            # Dask serves its state over HTTP, whether or not there is a dashboard.
            dashboard_address=HERE_ALONE,
            worker_ttl=ttl,
        )
        beat = scheduler.handlers["heartbeat_worker"]
        scheduler.handlers["heartbeat_worker"] = _at_longer_intervals(beat)
        async with scheduler:
            yield scheduler


def _at_longer_intervals(beat: Callable[..., Any]) -> Callable[..., Any]:
    """The head's handler of a sign of life, whose answer names the time to the next."""

    def slowed(**facts: Any) -> dict[str, Any]:
        answer = beat(**facts)
        interval = max(answer.get("heartbeat-interval", 0.0), _HEARTBEAT)
        return {**answer, "heartbeat-interval": interval}

    return slowed


async def serve_head(where: ClusterAddress, tell: Callable[[str], object]) -> None:
    """Be the head of a cluster until it is ended."""
    try:
        async with head(where.address, where.certificates()) as found:
            tell(f"head of the fleet at {found.address}")
            await found.finished()
    except OSError as error:
        raise CampaignError(f"{where.address}: {reason_of(error)}") from error
