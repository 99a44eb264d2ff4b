"""Conditions of machines that are described in a folder."""

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.condition import Condition, ConditionLevel
from rnnbench.model.status import Status
from rnnbench.runner.doctor.conditions import CHECKS, read_conditions
from rnnbench.runner.doctor.core_check import check_core, judge_core
from rnnbench.runner.doctor.host import CpuTimes, Host, cpu_times
from rnnbench.worker.protocol import Measured, MemberTurns, Outcome

FAKE = (sys.executable, str(Path(__file__).parents[2] / "data" / "fake_worker.py"))
CPU = "sys/devices/system/cpu"


@pytest.fixture
def host(tmp_path):
    """A host of two cores with the files and variables that are given."""

    def make(files=None, variables=None, **values):
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Host(root=tmp_path, variables=variables or {}, cores=2, **values)

    return make


def condition(machine, name):
    found = {each.name: each for each in read_conditions(machine)}
    return found[name]


def level(machine, name):
    return condition(machine, name).level


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("CPU governor", {f"{CPU}/cpu0/cpufreq/scaling_governor": "performance"}, "ok"),
        ("CPU governor", {f"{CPU}/cpu0/cpufreq/scaling_governor": "powersave"}, "note"),
        ("turbo", {f"{CPU}/intel_pstate/no_turbo": "1"}, "ok"),
        ("turbo", {f"{CPU}/intel_pstate/no_turbo": "0"}, "note"),
        ("turbo", {f"{CPU}/cpufreq/boost": "0"}, "ok"),
        ("turbo", {f"{CPU}/cpufreq/boost": "1"}, "note"),
        ("SMT siblings", {f"{CPU}/smt/active": "0"}, "ok"),
        ("SMT siblings", {f"{CPU}/smt/active": "1"}, "note"),
        ("ASLR", {"proc/sys/kernel/randomize_va_space": "2"}, "ok"),
        ("ASLR", {"proc/sys/kernel/randomize_va_space": "0"}, "warning"),
        ("CPU limit", {"sys/fs/cgroup/cpu.max": "max 100000"}, "ok"),
        ("CPU limit", {"sys/fs/cgroup/cpu.max": "200000 100000"}, "ok"),
        ("CPU limit", {"sys/fs/cgroup/cpu.max": "150000 100000"}, "warning"),
        (
            "CPU limit",
            {
                "proc/self/cgroup": "0::/a.slice\n",
                "sys/fs/cgroup/a.slice/cpu.max": "50000 100000",
            },
            "warning",
        ),
        (
            "CPU limit",
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            "warning",
        ),
        (
            "CPU limit",
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            "ok",
        ),
        (
            "transparent huge pages",
            {"sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never"},
            "note",
        ),
        (
            "transparent huge pages",
            {"sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never"},
            "ok",
        ),
    ],
)
def test_a_state_has_its_level(host, name, files, expected):
    assert level(host(files), name) == expected


@pytest.mark.parametrize(
    "name",
    ["CPU governor", "turbo", "SMT siblings", "ASLR", "steal time", "load"],
)
def test_what_can_not_be_read_is_unknown_and_not_fine(host, name):
    assert level(host(), name) is ConditionLevel.UNKNOWN


@pytest.mark.parametrize(("load", "expected"), [(0.1, "ok"), (0.5, "warning")])
def test_the_load_is_judged_by_the_number_of_cores(host, load, expected):
    assert level(host(load=load), "load") == expected


@pytest.mark.parametrize(("stolen", "expected"), [(100, "ok"), (150, "warning")])
def test_steal_time_is_that_of_the_period(host, stolen, expected):
    stat = f"cpu  1000 0 0 {9000 - stolen} 0 0 0 {stolen} 0 0\ncpu0 1 2 3\n"
    before = CpuTimes(total=5000, stolen=90)

    assert level(host({"proc/stat": stat}, before=before), "steal time") == expected


@pytest.mark.parametrize("text", ["", "cpu ", "cpu  1 2 3", "cpux 1 2 3 4 5 6 7 8"])
def test_odd_cpu_times_are_none(tmp_path, text):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "stat").write_text(text)

    assert cpu_times(tmp_path) is None


def test_variables_that_matter_are_named_with_the_command_that_unsets_them(host):
    variables = {"OMP_NUM_THREADS": "4", "HOME": "/", "LD_PRELOAD": "x.so"}
    variables |= {"ONEDNN_MAX_CPU_ISA": "AVX2", "TORCH_HOME": "/models"}

    removed = condition(host(variables=variables), "variables that workers do not get")
    kept = condition(host(variables=variables), "variables that change kernels")

    assert removed.level is ConditionLevel.NOTE
    assert removed.fix == "unset LD_PRELOAD OMP_NUM_THREADS"
    assert kept.level is ConditionLevel.WARNING
    assert kept.state == "ONEDNN_MAX_CPU_ISA=AVX2"
    assert kept.fix == "unset ONEDNN_MAX_CPU_ISA"


def test_torch_that_is_missing_or_known_to_be_wrong_is_a_warning(host, monkeypatch):
    levels = []
    for version in ("2.13.0+cpu", "2.13.0+rocm6.4"):
        monkeypatch.setattr(
            "rnnbench.runner.doctor.conditions.version", lambda _, found=version: found
        )
        levels.append(level(host(), "PyTorch build"))

    assert levels == ["ok", "warning"]


@given(st.text(), st.text())
def test_any_content_of_a_file_is_a_condition(tmp_path_factory, text, limit):
    root = tmp_path_factory.mktemp("host")
    for name, content in (
        ("sys/fs/cgroup/cpu.max", limit),
        ("proc/stat", text),
        ("proc/self/cgroup", text),
        ("sys/kernel/mm/transparent_hugepage/enabled", text),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", errors="surrogatepass")

    found = read_conditions(Host(root=root, variables={}, cores=2))

    assert len(found) == len(CHECKS)


def test_a_warning_says_what_it_does_and_what_changes_it(host):
    files = {
        "proc/sys/kernel/randomize_va_space": "0",
        "sys/fs/cgroup/cpu.max": "10000 100000",
        f"{CPU}/smt/active": "1",
    }

    for found in read_conditions(host(files, load=9.0)):
        needs_action = found.level in (ConditionLevel.WARNING, ConditionLevel.NOTE)
        assert bool(found.effect) == bool(found.fix) == needs_action


def measured(rough, retaken, waited):
    turns = MemberTurns(
        seconds=(1e-3,) * 10, faults=(0,) * 10, rough=rough, retaken=retaken
    )
    return Measured(
        outcomes=(Outcome(status=Status.OK),),
        turns=(turns,),
        yardstick=MemberTurns(),
        inside_turns=1.0,
        waited=waited,
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0, 5, 0.0), "ok"), ((5, 0, 0.0), "warning"), ((0, 0, 1.0), "warning")],
)
def test_a_core_is_judged_by_disturbed_turns_and_waiting(values, expected):
    assert judge_core(measured(*values)).level == expected


def test_a_core_is_measured_by_a_worker():
    found = asyncio.run(check_core(FAKE))

    assert found.level is ConditionLevel.OK
    assert found.state.startswith("0 of ")


def test_without_a_worker_a_core_is_unknown():
    found = asyncio.run(check_core((sys.executable, "-c", "")))

    assert found == Condition(
        name="core", level=ConditionLevel.UNKNOWN, state=found.state
    )
    assert "exit code 0" in found.state
