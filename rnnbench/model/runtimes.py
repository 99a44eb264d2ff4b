"""The runtimes that can execute a layer: what each one can do, and what it needs.

Each row has a module of the same name in `rnnbench/worker/runtimes/`, which prepares a
case. This table is what planning and reading know of it.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

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
        own_threads: threads that it keeps busy beside those of the case, and that
            can't be turned off. They must share the cores of the case.
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
    own_threads: int = 0
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


def build_folder(runner: int) -> Path:
    """The folder for what runtimes build, shared by the workers of one runner.

    `runner`: its process id. The runner removes the folder when it has measured.
    """
    return Path(tempfile.gettempdir()) / f"rnnbench-builds-{runner}"


def remove_builds() -> None:
    """Remove what the workers of this process have built."""
    shutil.rmtree(build_folder(os.getpid()), ignore_errors=True)


def runtime_label(name: str) -> str:
    """The name for people; a runtime of the user's keeps its own."""
    return RUNTIMES[name].label if name in RUNTIMES else name


def _drops_out(case: Case) -> str:
    if case.dropout and applies("dropout", case):
        return "dropout: eager draws the numbers, so results can't be compared"
    return ""


def _projects(case: Case) -> str:
    if not case.proj_size:
        return ""
    label = RUNTIMES[case.runtime].label
    return f"proj_size: {label} has no LSTM with a projection"


def _quantizes_no(*layers: str) -> Callable[[Case], str]:
    """Refuses layers of which the runtime has no version in eight bits."""

    def refuses(case: Case) -> str:
        if case.layer in layers:
            return f"{RUNTIMES[case.runtime].label} has no {case.layer}"
        return _projects(case)

    return refuses


def _quantizes_by_torch(case: Case) -> str:
    if not case.bias:
        return "bias: PyTorch quantizes layers with bias only"
    return _quantizes_no("rnn_tanh", "rnn_relu")(case)


_ONLY_INFERENCE = "it has no backward pass"
_ONNX = ("onnxruntime", "onnx")
_ROUNDED = 0.05  # eight bits and bfloat16 gave 0.003 to 0.01; a wrong gate gives 1
# Runtimes in which PyTorch trains as in eager.
_TORCH = Runtime(
    name="",
    label="",
    phases=_ALL_PHASES,
    devices=_BOTH_DEVICES,
    dtypes=frozenset({Dtype.FLOAT32, Dtype.FLOAT64}),
    refuses=_drops_out,
)
_ROWS = (
    Runtime(
        name=EAGER,
        label="eager",
        phases=_ALL_PHASES,
        devices=_BOTH_DEVICES,
        dtypes=frozenset(Dtype),
        note="The layer of torch.nn is called as it is. The default.",
    ),
    replace(
        _TORCH,
        name="torchscript",
        label="TorchScript",
        note="`torch.jit.script`, saved and loaded. PyTorch has deprecated it.",
    ),
    replace(
        _TORCH,
        name="compile",
        label="torch.compile",
        note="With default settings dynamo compiles nothing of a recurrent layer: it "
        "runs as in eager. The results say how many graphs were compiled.",
    ),
    replace(
        _TORCH,
        name="compile_rnn",
        label="torch.compile, allow_rnn",
        dynamic_length=False,
        note="`torch._dynamo.config.allow_rnn`: the loop over time is unrolled, and "
        "compiling takes tens of seconds, more for long sequences. Needs g++.",
    ),
    Runtime(
        name="aoti",
        label="AOTInductor",
        no_training=_ONLY_INFERENCE,
        dynamic_length=False,
        dynamic_batch=False,
        note="`torch.export`, then `aoti_compile_and_package`: the first launch of a "
        "run builds the package and the others load it. Needs g++.",
    ),
    Runtime(
        name="int8_dynamic",
        label="int8 (PyTorch)",
        no_training=_ONLY_INFERENCE,
        tolerance=_ROUNDED,
        refuses=_quantizes_by_torch,
        note="`torch.ao.quantization.quantize_dynamic`: weights in eight bits. PyTorch "
        "has deprecated it.",
    ),
    replace(
        _TORCH,
        name="cell_loop",
        label="cell loop",
        refuses=lambda case: _drops_out(case) or _projects(case),
        note="RNNCell, GRUCell or LSTMCell of torch.nn in a Python loop over time.",
    ),
    Runtime(
        name="onnxruntime",
        label="ONNX Runtime",
        packages=_ONNX,
        extra="onnxruntime",
        no_training=_ONLY_INFERENCE,
        refuses=_projects,
        note="A hand-built ONNX graph with one node for each layer.",
    ),
    Runtime(
        name="onnxruntime_int8",
        label="int8 (ONNX Runtime)",
        packages=_ONNX,
        extra="onnxruntime",
        no_training=_ONLY_INFERENCE,
        tolerance=_ROUNDED,
        refuses=_quantizes_no("gru", "rnn_tanh", "rnn_relu"),
        note="`quantize_dynamic` of the same graph. It leaves a GRU and an RNN as they "
        "are (microsoft/onnxruntime#9796), so these are skipped.",
    ),
    Runtime(
        name="openvino",
        label="OpenVINO",
        packages=("openvino", "onnx"),
        extra="openvino",
        no_training=_ONLY_INFERENCE,
        dynamic_length=False,
        dynamic_batch=False,
        refuses=_projects,
        note="The same graph, compiled for its shape, with its precision forced to "
        "float32: by itself OpenVINO computes in bfloat16 where the CPU can.",
    ),
    Runtime(
        name="openvino_bf16",
        label="OpenVINO, bfloat16",
        packages=("openvino", "onnx"),
        extra="openvino",
        no_training=_ONLY_INFERENCE,
        dynamic_length=False,
        dynamic_batch=False,
        tolerance=_ROUNDED,
        refuses=_projects,
        note="OpenVINO's own choice on a CPU with AVX512-BF16; skipped on others.",
    ),
    Runtime(
        name="jax",
        label="JAX",
        packages=("jax",),
        extra="jax",
        phases=frozenset({Phase.INFERENCE, Phase.STREAM, Phase.TRAIN}),
        dynamic_length=False,
        dynamic_batch=False,
        no_training="JAX keeps no graph between calls, and brings no optimizer",
        own_threads=1,
        refuses=_drops_out,
        note="A cell in `lax.scan` under `jit`. Training is `jax.vjp` from the "
        "gradient of the output. XLA hands parts of a call to a second thread, which "
        "shares the cores of the case.",
    ),
)

RUNTIMES: dict[str, Runtime] = {row.name: row for row in _ROWS}
