"""The member that a worker is at, in memory that worker and runner share.

A worker announces each member before it touches it, since that may be the last thing it
does. The announcement is one store into shared memory: it wakes nobody, so it disturbs
no measurement; it outlives the worker; and neither a layer's output nor a layer that
closes every descriptor reaches it.
"""

import ctypes
import fcntl
import os
import tempfile
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Self

# The descriptor of the shared memory, for the worker.
PLACE_VARIABLE = "RNNBENCH_ANNOUNCEMENTS"

STAGES = (
    *("", "survey", "build", "check", "warm", "turn", "memory", "profile"),
    *("train", "service"),
)

_SIZE = 8
# One store of 8 bytes is never seen by halves: count, stage and member in one number.
_COUNT_BITS, _STAGE_BITS, _MEMBER_BITS = 24, 8, 32


@dataclass(frozen=True, slots=True)
class Announcement:
    """Stage and member; `count` tells one from the one before it."""

    stage: str
    member: int
    count: int


class Announcements:
    """Shared memory with the last announcement. Use `create` or `inherited`."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._address = _map(descriptor)
        self._cell = ctypes.c_uint64.from_address(self._address)
        self._count = 0

    @classmethod
    def create(cls) -> Self:
        """New memory, in the runner; its descriptor is passed to a worker."""
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("rnnbench")
        else:
            with tempfile.TemporaryFile() as file:
                descriptor = fcntl.fcntl(file.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
        os.ftruncate(descriptor, _SIZE)
        return cls(descriptor)

    @classmethod
    def inherited(cls, environment: MutableMapping[str, str]) -> Self | None:
        """The runner's memory, in a worker; None where nobody listens.

        The descriptor is closed, so that a layer can't write to it.
        """
        name = environment.pop(PLACE_VARIABLE, "")
        if not name.isdecimal():
            return None
        try:
            found = cls(int(name))
        except OSError:
            return None
        os.close(found.descriptor)
        return found

    def announce(self, stage: str, member: int) -> None:
        """Say which member is touched next, and for what."""
        self._count = (self._count + 1) % (1 << _COUNT_BITS)
        code = STAGES.index(stage)
        head = (self._count << _STAGE_BITS) | code
        self._cell.value = (head << _MEMBER_BITS) | member

    def last(self) -> Announcement | None:
        """The last announcement; None if there was none since the last `clear`."""
        head, member = divmod(self._cell.value, 1 << _MEMBER_BITS)
        count, code = divmod(head, 1 << _STAGE_BITS)
        return (
            Announcement(STAGES[code], member, count)
            if 0 < code < len(STAGES)
            else None
        )

    def clear(self) -> None:
        """Forget the last announcement, before the next job."""
        self._cell.value = 0

    def close(self) -> None:
        """Give the memory back; no method may be called afterwards."""
        os.close(self.descriptor)
        _libc.munmap(self._address, _SIZE)


_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int),
    *(ctypes.c_int, ctypes.c_int, ctypes.c_long),
)
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)

# <sys/mman.h>, the same on Linux and macOS. The module `mmap` would keep a descriptor.
_READ_AND_WRITE, _SHARED, _FAILED = 3, 1, ctypes.c_void_p(-1).value


def _map(descriptor: int) -> int:
    address = _libc.mmap(None, _SIZE, _READ_AND_WRITE, _SHARED, descriptor, 0)
    if address == _FAILED:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return int(address)
