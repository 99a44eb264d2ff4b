"""The machines of a site: their runs, the run that stands for each, their nights."""

from collections.abc import Iterable, Mapping, Sequence

from rnnbench.analysis.labels import hardware_name
from rnnbench.model.formatting import counted
from rnnbench.report.site import addresses
from rnnbench.report.site.entries import ListedRun, Machine, MachineNights

# The sweep that all machines have in common, if they have one.
_COMMON = "quick"
_NO_NIGHTS = MachineNights(parts=(), nights=0, changes=0, trends=(), news=())


def machines_of(
    runs: Sequence[ListedRun], nights: Mapping[str, MachineNights]
) -> tuple[Machine, ...]:
    """Every machine with a run or a history; the machine of the newest run first."""
    parts = {machine: own.parts for machine, own in nights.items()}
    parts |= {run.machine: run.parts for run in runs}
    found = [
        _machine(
            key,
            known,
            [run for run in runs if run.machine == key],
            nights.get(key, _NO_NIGHTS),
        )
        for key, known in sorted(parts.items())
    ]
    return tuple(sorted(found, key=_newest, reverse=True))


def _machine(
    key: str,
    parts: tuple[tuple[str, str], ...],
    runs: Iterable[ListedRun],
    nights: MachineNights,
) -> Machine:
    ordered = tuple(sorted(runs, key=lambda run: run.rank, reverse=True))
    return Machine(
        id=key,
        name=hardware_name(addresses.name_of_machine(parts)),
        traits=traits_of(dict(parts)),
        torch=ordered[0].torch if ordered else "",
        parts=parts,
        runs=ordered,
        best=_best(ordered),
        nights=nights,
    )


def _best(runs: Sequence[ListedRun]) -> ListedRun | None:
    """The newest run of the common sweep, or the newest one with the most sizes."""
    able = [run for run in runs if any(each.mean is not None for each in run.phases)]
    common = [run for run in able if run.sweep == _COMMON]
    if common:
        return common[0]
    return max(
        able, key=lambda run: sum(each.count for each in run.phases), default=None
    )


def traits_of(parts: Mapping[str, str]) -> tuple[str, ...]:
    """Cores and vector instructions: hypervisors give different CPUs one name."""
    if "gpu" in parts:
        return ()
    cores, capability = parts.get("physical_cores"), parts.get("cpu_capability")
    count = counted(int(cores), "core") if cores and cores.isdecimal() else ""
    return tuple(filter(None, (count, capability or "")))


def _newest(machine: Machine) -> tuple[bool, str]:
    return max((run.rank for run in machine.runs), default=(False, ""))
