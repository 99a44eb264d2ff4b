"""Runs of several kinds of machines, for the tests of their common page."""

from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.report.kinds.machine_kind import kinds_of


@pytest.fixture(scope="session")
def machine(make_sweep, simulate, make_run):
    """A results file: its path, and the run of a CPU of that name.

    `factor(case)`: the time of a GRU as a multiple of an LSTM's.
    """

    def machine(name, factor, *, hidden=(16, 64), seed=1, launches=6, **environment):
        cases = make_sweep(
            layer=["lstm", "gru"],
            hidden_size=list(hidden),
            phase=["inference", "train"],
        )
        run = simulate(
            cases,
            lambda case: 1e-3 * (factor(case) if case.layer == "gru" else 1),
            seed=seed,
            noise=0.002,
            launches=launches,
        )
        own = replace(run.environment, cpu_model=name, **environment)
        return Path(f"{name}.json"), replace(run, environment=own)

    return machine


@pytest.fixture(scope="session")
def two_machines(machine):
    """A GRU takes twice as long, but wins one size of training on the second CPU."""

    def wins(case):
        return 0.5 if case.hidden_size == 64 and case.phase == "train" else 2

    return kinds_of(
        [machine("Slow CPU", lambda _: 2), machine("Fast CPU", wins, seed=99)]
    )
