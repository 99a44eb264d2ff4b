"""A worker without torch: it speaks the protocol, and fails as a layer's name bids it.

A case of the layer "fake:NAME" takes the fault NAME when it is prepared; "rounds_NAME"
takes it in the rounds. Any other layer takes SECONDS, a GRU half as much again.
"""

import ctypes
import os
import random
import signal
import sys
import time
from pathlib import Path

from rnnbench import protocol
from rnnbench.protocol import (
    Measured,
    MemberTurns,
    Memory,
    Outcome,
    Prepare,
    Ready,
    Report,
    Rounds,
    Start,
    Survey,
)
from rnnbench.record import Environment, Status

SECONDS = 1e-3
SCHEMA = int(os.environ.get("FAKE_SCHEMA", protocol.SCHEMA))
NOISE = float(os.environ.get("FAKE_NOISE", "0.001"))


def answer(message):
    sys.stdout.buffer.write(protocol.encode(message))
    sys.stdout.buffer.flush()


def announce(stage, member):
    os.write(2, protocol.announcement(stage, member))


def hang():
    while True:
        time.sleep(60)


def garbage():
    os.write(1, b"\xff\xfe this is no JSON\n")
    hang()


def memory():
    os.write(2, b"RuntimeError: DefaultCPUAllocator: can't allocate memory\n")
    os._exit(1)


def once():
    """Die the first time only: chance, not the layer."""
    mark = Path(os.environ["FAKE_MARK"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


FAULTS = {
    "sigkill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
    "hang": hang,
    "garbage": garbage,
    "memory": memory,
    "exit": lambda: os._exit(7),
    "once": once,
}


def fault(case, stage):
    name = case.layer.removeprefix("fake:")
    if stage == "rounds":
        name = name.removeprefix("rounds_") if name.startswith("rounds_") else ""
    FAULTS.get(name, lambda: None)()


def prepare(cases):
    for number, case in enumerate(cases):
        announce("build", number)
        fault(case, "build")
    return Report(
        outcomes=tuple(
            Outcome(status=Status.ERROR, reason="ValueError: no")
            if case.layer == "fake:raises"
            else Outcome(status=Status.OK, call=SECONDS, first_call=SECONDS)
            for case in cases
        )
    )


def rounds(cases, count):
    for number, case in enumerate(cases):
        announce("turn", number)
        fault(case, "rounds")
    noise = random.Random()
    turns = tuple(
        MemberTurns(
            seconds=tuple(
                SECONDS * (1.5 if case.layer == "gru" else 1) * noise.gauss(1, NOISE)
                for _ in range(count)
            ),
            faults=(0,) * count,
        )
        if case.layer != "fake:raises"
        else MemberTurns()
        for case in cases
    )
    return Measured(
        outcomes=tuple(Outcome(status=Status.OK) for _ in cases),
        turns=turns,
        yardstick=MemberTurns(seconds=(SECONDS,) * count, faults=(0,) * count),
        inside_turns=0.01,
    )


def environment():
    values = dict.fromkeys(Environment.__dataclass_fields__)
    for name in ("system", "machine", "kernel", "libc", "python", "numpy", "torch"):
        values[name] = "fake"
    values |= {"parallel_backend": "none", "allocator": "glibc", "cpu_model": "fake"}
    return Environment(**values)


def main():
    start = protocol.decode_job(sys.stdin.buffer.readline())
    assert isinstance(start, Start)
    answer(Ready(schema=SCHEMA, environment=environment()))
    cases = ()
    for line in sys.stdin.buffer:
        job = protocol.decode_job(line)
        if isinstance(job, Survey):
            outcomes = tuple(
                Outcome(status=Status.SKIPPED, reason="no CUDA device")
                if case.device == "cuda"
                else Outcome(status=Status.OK)
                for case in job.cases
            )
            answer(Report(outcomes=outcomes))
        elif isinstance(job, Prepare):
            cases = job.cases
            answer(prepare(cases))
        elif isinstance(job, Rounds):
            answer(rounds(cases, job.least))
        elif isinstance(job, Memory):
            outcome = Outcome(status=Status.OK, peak_memory=1024)
            answer(Report(outcomes=(outcome,) * len(job.cases)))


if __name__ == "__main__":
    main()
