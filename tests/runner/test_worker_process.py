import asyncio
import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import Allocator
from rnnbench.model.machine import physical_cores
from rnnbench.model.status import Status
from rnnbench.model.variable_table import (
    VARIABLES,
    Treatment,
    recorded,
    treatment_of,
)
from rnnbench.runner.worker_env import STEADY, Setting
from rnnbench.runner.worker_output import judge_exit
from rnnbench.runner.worker_process import Worker
from rnnbench.worker.protocol import Start

names = st.text(string.ascii_uppercase + "_", max_size=12)


def test_a_steady_allocator_is_set_whatever_the_user_has():
    found = Setting().variables({"MALLOC_ARENA_MAX": "1", "PATH": "/bin"})

    assert found["PATH"] == "/bin"
    assert "MALLOC_ARENA_MAX" not in found
    assert STEADY.items() <= found.items()


def test_the_system_allocator_is_as_a_user_gets_it_who_sets_nothing():
    found = Setting(allocator=Allocator.SYSTEM).variables({"MALLOC_TOP_PAD_": "1"})

    assert not [name for name in found if name.startswith("MALLOC_")]


def test_threads_are_set_before_torch_is_imported():
    found = Setting(threads=2).variables({"OMP_NUM_THREADS": "64", "KMP_AFFINITY": "x"})

    assert found["OMP_NUM_THREADS"] == found["MKL_NUM_THREADS"] == "2"
    assert "KMP_AFFINITY" not in found


@pytest.mark.parametrize(
    ("code", "said", "status", "reason"),
    [
        (-9, [], Status.KILLED, "SIGKILL, as the kernel does where memory runs out"),
        (-11, ["Fatal Python error"], Status.KILLED, "killed by SIGSEGV"),
        (-6, ["std::bad_alloc"], Status.OUT_OF_MEMORY, "SIGABRT"),
        (1, ["MemoryError"], Status.OUT_OF_MEMORY, "exit code 1: MemoryError"),
        (4, ["CUDA error: x"], Status.ERROR, "exit code 4: CUDA error: x"),
        (0, [], Status.ERROR, "exit code 0"),
    ],
)
def test_a_death_is_told_by_its_exit(code, said, status, reason):
    found, why = judge_exit(code, said)

    assert found is status
    assert reason in why


def test_each_core_stands_for_a_physical_one():
    cores = physical_cores()

    assert len(set(cores)) == len(cores)


@given(st.sampled_from([p for row in VARIABLES for p in row.prefixes]), names)
def test_a_worker_gets_what_the_table_of_variables_says(prefix, rest):
    name = f"{prefix}{rest}"
    user = {name: "7", "PATH": "/bin"}

    found = Setting(allocator=Allocator.SYSTEM).variables(user)

    is_own = name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
    is_removed = treatment_of(name) is Treatment.REMOVED
    assert (found.get(name) == "7") != (is_removed or is_own)
    assert found["PATH"] == "/bin"
    assert recorded(user) == recorded(found)


def test_each_prefix_in_the_table_of_variables_has_an_effect():
    decided = {p: treatment_of(p) for row in VARIABLES for p in row.prefixes}

    assert decided == {p: row.treatment for row in VARIABLES for p in row.prefixes}


def test_a_real_worker_sees_what_it_should(monkeypatch):
    user = {"ONEDNN_MAX_CPU_ISA": "AVX2", "TORCH_HOME": "/nowhere"}
    removed = {
        prefix: "1"
        for row in VARIABLES
        if row.treatment is Treatment.REMOVED
        for prefix in row.prefixes
        # Without these two the test's own Python would not be the same.
        if not prefix.startswith(("LD_", "DYLD_"))
    }
    monkeypatch.delenv("XLA_FLAGS", raising=False)  # a test of JAX may have set it
    for name, value in {**user, **removed}.items():
        monkeypatch.setenv(name, value)
    script = (
        "import os, sys; sys.stderr.write(' '.join(os.environ)); "
        "from rnnbench.worker.__main__ import main; main()"
    )

    async def seen():
        command = (sys.executable, "-c", script)
        async with await Worker.start(Setting(), Start(), command) as worker:
            return worker.environment, worker.output.lines()

    environment, lines = asyncio.run(seen())

    got = set(" ".join(lines).split())
    assert user.keys() <= got
    assert removed.keys() & got == set()
    assert environment.variables == ("ONEDNN_MAX_CPU_ISA=AVX2",)
