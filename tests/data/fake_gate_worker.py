"""A worker without torch for one side of a gate, told by its arguments how it fares.

FACTOR times a millisecond a call, with a spread of SPREAD from process to process; a
case whose layer's name ends in the name of a fault meets it on the side FAULTY. With
MODULE the factor is that module's, which is imported from PATHS.
"""

import argparse
import importlib
import os
import random
import signal
import sys

from rnnbench.model.run import Environment
from rnnbench.model.status import Status
from rnnbench.worker import protocol
from rnnbench.worker.announcements import Announcements
from rnnbench.worker.protocol import (
    Measured,
    MemberTurns,
    Outcome,
    Prepare,
    Ready,
    Report,
)


def answer(message):
    sys.stdout.buffer.write(protocol.encode(message))
    sys.stdout.buffer.flush()


def environment(torch):
    values = dict.fromkeys(Environment.__dataclass_fields__) | {"variables": ()}
    for name in ("system", "machine", "kernel", "libc", "python", "numpy"):
        values[name] = "fake"
    values |= {"parallel_backend": "none", "allocator": "glibc", "torch": torch}
    return Environment(**values)


def outcome(case, arguments):
    fault = case.layer.rpartition("_")[2] if arguments.faulty else ""
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "raising":
        return Outcome(status=Status.ERROR, reason="ValueError: <b>no</b>")
    if fault == "lacking":
        return Outcome(status=Status.SKIPPED, reason="not implemented for 'Half'")
    return Outcome(status=Status.OK, call=1e-3, first_call=1e-3)


def seconds(case, arguments, level):
    # What is slow is slow at one size alone.
    factor = arguments.factor if case.hidden_size == 64 else 1.0
    return 1e-3 * factor * level * random.gauss(1, 0.002)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--factor", type=float, default=1.0)
    parser.add_argument("--spread", type=float, default=0.001)
    parser.add_argument("--torch", default="1.0")
    parser.add_argument("--schema", type=int, default=protocol.SCHEMA)
    parser.add_argument("--faulty", action="store_true")
    parser.add_argument("--disturbed", action="store_true")
    parser.add_argument("--module")
    parser.add_argument("--paths", default="")
    arguments = parser.parse_args()
    if arguments.module:
        sys.path[:0] = arguments.paths.split(os.pathsep)
        arguments.factor = importlib.import_module(arguments.module).FACTOR
    announcements = Announcements.inherited(os.environ)
    protocol.decode_job(sys.stdin.buffer.readline())
    answer(Ready(schema=arguments.schema, environment=environment(arguments.torch)))
    case, level = None, 1.0
    for line in sys.stdin.buffer:
        job = protocol.decode_job(line)
        if isinstance(job, Prepare):
            (case,) = job.cases
            level = random.gauss(1, arguments.spread)
            if announcements is not None:
                announcements.announce("build", 0)
            answer(Report(outcomes=(outcome(case, arguments),)))
        else:
            taken = seconds(case, arguments, level)
            # Each third turn is disturbed, and says so.
            rough = arguments.disturbed and random.random() < 1 / 3
            turns = MemberTurns(
                seconds=(taken * (3 if rough else 1),), faults=(0,), rough=int(rough)
            )
            answer(
                Measured(
                    outcomes=(Outcome(status=Status.OK),),
                    turns=(turns,),
                    yardstick=MemberTurns(),
                    inside_turns=1e-3,
                )
            )


if __name__ == "__main__":
    main()
