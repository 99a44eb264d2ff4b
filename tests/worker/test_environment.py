"""The machine, read from made-up system files and from this one."""

from types import SimpleNamespace

import pytest
import torch

from rnnbench.worker.environment import (
    cpu_line,
    cpu_signature,
    driver,
    environment,
    memory_bytes,
    physical_cores,
)

GIB = 2**30


@pytest.fixture
def machine(tmp_path):
    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return make


def test_two_threads_of_one_core_are_one_core(machine):
    topology = "sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    lists = ["0,2", "1,3", "0,2", "1,3"]
    root = machine({topology.format(i): text for i, text in enumerate(lists)})

    assert physical_cores(root) == 2


def test_without_a_topology_the_cores_are_unknown(tmp_path):
    assert physical_cores(tmp_path) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8 * GIB),
        ({"sys/fs/cgroup/memory.max": "max\n"}, 8 * GIB),
        ({"sys/fs/cgroup/memory.max": f"{2 * GIB}\n"}, 2 * GIB),
        ({"sys/fs/cgroup/memory.max": f"{32 * GIB}\n"}, 8 * GIB),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/memory.max": f"{3 * GIB}\n",
                "sys/fs/cgroup/a/b/memory.max": "max\n",
            },
            3 * GIB,
        ),
        ({"sys/fs/cgroup/memory/memory.limit_in_bytes": f"{GIB}\n"}, GIB),
    ],
)
def test_memory_is_the_machines_or_the_cgroups_if_less(machine, files, expected):
    root = machine({"proc/meminfo": f"MemTotal:  {8 * GIB // 1024} kB\n", **files})

    assert memory_bytes(root) == expected


def test_the_cpu_is_read_by_the_names_of_its_kind(machine):
    root = machine(
        {
            "proc/cpuinfo": "processor\t: 0\nmodel\t\t: 17\n"
            "model name\t: Example 9000\nFeatures\t: fp asimd\n"
        }
    )

    assert cpu_line("model name", root) == "Example 9000"
    assert cpu_line("flags", root) == "fp asimd"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "cpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\nstepping\t: 1\n",
            "family 26 model 2",
        ),
        (
            "CPU implementer\t: 0x41\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n",
            "implementer 0x41 part 0xd0c",
        ),
        ("cpu family\t: 26\n", None),
        ("", None),
    ],
)
def test_the_design_of_a_cpu_is_read_by_its_numbers(machine, lines, expected):
    root = machine({"proc/cpuinfo": "processor\t: 0\n" + lines})

    assert cpu_signature(root) == expected


def test_the_driver_is_read_where_it_is_loaded(machine, tmp_path):
    assert driver(tmp_path) is None

    root = machine(
        {
            "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 "
            "Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version: 12\n"
        }
    )

    assert driver(root) == "550.54.15"


def test_this_machine_is_described():
    seen = environment()

    assert seen.torch == torch.__version__
    assert seen.logical_cores >= 1
    assert seen.memory_bytes > 0
    assert seen.parallel_backend
    assert seen.allocator in {"glibc", "uncontrolled"}


def test_the_gpu_is_described(monkeypatch):
    properties = SimpleNamespace(
        name="Example GPU",
        total_memory=80 * GIB,
        major=9,
        minor=0,
        multi_processor_count=132,
    )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)

    seen = environment()

    assert (seen.gpu, seen.gpu_memory_bytes) == ("Example GPU", 80 * GIB)
    assert (seen.gpu_capability, seen.cudnn) == ("9.0", "91002")
    assert seen.gpu_multiprocessors == 132


def test_without_a_gpu_none_is_made_up(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    seen = environment()

    assert (seen.gpu, seen.gpu_memory_bytes, seen.cudnn) == (None, None, None)
