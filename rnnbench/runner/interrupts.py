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
    """Run `work` in a loop of its own; Ctrl-C cancels it, so that it can clean up.

    It also runs where this thread has a running loop, as in a notebook: then another
    thread runs ours. KeyboardInterrupt: `work` was cancelled, and has ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(work)
    return _run_beside(work)


def _run(work: Coroutine[Any, Any, T]) -> T:
    before = signal.getsignal(signal.SIGINT)

    async def interruptible() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        # Python's own handler raises at a second Ctrl-C wherever the program is, so
        # also while workers are being ended. Only the main thread of a process can
        # have a handler, and not on every system.
        with suppress(ValueError, RuntimeError, NotImplementedError):
            loop.add_signal_handler(signal.SIGINT, _cancel, task)
        try:
            return await work
        finally:
            # A loop that closes closes the pipe of its handlers first: a signal in
            # between is reported with a traceback.
            with suppress(ValueError, RuntimeError, NotImplementedError):
                loop.remove_signal_handler(signal.SIGINT)
                if task is not None and task.cancelling():
                    signal.signal(signal.SIGINT, signal.SIG_IGN)

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        with suppress(ValueError, TypeError):
            signal.signal(signal.SIGINT, before)


def _run_beside(work: Coroutine[Any, Any, T]) -> T:
    """Run in another thread; Ctrl-C reaches this one, which cancels and waits."""
    begun: Future[Callable[[], object]] = Future()

    async def cancellable() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        begun.set_result(partial(loop.call_soon_threadsafe, _cancel, task))
        return await work

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(asyncio.run, cancellable())
        try:
            return done.result()
        except KeyboardInterrupt:
            begun.result()()
            wait([done])
            raise


def _cancel(task: asyncio.Task[Any] | None) -> None:
    """Cancel once: a second Ctrl-C does not disturb the cleaning up."""
    if task is not None and not task.cancelling():
        task.cancel()
