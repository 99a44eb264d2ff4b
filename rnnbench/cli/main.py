"""The `rnnbench` command: its subcommands, and the boundary for their errors."""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import rnnbench
from rnnbench.cli import (
    bisect,
    calibrate,
    cases,
    ci,
    compare,
    doctor,
    export,
    fleet,
    gate,
    history,
    init,
    merge,
    night,
    node,
    plot,
    report,
    run,
    site,
    sweeps,
)
from rnnbench.cli.output import say
from rnnbench.model.errors import RnnbenchError
from rnnbench.model.formatting import lines_for_terminal

_ABOUT = """Compare the recurrent layers of torch.nn on this machine, side by side.

\b
Measure the quick sweep; list the other sweeps; measure what you need:
  rnnbench run
  rnnbench sweeps
  rnnbench run --layer lstm,gru --hidden-size 256 --phase train

\b
Exit status of every command: 0 success, 2 bad input or no answer, 3 internal error,
130 interrupted. Some also end with 1: something is worse, failed or needs attention.
The help of each command says what its statuses mean.
"""

_BAD_INPUT = 2
# Python itself ends an uncaught exception with 1, which compare and gate define as
# "worse". So every uncaught error is turned into this status.
_INTERNAL_ERROR = 3
_INTERRUPTED = 128 + signal.SIGINT
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def _boundary() -> Iterator[None]:
    """The one place where an error becomes a message and a status: typer.Exit."""
    try:
        try:
            yield
        finally:
            # Otherwise output that can't be written is noticed when Python shuts down.
            sys.stdout.flush()
    except RnnbenchError as error:
        say(error, err=True)
        raise typer.Exit(_BAD_INPUT) from error
    except BrokenPipeError as error:
        _discard_output()
        raise typer.Exit(_BAD_INPUT) from error
    except KeyboardInterrupt as error:
        # A second Ctrl-C while Python shuts down would print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("interrupted", err=True)
        raise typer.Exit(_INTERRUPTED) from error
    except typer.Exit:
        raise
    except typer.TyperException as error:
        # It repeats arguments, which may be names of files that a shell filled in.
        error.message = lines_for_terminal(error.message)
        raise
    except typer.Abort:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _discard_output()
            place = error.filename or "standard output"
            say(f"{place}: can't be written: {error.strerror}", err=True)
            raise typer.Exit(_BAD_INPUT) from error
        with suppress(OSError):
            traceback.print_exc()
        say("rnnbench: internal error, please report the above", err=True)
        raise typer.Exit(_INTERNAL_ERROR) from error


class _Commands(TyperGroup):
    """The group of all commands, with its two steps inside the boundary."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Parse the options of `rnnbench` itself; --help prints here."""
        with _boundary():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _boundary():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    help=_ABOUT,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    run,
    init,
    merge,
    sweeps,
    cases,
    report,
    plot,
    site,
    compare,
    gate,
    bisect,
    history,
    night,
    ci,
    fleet,
    node,
    doctor,
    export,
    calibrate,
):
    command.register(app)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer passes it so
    if value:
        say(f"rnnbench {rnnbench.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """Options of `rnnbench` itself; the help text is `_ABOUT`."""


def main() -> int:
    """Run the command line and return its exit status."""
    _open_closed_streams()
    try:
        # The name is given because otherwise it is that of the calling program.
        app(prog_name="rnnbench")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except OSError:
        # Neither the output nor the reason why it can't be written could be printed.
        return _BAD_INPUT
    return 0


def _open_closed_streams() -> None:
    """Open streams that the caller has closed (`>&-`), so that output goes nowhere.

    They have to be descriptors: a file that is opened later would get their numbers,
    and what torch prints.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            null = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            setattr(sys, name, null)


def _discard_output() -> None:
    """Point standard output to nowhere, so that flushing it at exit can't fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
