"""An event loop that Ctrl-C ends in order, in a program and in a notebook."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a loop of its own, also where this thread runs a loop already.

    A notebook does. There another thread runs ours; Ctrl-C reaches this thread, which
    cancels the work and waits until its workers have ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    begun: Future[Callable[[], object]] = Future()

    async def cancellable() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is not None:
            begun.set_result(partial(loop.call_soon_threadsafe, task.cancel))
        return await work

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(asyncio.run, cancellable())
        try:
            return done.result()
        except KeyboardInterrupt:
            begun.result()()
            wait([done])
            raise


def cancel_at_interrupt() -> None:
    """Let Ctrl-C cancel the running task, and nothing else until it has ended.

    Python's own handler raises at the second Ctrl-C wherever the program is, so also
    while workers are being ended.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - called from a coroutine
    # Only the main thread of a process can have a handler, and not on every system.
    with suppress(ValueError, RuntimeError, NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, _cancel, task)


def _cancel(task: asyncio.Task[Any]) -> None:
    if not task.cancelling():
        task.cancel()
