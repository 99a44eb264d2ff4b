"""The address of a cluster, and the files that prove who connects to it."""

import ipaddress
import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rnnbench.model.errors import CampaignError

_LOCAL = "local:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAddress:
    """The address of a cluster's head, and the files that authenticate this process.

    `address`: tls://HOST:PORT; tcp:// on this machine only; or local:N for N nodes that
    are started here. `authority`, `certificate`, `key`: PEM files; by default
    those that RNNBENCH_CA, RNNBENCH_CERT and RNNBENCH_KEY name.
    """

    address: str
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def local_nodes(self) -> int:
        """The number N of local:N, or 0."""
        count = self.address.removeprefix(_LOCAL)
        if count == self.address:
            return 0
        if not count.isdecimal() or not int(count):
            raise CampaignError(f"{self.address}: local:N needs a number of nodes")
        return int(count)

    def certificates(self) -> Mapping[str, str]:
        """Files for mutual TLS by the names that Dask gives them.

        Empty for plain TCP. CampaignError where that would not be safe, or a file is
        missing.
        """
        try:
            parts = urlsplit(self.address)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise CampaignError(f"{self.address}: {error}") from error
        if parts.scheme not in ("tls", "tcp") or not host or port is None:
            raise CampaignError(
                f"{self.address}: not an address: give tls://HOST:PORT, or local:N"
            )
        if parts.scheme == "tcp":
            if not _is_loopback(host):
                raise CampaignError(
                    f"{self.address}: tcp:// is for this machine alone, as anyone who "
                    "connects can run code on every node: use tls:// with certificates"
                )
            return {}
        return self._files()

    def _files(self) -> Mapping[str, str]:
        given = {
            "tls_ca_file": self.authority or _from_environment("RNNBENCH_CA"),
            **dict.fromkeys(
                ("tls_client_cert", "tls_worker_cert", "tls_scheduler_cert"),
                self.certificate or _from_environment("RNNBENCH_CERT"),
            ),
            **dict.fromkeys(
                ("tls_client_key", "tls_worker_key", "tls_scheduler_key"),
                self.key or _from_environment("RNNBENCH_KEY"),
            ),
        }
        kept = {name: str(path) for name, path in given.items() if path is not None}
        for path in dict.fromkeys(kept.values()):
            if not os.access(path, os.R_OK):
                raise CampaignError(f"{path}: can't be read")
        if not kept.keys() >= {"tls_ca_file", "tls_client_cert", "tls_client_key"}:
            raise CampaignError(
                f"{self.address}: tls:// needs --ca, --cert and --key: PEM files of "
                "the cluster's authority, and of a certificate that it has signed"
            )
        _require_usable(
            kept["tls_ca_file"], kept["tls_client_cert"], kept["tls_client_key"]
        )
        return kept


def _require_usable(authority: str, certificate: str, key: str) -> None:
    """CampaignError where files hold no certificate, or the key is of another one."""
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise CampaignError(f"{authority}: holds no certificate") from error
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        raise CampaignError(
            f"{certificate}, {key}: not a certificate and its key"
        ) from error


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _from_environment(variable: str) -> str | None:
    return os.environ.get(variable) or None
