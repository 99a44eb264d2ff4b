"""A worker without torch: it speaks the protocol, and fails as a layer's name bids it.

A case of the layer "fake:NAME" takes the fault NAME when it is prepared; "rounds_NAME"
takes it in the rounds, "profile_NAME" when it is profiled, "service_NAME" when it is
read as a service, "burn_NAME" while its energy is read. Any other layer takes SECONDS,
a GRU half as much again. With FAKE_GPU there is a CUDA device of that UUID. The case
whose id is FAKE_SLOW_CASE is 5 % slower. FAKE_CPU and FAKE_TORCH name the machine and
the version. Rounds take FAKE_WAIT seconds, and are written to FAKE_LOG when they begin
and end.
"""

import ctypes
import os
import random
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rnnbench.model.case import EAGER, Phase
from rnnbench.model.learning import SeedRun
from rnnbench.model.profile import Ceiling, Kind, MemoryPart, Operator, Profile, Span
from rnnbench.model.run import Environment
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.serving import DeploymentCard, StepLatency
from rnnbench.model.status import Status
from rnnbench.worker import protocol
from rnnbench.worker.announcements import Announcements
from rnnbench.worker.learning_jobs import Train, Trained
from rnnbench.worker.protocol import (
    Blocks,
    Burn,
    Burnt,
    Climb,
    Climbed,
    Floor,
    Floored,
    Measured,
    MemberTurns,
    Memory,
    Outcome,
    Prepare,
    Profiled,
    Ready,
    Report,
    Rounds,
    Start,
    Survey,
    TakeProfile,
    TakeTurn,
)
from rnnbench.worker.service_jobs import (
    CardTaken,
    ServiceJob,
    StepsTimed,
    StreamsServed,
    TakeCard,
    TimeSteps,
)

SECONDS = 1e-3
SCHEMA = int(os.environ.get("FAKE_SCHEMA", protocol.SCHEMA))
ANNOUNCEMENTS = Announcements.inherited(os.environ)
SLOW_CASE, SLOWER = os.environ.get("FAKE_SLOW_CASE"), 0.05
# Streams that a server manages at any deadline.
STREAMS = 3
CARD = DeploymentCard(
    launch=0,
    build=0.1,
    load=None,
    first_call=0.1,
    call=SECONDS,
    whole_call=None,
    artefact=1000,
    base_memory=1000,
    peak_memory=2000,
    error=None,
)
FACTS = RuntimeFacts(
    build_seconds=0.5,
    load_seconds=None,
    artefact_bytes=1000,
    error=1e-7,
    threads=1.0,
    note="made by a fake",
)
NOISE = float(os.environ.get("FAKE_NOISE", "0.001"))


def answer(message):
    sys.stdout.buffer.write(protocol.encode(message))
    sys.stdout.buffer.flush()


def announce(stage, member):
    if ANNOUNCEMENTS is not None:
        ANNOUNCEMENTS.announce(stage, member)


def hang():
    while True:
        time.sleep(60)


def garbage():
    os.write(1, b"\xff\xfe this is no JSON\n")
    hang()


def negative():
    turns = b'{"seconds":[-1.0],"faults":[],"back_to_back":[],"rough":0,"retaken":0}'
    rest = b'"outcomes":[],"turns":[],"inside_turns":0.0,"waited":0.0,"calm":0.0'
    os.write(1, b'{"kind":"Measured","yardstick":' + turns + b"," + rest + b"}\n")
    hang()


def memory():
    os.write(2, b"RuntimeError: DefaultCPUAllocator: can't allocate memory\n")
    os._exit(1)


def once():
    """Die the first time only: chance, not the layer."""
    # Of two workers side by side only one makes the mark.
    with suppress(FileExistsError):
        Path(os.environ["FAKE_MARK"]).touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)


FAULTS = {
    "sigkill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
    "hang": hang,
    "garbage": garbage,
    "memory": memory,
    "negative": negative,
    "exit": lambda: os._exit(7),
    "once": once,
}


def fault(case, stage):
    name = case.layer.removeprefix("fake:")
    if stage != "build":
        name = name.removeprefix(f"{stage}_") if name.startswith(f"{stage}_") else ""
    FAULTS.get(name, lambda: None)()


def prepare(cases):
    for number, case in enumerate(cases):
        announce("build", number)
        fault(case, "build")
    return Report(
        outcomes=tuple(
            Outcome(status=Status.ERROR, reason="ValueError: no")
            if case.layer == "fake:raises"
            else Outcome(
                status=Status.OK,
                call=SECONDS,
                first_call=SECONDS,
                facts=None if case.runtime == EAGER else FACTS,
            )
            for case in cases
        )
    )


def rounds(cases, count, slowdowns=()):
    for number, case in enumerate(cases):
        announce("turn", number)
        fault(case, "rounds")
    noise = random.Random()
    turns = tuple(
        MemberTurns(
            seconds=tuple(
                SECONDS
                * (1.5 if case.layer == "gru" else 1)
                * (1 + share)
                * (1 + SLOWER if case.id == SLOW_CASE else 1)
                * noise.gauss(1, NOISE)
                for _ in range(count)
            ),
            faults=(0,) * count,
        )
        if case.layer != "fake:raises"
        else MemberTurns()
        for case, share in zip(cases, slowdowns or (0.0,) * len(cases), strict=True)
    )
    return Measured(
        outcomes=tuple(Outcome(status=Status.OK) for _ in cases),
        turns=turns,
        yardstick=MemberTurns(seconds=(SECONDS,) * count, faults=(0,) * count),
        inside_turns=0.01,
    )


def profiles(job):
    for number, case in enumerate(job.cases):
        announce("profile", number)
        fault(case, "profile")
    failed = [case.layer == "fake:raises" for case in job.cases]
    return Profiled(
        outcomes=tuple(
            Outcome(status=Status.ERROR, reason="ValueError: no")
            if wrong
            else Outcome(status=Status.OK)
            for wrong in failed
        ),
        profiles=tuple(
            None if wrong else profile(case)
            for wrong, case in zip(failed, job.cases, strict=True)
        ),
    )


def profile(case):
    """An LSTM is one fused operator; anything else is many products."""
    kind = Kind.FUSED if case.layer == "lstm" and case.onednn else Kind.MATRIX
    name = "aten::mkldnn_rnn_layer" if kind is Kind.FUSED else "aten::addmm"
    saved = 0 if case.phase is Phase.INFERENCE else 512
    return Profile(
        seconds=2 * SECONDS,
        operators=(
            Operator(
                name=name,
                kind=kind,
                calls=1 if kind is Kind.FUSED else case.seq_len,
                host_seconds=1.5 * SECONDS,
                device_seconds=0.0,
                allocated_bytes=1024,
            ),
        ),
        kinds=((kind, 1.5 * SECONDS), (Kind.FRAMEWORK, 0.5 * SECONDS)),
        memory=(
            (MemoryPart.PARAMETERS, 2048),
            (MemoryPart.SAVED, saved),
            (MemoryPart.OTHER, 1024),
        ),
        unseen="everything: this worker is a fake",
        seen=(f"aten::{case.layer}", name),
        timeline=(
            Span(lane="thread 1", name=name, kind=kind, start=0.0, seconds=SECONDS),
        ),
        left_out=1,
        trace_reason="a fake has no trace",
    )


def ceilings(job):
    return Climbed(
        ceilings=tuple(
            Ceiling(
                device=job.device,
                dtype=dtype,
                threads=job.threads,
                flops=1e11,
                shape=(512, 512, 512),
                bytes=1e10,
                product="aten::mm",
            )
            for dtype in job.dtypes
        )
    )


def burnt(cases, job):
    """As many calls as would fill the time, in no time."""
    fault(cases[0], "burn")
    return Burnt(
        outcomes=(Outcome(status=Status.OK, call=SECONDS),),
        calls=round(job.seconds / SECONDS),
        seconds=job.seconds,
        gpu=os.environ["FAKE_GPU"],
    )


def train(job):
    """A run that solves its task at once, noted in the file FAKE_TRAINED."""
    announce("train", 0)
    (case,) = job.cases
    fault(case, "build")
    with Path(os.environ["FAKE_TRAINED"]).open("a") as file:
        file.write(f"{case.layer} {job.rate:g} {job.seed}\n")
    if case.layer == "fake:raises":
        return Trained(status=Status.ERROR, reason="ValueError: no")
    steps = 10 if job.rate == 0.01 else 20
    run = SeedRun(
        seed=job.seed,
        rate=job.rate,
        values=(0.0,) * (steps // 10 + 1),
        every=10,
        reached=steps,
        diverged=False,
        digest="",
    )
    return Trained(status=Status.OK, run=run)


OF_NO_CASE = {
    Train: train,
    TakeProfile: profiles,
    Climb: ceilings,
    Floor: lambda _: Floored(empty=2e-8, clock=4e-8, resolution=1e-9),
}


def log(event, cores, cases):
    if path := os.environ.get("FAKE_LOG"):
        line = f"{event} {time.monotonic()} {os.getpid()} {cores} {cases[0].id}\n"
        # One write of a short line: it mixes with no other process's.
        with Path(path).open("ab", buffering=0) as file:
            file.write(line.encode())


def wait(seconds):
    """Sleep, but end with the runner, as a worker does."""
    parent, until = os.getppid(), time.monotonic() + seconds
    while time.monotonic() < until:
        if os.getppid() != parent:
            os._exit(1)
        time.sleep(0.005)


def environment():
    values = dict.fromkeys(Environment.__dataclass_fields__) | {"variables": ()}
    for name in ("system", "machine", "kernel", "libc", "python", "numpy", "torch"):
        values[name] = "fake"
    values |= {"parallel_backend": "none", "allocator": "glibc"}
    values["cpu_model"] = os.environ.get("FAKE_CPU", "fake")
    values["torch"] = os.environ.get("FAKE_TORCH", "fake")
    return Environment(**values)


def service(job):
    (case,) = job.cases
    announce("service", 0)
    fault(case, "service")
    if isinstance(job, TimeSteps):
        latency = StepLatency(
            launch=job.launch, steps=100, seconds=(1e-4, 2e-4), empty=(1e-7, 1e-7)
        )
        return StepsTimed(status=Status.OK, latency=latency)
    if isinstance(job, TakeCard):
        return CardTaken(status=Status.OK, card=replace(CARD, launch=job.launch))
    calls = 1000 * (job.streams > 0)
    late = calls * (job.streams > STREAMS)
    return StreamsServed(status=Status.OK, calls=calls, late=late, seconds=SECONDS)


def main():
    start = protocol.decode_job(sys.stdin.buffer.readline())
    assert isinstance(start, Start)
    answer(Ready(schema=SCHEMA, environment=environment()))
    cases, slowdowns = (), ()
    for line in sys.stdin.buffer:
        job = protocol.decode_job(line)
        if isinstance(job, Survey):
            outcomes = tuple(
                Outcome(status=Status.SKIPPED, reason="no CUDA device")
                if case.device == "cuda" and "FAKE_GPU" not in os.environ
                else Outcome(status=Status.OK)
                for case in job.cases
            )
            answer(Report(outcomes=outcomes))
        elif isinstance(job, Prepare):
            cases, slowdowns = job.cases, job.slowdowns
            answer(prepare(cases))
        elif isinstance(job, Rounds):
            log("begin", start.cores, cases)
            wait(float(os.environ.get("FAKE_WAIT", "0")))
            log("end", start.cores, cases)
            answer(rounds(cases, job.least, slowdowns))
        elif isinstance(job, TakeTurn):
            answer(replace(rounds(cases, 1), yardstick=MemberTurns()))
        elif isinstance(job, Blocks):
            answer(replace(rounds(cases, job.blocks), yardstick=MemberTurns()))
        elif isinstance(job, Memory):
            outcome = Outcome(status=Status.OK, peak_memory=1024)
            answer(Report(outcomes=(outcome,) * len(job.cases)))
        elif isinstance(job, Burn):
            answer(burnt(cases, job))
        elif isinstance(job, ServiceJob):
            answer(service(job))
        else:
            answer(OF_NO_CASE[type(job)](job))


if __name__ == "__main__":
    main()
