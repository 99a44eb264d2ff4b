"""The status of a failure: the one place where errors of foreign code end."""

import traceback
from collections.abc import Callable
from typing import TypeVar

import torch

from rnnbench.model.status import Status
from rnnbench.worker.protocol import Outcome
from rnnbench.worker.runtimes.prepared import NotHereError

# A reason is a line in a table; PyTorch's longest messages run over pages.
LONGEST_REASON = 300

# Messages of allocators that raise no type of their own. `bad_alloc` is C++'s.
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "bad_alloc")

# How PyTorch, and oneDNN within it, say that this device lacks a path.
_UNSUPPORTED = (
    "not implemented for",
    "not supported",
    "could not create a primitive descriptor",
)

_ERRORS_OF_THE_DEVICE = ("CUDA error", "CUDNN_STATUS_EXECUTION_FAILED")

Value = TypeVar("Value")


class DeviceLostError(Exception):
    """The CUDA context no longer works: only a new process gets another."""


def attempt(action: Callable[[], Value], *, may_skip: bool = False) -> Value | Outcome:
    """The result of `action`, or how it failed; foreign code may raise anything.

    `may_skip`: PyTorch's word that it has no path for this here is a reason to skip.
    That holds for its own layers, before they have run; in any other code it is an
    error like others.
    """
    try:
        return action()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001
        _refuse_lost_device(error)
        if isinstance(error, NotHereError):
            return Outcome(status=Status.SKIPPED, reason=str(error))
        if may_skip and is_unsupported(error):
            return Outcome(status=Status.SKIPPED, reason=reason(error))
        return Outcome(status=_failure(error), reason=reason(error))


def is_unsupported(error: BaseException) -> bool:
    """Whether PyTorch says that it can't do this here, rather than that it failed."""
    return isinstance(error, NotImplementedError) or (
        isinstance(error, RuntimeError)
        and any(words in reason(error) for words in _UNSUPPORTED)
    )


def reason(error: BaseException) -> str:
    """`TypeName: message` on one printable line."""
    if isinstance(error, BaseExceptionGroup):
        # What it holds is not read: groups in groups double at every level.
        text = f"{type(error).__name__}: {BaseExceptionGroup.__str__(error)}"
    else:
        # This never raises, even where the error's own __str__ does.
        text = "".join(traceback.format_exception_only(error))
    text = text.removeprefix(f"{type(error).__module__}.")
    line = " ".join(text.split())
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 3]}..."


def _failure(error: BaseException) -> Status:
    memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
    message = reason(error) if isinstance(error, RuntimeError) else ""
    if memory or any(words in message for words in _OUT_OF_MEMORY):
        return Status.OUT_OF_MEMORY
    return Status.ERROR


def _refuse_lost_device(error: BaseException) -> None:
    """Raise if the device has failed, not the member alone.

    A sticky error comes back at every later call, so the next member would fail for
    the one before it.
    """
    kind = getattr(torch, "AcceleratorError", None)  # since PyTorch 2.8
    typed = kind is not None and isinstance(error, kind)
    if not typed and not any(words in reason(error) for words in _ERRORS_OF_THE_DEVICE):
        return
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return
    try:
        torch.cuda.synchronize()
    except RuntimeError as again:
        raise DeviceLostError(reason(error)) from again
