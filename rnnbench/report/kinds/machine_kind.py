"""Kinds of machines: each is one device of a results file, and has a name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnnbench.analysis.labels import hardware_name
from rnnbench.model.case import Device
from rnnbench.model.errors import ResultsError
from rnnbench.model.machine import machine_parts
from rnnbench.model.run import Run
from rnnbench.model.status import MEASURED
from rnnbench.report.site.addresses import name_of_machine
from rnnbench.report.site.machines import traits_of


@dataclass(frozen=True, slots=True)
class MachineKind:
    """One device of one results file.

    `parts`: what identifies the machine, without the GPU where the CPU was measured.
    `label`: its name, with what distinguishes it from the other kinds.
    """

    path: Path
    run: Run
    device: Device
    parts: tuple[tuple[str, str], ...]
    label: str = ""

    @property
    def name(self) -> str:
        """The name of its GPU or CPU."""
        return hardware_name(name_of_machine(self.parts))

    @property
    def traits(self) -> tuple[str, ...]:
        """Cores and vector instructions: hypervisors give different CPUs one name."""
        return traits_of(dict(self.parts))

    @property
    def about(self) -> str:
        """The traits and the version of PyTorch, on one line."""
        return " · ".join((*self.traits, f"PyTorch {self.run.environment.torch}"))

    @property
    def identity(self) -> tuple[object, ...]:
        """Hardware, build and versions: equal for all machines of one kind."""
        own = self.run.environment
        versions = (own.python, own.numpy, own.torch, own.torch_git, own.variables)
        return (self.device, self.parts, *versions)


def kinds_of(files: Sequence[tuple[Path, Run]]) -> tuple[MachineKind, ...]:
    """The kinds of machines in results files, in their order.

    ResultsError if two files are of one kind, or can't be put on one scale.
    """
    turns = {run.turn for _, run in files}
    if len(turns) > 1:
        raise ResultsError(
            f"{files[-1][0]}: its times are not the same statistic as in "
            f"{files[0][0]}: measure both again with one version of rnnbench"
        )
    kinds = [kind for path, run in files for kind in _kinds_in(path, run)]
    known: dict[tuple[object, ...], Path] = {}
    for kind in kinds:
        if first := known.get(kind.identity):
            raise ResultsError(
                f"{kind.path}: the same kind of machine as {first}: use rnnbench "
                "compare or rnnbench merge"
            )
        known[kind.identity] = kind.path
    with_kinds = {kind.path for kind in kinds}
    empty = [path for path, _ in files if path not in with_kinds]
    if len(kinds) < 2 and empty:
        raise ResultsError(f"{empty[0]}: nothing was measured")
    return _labelled(kinds)


def _kinds_in(path: Path, run: Run) -> Iterator[MachineKind]:
    """A kind for each device that something was measured on."""
    measured = (one.case.device for one in run.results if one.status in MEASURED)
    for device in dict.fromkeys(measured):
        parts = tuple(
            (name, value)
            for name, value in machine_parts(run.environment)
            if device is Device.CUDA or not name.startswith("gpu")
        )
        yield MachineKind(path, run, device, parts)


def _labelled(kinds: Sequence[MachineKind]) -> tuple[MachineKind, ...]:
    """The kinds with the shortest labels that tell them apart."""
    for label in _LABELS:
        labels = [label(kind) for kind in kinds]
        if len(set(labels)) == len(kinds):
            break
    return tuple(
        replace(kind, label=label) for kind, label in zip(kinds, labels, strict=True)
    )


def _with_traits(kind: MachineKind, *more: str) -> str:
    traits = " and ".join((*kind.traits[-1:], *more))
    return f"{kind.name} with {traits}" if traits else kind.name


_LABELS: tuple[Callable[[MachineKind], str], ...] = (
    lambda kind: kind.name,
    _with_traits,
    lambda kind: _with_traits(kind, f"PyTorch {kind.run.environment.torch}"),
    lambda kind: f"{kind.name}, {kind.device.upper()} ({kind.path})",
)
