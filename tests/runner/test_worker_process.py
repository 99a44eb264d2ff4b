import pytest

from rnnbench.model.case import Allocator
from rnnbench.model.machine import physical_cores
from rnnbench.model.status import Status
from rnnbench.runner.worker_env import STEADY, Setting
from rnnbench.runner.worker_output import judge_exit


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
