"""`python -m rnnbench.worker`: prepare the process, import torch, then serve jobs.

Exit codes: 0 at the end of the jobs, 3 for a line that is not of this protocol, 4 for
a CUDA device that no longer answers, 130 when interrupted.
"""

import faulthandler
import gc
import os
import sys
from typing import BinaryIO

from rnnbench.worker.announcements import Announcements
from rnnbench.worker.confine import Confinement, die_with_parent, keep_orphans
from rnnbench.worker.protocol import RUNNER_VARIABLE, SCHEMA, Start, decode_job

FOREIGN_PROTOCOL = 3
INTERRUPTED = 130


def main() -> int:
    """Take the channels, confine the process, then serve until the jobs end."""
    die_with_parent(os.environ.pop(RUNNER_VARIABLE, ""))
    keep_orphans()
    announcements = Announcements.inherited(os.environ)
    jobs, answers = _take_channels()
    faulthandler.enable()
    try:
        return _serve(jobs, answers, announcements)
    except KeyboardInterrupt:
        return INTERRUPTED


def _take_channels() -> tuple[BinaryIO, BinaryIO]:
    """Keep the protocol's descriptors for ourselves; children don't inherit them.

    All output of torch or a layer goes to standard error, and a layer that reads its
    standard input finds it empty.
    """
    jobs = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    # By lines, so that the last output of a layer that dies is not lost in a buffer.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return jobs, answers


def _serve(
    jobs: BinaryIO, answers: BinaryIO, announcements: Announcements | None
) -> int:
    line = jobs.readline()
    if not line:
        return 0
    try:
        start = decode_job(line)
    except ValueError as error:
        return _refuse(f"{error} (this worker speaks schema {SCHEMA})")
    if not isinstance(start, Start):
        return _refuse(f"the first job is a {type(start).__name__}, not a Start")
    if start.schema != SCHEMA:
        return _refuse(f"schema {start.schema}; this worker speaks schema {SCHEMA}")
    Confinement(cores=start.cores, data_limit=start.data_limit).apply()
    # torch.compile's helpers would run beside the turns, and outlive a worker.
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    # The one late import: torch starts its thread pool and reads its environment when
    # it is imported, so cores and limits have to hold before. The collector would find
    # nothing in what is being imported, and take an eighth of the time to do so.
    gc.disable()
    from rnnbench.worker.serve import serve  # noqa: PLC0415

    gc.enable()
    return serve(start, jobs, answers, announcements)


def _refuse(why: str) -> int:
    sys.stderr.write(f"rnnbench.worker: {why}\n")
    return FOREIGN_PROTOCOL


if __name__ == "__main__":
    sys.exit(main())
