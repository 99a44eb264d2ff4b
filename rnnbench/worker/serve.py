"""The worker's loop: read a job, answer it, until the jobs end."""

import gc
import sys
from typing import BinaryIO

import torch

from rnnbench.worker.announcements import Announcements
from rnnbench.worker.environment import environment
from rnnbench.worker.failure import DeviceLostError
from rnnbench.worker.job_handlers import JobHandler, ProtocolError
from rnnbench.worker.protocol import (
    SCHEMA,
    Answer,
    Job,
    Ready,
    Start,
    decode_job,
    encode,
)
from rnnbench.worker.timing.canary import Watch

FOREIGN_PROTOCOL = 3
DEVICE_LOST = 4


def serve(
    start: Start,
    jobs: BinaryIO,
    answers: BinaryIO,
    announcements: Announcements | None = None,
) -> int:
    """Answer each line of `jobs`; the exit code once they end."""
    torch.set_num_threads(start.threads)
    torch.set_num_interop_threads(1)
    _send(answers, Ready(schema=SCHEMA, environment=environment()))
    # What was imported is never garbage: the collector need not look at it again.
    gc.freeze()
    watch = Watch()
    watch.begin()
    handler = JobHandler(watch, announcements)
    for line in jobs:
        try:
            answer = handler.answer(_decode(line))
            # A layer may have forked, and its child must not answer as well.
            handler.end_if_forked()
        except DeviceLostError as error:
            return _end(f"the CUDA device is lost: {error}", DEVICE_LOST)
        except ProtocolError as error:
            return _end(str(error), FOREIGN_PROTOCOL)
        _send(answers, answer)
    return 0


def _send(answers: BinaryIO, answer: Answer) -> None:
    answers.write(encode(answer))
    answers.flush()


def _decode(line: bytes) -> Job:
    try:
        return decode_job(line)
    except ValueError as error:
        raise ProtocolError(str(error)) from error


def _end(why: str, code: int) -> int:
    sys.stderr.write(f"rnnbench.worker: {why}\n")
    return code
