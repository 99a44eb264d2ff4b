"""The runtimes that can execute a layer: what each one can do, and what it needs.

Each row has a module of the same name in `rnnbench/worker/runtimes/`, which prepares a
case. This table is what planning and reading know of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rnnbench.model.case import (
    EAGER,
    TORCH_LAYERS,
    Case,
    Device,
    Dtype,
    Lengths,
    Phase,
    applies,
)

_INFERENCE = frozenset({Phase.INFERENCE, Phase.STREAM})
_ALL_PHASES = frozenset(Phase)
_BOTH_DEVICES = frozenset(Device)


def _never(_: Case) -> str:
    """No further reason."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One runtime.

    Attributes:
        name: its value of the axis `runtime`.
        label: its name for people.
        packages: the packages that it imports, beside torch; the first gives its
            version.
        extra: the extra of rnnbench that installs them.
        phases, devices, dtypes: what it can do; a case with another is skipped.
        no_training: why it has no other phase than inference.
        dynamic_length, dynamic_batch: whether one artefact takes any of them.
        tolerance: the largest difference from eager, as a share of the norm, that is
            not an error. It is more than rounding where the runtime computes in a
            smaller type; the difference is then recorded and shown.
        refuses: why it can't run a case that its other fields allow; "" if it can.
        note: a sentence for the reference.

    """

    name: str
    label: str
    packages: tuple[str, ...] = ()
    extra: str = ""
    phases: frozenset[Phase] = _INFERENCE
    devices: frozenset[Device] = frozenset({Device.CPU})
    dtypes: frozenset[Dtype] = frozenset({Dtype.FLOAT32})
    no_training: str = ""
    dynamic_length: bool = True
    dynamic_batch: bool = True
    tolerance: float = 1e-5
    refuses: Callable[[Case], str] = _never
    note: str = ""

    @property
    def install(self) -> str:
        """The command that installs its packages."""
        return f'pip install "rnnbench[{self.extra}]"'


def reason_against(case: Case) -> str:
    """Why the runtime of `case` can't run it on any machine; "" if it can.

    A runtime of the user's says so itself, when it prepares the case.
    """
    runtime = RUNTIMES.get(case.runtime)
    if runtime is None or runtime.name == EAGER:
        return ""
    return next(filter(None, _reasons(runtime, case)), "")


def _reasons(runtime: Runtime, case: Case) -> Iterator[str]:
    label = runtime.label
    if case.layer not in TORCH_LAYERS:
        yield f"{label} runs torch.nn's layers only"
    if case.lengths is not Lengths.FULL:
        yield f"{label} takes no PackedSequence"
    if case.device not in runtime.devices:
        yield f"{label} is measured on {', '.join(sorted(runtime.devices))} only"
    if case.dtype not in runtime.dtypes:
        yield f"{label} is measured in {', '.join(sorted(runtime.dtypes))} only"
    if case.phase not in runtime.phases:
        yield f"{case.phase}: {runtime.no_training or f'{label} does not do this'}"
    yield runtime.refuses(case)


def runtime_label(name: str) -> str:
    """The name for people; a runtime of the user's keeps its own."""
    return RUNTIMES[name].label if name in RUNTIMES else name


def _drops_out(case: Case) -> str:
    if case.dropout and applies("dropout", case):
        return "dropout: eager draws the numbers, so results can't be compared"
    return ""


_ROWS = (
    Runtime(
        name=EAGER,
        label="eager",
        phases=_ALL_PHASES,
        devices=_BOTH_DEVICES,
        dtypes=frozenset(Dtype),
        note="torch.nn's layer is called as it is. The default.",
    ),
    Runtime(
        name="cell_loop",
        label="cell loop",
        phases=_ALL_PHASES,
        devices=_BOTH_DEVICES,
        dtypes=frozenset({Dtype.FLOAT32, Dtype.FLOAT64}),
        refuses=lambda case: _drops_out(case) or _projects(case),
        note="torch.nn's RNNCell, GRUCell or LSTMCell in a Python loop over time.",
    ),
)


def _projects(case: Case) -> str:
    return "proj_size: LSTMCell has no projection" if case.proj_size else ""


RUNTIMES: dict[str, Runtime] = {row.name: row for row in _ROWS}
