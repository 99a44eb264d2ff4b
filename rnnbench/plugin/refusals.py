"""Options of pytest and of other plugins under which nothing should be measured.

Each is answered with one line, before a worker is started. Measuring takes place before
the first item, so that time limits of items do not apply to it.
"""

import pytest

# Options that say how pytest-benchmark times a function. A sweep is timed by workers,
# so they would be ignored without a word.
IGNORED_OPTIONS = tuple(
    f"--benchmark-{name}"
    for name in (
        "min-time",
        "max-time",
        "min-rounds",
        "precision",
        "confidence",
        "timer",
        "calibration-precision",
        "warmup",
        "warmup-iterations",
        "disable-gc",
        "cprofile",
        "cprofile-loops",
        "cprofile-top",
        "cprofile-dump",
    )
)


XDIST = (
    "xdist: processes side by side disturb each other's times: run suites of sweeps "
    "without -n; rnnbench uses the cores itself"
)
PROFILING = (
    "--profile: pytest-profiling would profile pytest, under which pytest-benchmark "
    "can't run: use --rnn-profile=all"
)
# A worker of xdist tells its controller by this name that it left suites out.
LEFT_OUT = "rnnbench_left_out"


def refuse(config: pytest.Config) -> None:
    """UsageError if an option does not fit to a sweep that is measured by workers."""
    if config.getoption("dist", "no") != "no":
        raise pytest.UsageError(XDIST)
    is_installed = config.pluginmanager.hasplugin("profiling")
    if is_installed and config.getoption("profile", None):
        raise pytest.UsageError(PROFILING)
    # As typed: what a project's settings say is meant for its own benchmarks.
    typed = [str(argument) for argument in config.invocation_params.args]
    for option in IGNORED_OPTIONS:
        if any(word == option or word.startswith(f"{option}=") for word in typed):
            raise pytest.UsageError(
                f"{option}: it has no effect on a sweep, whose layers are timed in "
                "worker processes: run without it (see --rnn-precision, --rnn-launches)"
            )


def refuse_time_limit(config: pytest.Config, seconds: float) -> None:
    """UsageError if pytest-timeout gives the invocation less than `seconds`."""
    typed = [str(argument) for argument in config.invocation_params.args]
    for option, name in (
        ("--timeout", "timeout"),
        ("--session-timeout", "session_timeout"),
    ):
        is_typed = any(word.partition("=")[0] == option for word in typed)
        limit = config.getoption(name, None)
        if is_typed and limit and limit < seconds:
            raise pytest.UsageError(
                f"{option}: measuring may take {seconds:.0f} s, more than {limit:g} s: "
                "raise it, or measure less (--rnn-budget, --rnn-sweep)"
            )
