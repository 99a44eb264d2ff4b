"""The entry point of the `rnnbench` command and of `python -m rnnbench`."""

import os
import signal
import sys
from contextlib import suppress
from typing import Any

_INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    """Run the command line and return its exit status.

    While modules are imported, and again when the command has ended, Ctrl-C ends the
    process without a word: KeyboardInterrupt would show where an import stopped.
    """
    # A script that runs this in the background, or `nohup`, may have it ignored.
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, _end)
        sys.unraisablehook = _show_unraisable
    from rnnbench.cli.main import main as run_command  # noqa: PLC0415

    status = _INTERRUPTED
    try:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = run_command()
    except KeyboardInterrupt:
        pass
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, _end)
    if is_ours and status == _INTERRUPTED:
        # While Python shuts down it has no handler, and at its end it kills itself with
        # SIGINT if one has interrupted an import: both would be another status.
        _flush()
        _end()
    return status


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # Closed by the shell, or its reader is gone.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()


def _end(*_: Any) -> None:
    os._exit(_INTERRUPTED)


def _show_unraisable(unraisable: Any) -> None:
    """End at an interrupt in a destructor, where Python would print it and go on."""
    if unraisable.exc_type is KeyboardInterrupt:
        _end()
    sys.__unraisablehook__(unraisable)


if __name__ == "__main__":
    sys.exit(main())
