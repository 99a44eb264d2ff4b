"""The conditions of this machine, read from the kernel and the environment.

Each check is a function of a Host, so that tests can describe one in a folder. What
can't be read is unknown, never fine.
"""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from rnnbench.model.condition import Condition, ConditionLevel
from rnnbench.model.formatting import counted
from rnnbench.model.variable_table import Treatment, recorded, treatment_of
from rnnbench.runner.doctor.host import CpuTimes, Host, cpu_times

OK, NOTE = ConditionLevel.OK, ConditionLevel.NOTE
WARNING, UNKNOWN = ConditionLevel.WARNING, ConditionLevel.UNKNOWN

# Another process that needs more than a tenth of a core disturbs turns every second.
_MOST_LOAD = 0.1
# Of the time that the hypervisor gave to others.
_MOST_STEAL = 0.01

# Builds of PyTorch that are known to be slow or wrong, with the source.
_KNOWN_BUILDS = {
    "+rocm": (
        "nn.LSTM gave wrong output or crashed on some GPUs (pytorch/pytorch#177834); "
        "outputs are checked before anything is timed"
    ),
}


def read_conditions(host: Host) -> tuple[Condition, ...]:
    """Every check, in the order in which a reader should look at them."""
    return tuple(check(host) for check in CHECKS)


def _load(host: Host) -> Condition:
    name = "load"
    if host.load is None:
        return Condition(name=name, level=UNKNOWN, state="not read")
    state = f"{host.load:.2f} of {counted(host.cores, 'CPU')}"
    if host.load <= _MOST_LOAD * host.cores:
        return Condition(name=name, level=OK, state=state)
    return Condition(
        name=name,
        level=WARNING,
        state=state,
        effect="other processes disturb turns: disturbed calls are repeated, which "
        "takes longer, and what is missed widens intervals",
        fix="stop other programs (top shows them)",
    )


def _steal(host: Host) -> Condition:
    name, now = "steal time", cpu_times(host.root)
    if now is None:
        return Condition(name=name, level=UNKNOWN, state="not read")
    before = host.before or CpuTimes(total=0, stolen=0)
    total = now.total - before.total
    share = (now.stolen - before.stolen) / total if total > 0 else 0.0
    state = f"{share:.1%} of the time"
    if share <= _MOST_STEAL:
        return Condition(name=name, level=OK, state=state)
    return Condition(
        name=name,
        level=WARNING,
        state=state,
        effect="the hypervisor gives the cores to other machines: calls take longer at "
        "random, and intervals get wider",
        fix="use a machine with dedicated cores",
    )


def _cpu_quota(host: Host) -> Condition:
    name = "CPU limit"
    quota = _quota(host)
    if quota is None:
        return Condition(name=name, level=OK, state="none")
    state = f"{quota:g} of {counted(host.cores, 'CPU')}"
    # Two workers measure side by side, and the parent needs a little.
    if quota >= min(host.cores, 2):
        return Condition(name=name, level=OK, state=state)
    return Condition(
        name=name,
        level=WARNING,
        state=state,
        effect="the kernel stops every process once the quota of a period is used: "
        "turns are cut in the middle",
        fix="raise the limit of the container (docker run --cpus=2)",
    )


def _quota(host: Host) -> float | None:
    """CPUs that the control group may use; None if it is not limited."""
    for folder in ("sys/fs/cgroup", f"sys/fs/cgroup{_cgroup(host)}"):
        limit, _, period = (host.read(f"{folder}/cpu.max") or "").partition(" ")
        if limit.isdigit() and period.isdigit():
            return int(limit) / int(period)
    quota = host.read("sys/fs/cgroup/cpu/cpu.cfs_quota_us") or ""
    period = host.read("sys/fs/cgroup/cpu/cpu.cfs_period_us") or ""
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _cgroup(host: Host) -> str:
    for line in (host.read("proc/self/cgroup") or "").splitlines():
        if line.startswith("0::/"):
            return line.removeprefix("0::").rstrip("/")
    return ""


def _governor(host: Host) -> Condition:
    name = "CPU governor"
    found = host.read_all("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
    if not found:
        state = "not visible, as in most virtual machines"
        return Condition(name=name, level=UNKNOWN, state=state)
    state = ", ".join(sorted(found))
    if found == {"performance"}:
        return Condition(name=name, level=OK, state=state)
    return Condition(
        name=name,
        level=NOTE,
        state=state,
        effect="the clock rises only under load: times vary, and short calls look "
        "slower; cases that take turns share this",
        fix="sudo cpupower frequency-set --governor performance",
    )


def _turbo(host: Host) -> Condition:
    name = "turbo"
    no_turbo = host.read("sys/devices/system/cpu/intel_pstate/no_turbo")
    boost = host.read("sys/devices/system/cpu/cpufreq/boost")
    if no_turbo is None and boost is None:
        state = "not visible, as in most virtual machines"
        return Condition(name=name, level=UNKNOWN, state=state)
    if no_turbo == "1" or (no_turbo is None and boost == "0"):
        return Condition(name=name, level=OK, state="off")
    switch = "cpufreq/boost" if no_turbo is None else "intel_pstate/no_turbo"
    value = 0 if no_turbo is None else 1
    return Condition(
        name=name,
        level=NOTE,
        state="on",
        effect="the clock depends on heat and on how many cores are busy: times drift; "
        "cases that take turns share the drift",
        fix=f"echo {value} | sudo tee /sys/devices/system/cpu/{switch}",
    )


def _siblings(host: Host) -> Condition:
    name, active = "SMT siblings", host.read("sys/devices/system/cpu/smt/active")
    if active is None:
        return Condition(name=name, level=UNKNOWN, state="not visible")
    if active == "0":
        return Condition(name=name, level=OK, state="off")
    return Condition(
        name=name,
        level=NOTE,
        state="on",
        effect="work on a core's other hardware thread slows it by up to a half; one "
        "thread of each core is used, and calls that were slowed are repeated",
        fix="echo off | sudo tee /sys/devices/system/cpu/smt/control",
    )


def _address_layout(host: Host) -> Condition:
    name = "ASLR"
    value = host.read("proc/sys/kernel/randomize_va_space")
    if value is None:
        return Condition(name=name, level=UNKNOWN, state="not visible")
    if value != "0":
        return Condition(name=name, level=OK, state="on")
    return Condition(
        name=name,
        level=WARNING,
        state="off",
        effect="every launch has the same memory layout: intervals miss that source of "
        "variation and are too narrow",
        fix="sudo sysctl kernel.randomize_va_space=2",
    )


def _huge_pages(host: Host) -> Condition:
    name = "transparent huge pages"
    text = host.read("sys/kernel/mm/transparent_hugepage/enabled")
    if text is None or "[" not in text:
        return Condition(name=name, level=UNKNOWN, state="not visible")
    state = text.partition("[")[2].partition("]")[0]
    if state != "always":
        return Condition(name=name, level=OK, state=state)
    return Condition(
        name=name,
        level=NOTE,
        state=state,
        effect="large tensors get huge pages or not by chance: times of large cases "
        "vary from launch to launch",
        fix="echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
    )


def _removed_variables(host: Host) -> Condition:
    name = "variables that workers do not get"
    found = sorted(
        variable
        for variable in host.variables
        if treatment_of(variable) is Treatment.REMOVED
    )
    if not found:
        return Condition(name=name, level=OK, state="none is set")
    return Condition(
        name=name,
        level=NOTE,
        state=", ".join(found),
        effect="a program that gets them can be faster or slower than what is measured",
        fix=f"unset {' '.join(found)}",
    )


def _recorded_variables(host: Host) -> Condition:
    name = "variables that change kernels"
    found = recorded(host.variables)
    if not found:
        return Condition(name=name, level=OK, state="none is set")
    return Condition(
        name=name,
        level=WARNING,
        state=", ".join(found),
        effect="ratios hold for these values, which are recorded with the results",
        fix=f"unset {' '.join(each.partition('=')[0] for each in found)}",
    )


def _pytorch(_host: Host) -> Condition:
    name = "PyTorch build"
    try:
        found = version("torch")
    except PackageNotFoundError:
        return Condition(
            name=name,
            level=WARNING,
            state="not installed",
            effect="nothing can be measured",
            fix="install torch",
        )
    return _judged_build(name, found)


def _judged_build(name: str, found: str) -> Condition:
    for mark, effect in _KNOWN_BUILDS.items():
        if mark in found:
            return Condition(
                name=name,
                level=WARNING,
                state=found,
                effect=effect,
                fix="use another build or device",
            )
    return Condition(name=name, level=OK, state=found)


CHECKS: tuple[Callable[[Host], Condition], ...] = (
    *(_load, _steal, _cpu_quota, _governor, _turbo, _siblings),
    *(_address_layout, _huge_pages, _removed_variables, _recorded_variables, _pytorch),
)
