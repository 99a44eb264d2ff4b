"""Messages between a run and a node of a fleet: an errand, and what came of it.

They are JSON texts, so that what travels is plain data of known types.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rnnbench.model.codec import fields_of, reader
from rnnbench.model.machine import machine_key, machine_parts
from rnnbench.model.policy import Policy
from rnnbench.model.run import Environment
from rnnbench.runner.footprint import stands_alone
from rnnbench.runner.journal import Entry, decode_entry, encode_entry
from rnnbench.runner.launcher import Errand


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """A node as it describes itself when it joins.

    `host`: a name that says nothing about the host, stored with each launch. `machine`:
    the same for all nodes of one machine. `lanes`, `gpus`: launches that it runs at the
    same time, on the CPU and on GPUs.
    """

    host: str
    machine: str
    name: str
    lanes: int
    gpus: int
    version: str
    environment: Environment

    @property
    def kind(self) -> str:
        """The key of its kind of machine; runs of one kind belong together."""
        return machine_key(machine_parts(self.environment))

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions that must agree among the nodes of a kind."""
        environment = self.environment
        return {
            "Python": environment.python,
            "numpy": environment.numpy,
            "torch": environment.torch,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An errand with all that a node must know to do it.

    `seconds_left`: until nothing more is begun; no clock reading, as clocks differ.
    `ended`: ids of cases that take no part. `checked`: ids of workloads whose results
    were compared already. `deaths`: by the id of a case, how often a worker died at it.
    """

    errand: Errand
    policy: Policy
    smoke: bool
    seconds_left: float
    ended: tuple[str, ...]
    checked: tuple[str, ...]
    deaths: Mapping[str, int]

    @property
    def needs_host(self) -> bool:
        """Whether nothing may run on the host beside it."""
        return needs_host(self.errand)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a node did: journal entries and sums, as in `Tally`.

    `deaths`: as in `Parcel`, of the errand's cases. `fault`: why this node can't
    measure anything; empty if it can.
    """

    entries: tuple[Entry, ...]
    deaths: Mapping[str, int]
    launches: int = 0
    inside_turns: float = 0.0
    waited: float = 0.0
    fault: str = ""


def needs_host(errand: Errand) -> bool:
    """Whether nothing may run on the host beside `errand`."""
    launch = errand.launch
    if launch.fits_gpu_lane:
        return False
    return not launch.goes_beside or any(map(stands_alone, launch.workloads))


def encode(message: NodeFacts | Parcel) -> str:
    """The message as strict JSON."""
    return _text(message)


def decode_facts(text: str) -> NodeFacts:
    """Read a node's description; ValueError says what is wrong with it."""
    facts: NodeFacts = reader(NodeFacts)(json.loads(text))
    return facts


def decode_parcel(text: str) -> Parcel:
    """Read an errand; ValueError says what is wrong with it."""
    parcel: Parcel = reader(Parcel)(json.loads(text))
    return parcel


def encode_delivery(delivery: Delivery) -> str:
    """The delivery as strict JSON."""
    entries = list(map(encode_entry, delivery.entries))
    return _text({**fields_of(delivery), "entries": entries})


def decode_delivery(text: str, host: str = "") -> Delivery:
    """Read a delivery, whose passes get the name of their `host`.

    ValueError says what is wrong with it.
    """
    try:
        body = json.loads(text)
        read = body.pop("entries")
        for entry in read:
            if entry["kind"] == "Pass":
                entry["host"] = host
        entries = tuple(map(decode_entry, read))
        rest: Delivery = reader(Delivery)({**body, "entries": []})
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a delivery: {error}") from error
    return replace(rest, entries=entries)


def _text(body: Any) -> str:
    return json.dumps(body, allow_nan=False, separators=(",", ":"), default=fields_of)
