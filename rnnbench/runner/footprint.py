"""Memory and time of a case, estimated before anything of it is built."""

from dataclasses import replace

from rnnbench.model.case import (
    TORCH_LAYERS,
    Case,
    Device,
    Dtype,
    Optimizer,
    Phase,
    applies,
)
from rnnbench.model.cost import BACKWARD, GATES, WITHOUT_GRAPH, parameters, step_flops
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.model.run import Environment
from rnnbench.model.workload import Workload

# What cases may have of the memory: the rest is the system's, torch's and ours.
MEMORY_SHARE = 0.8

# Bytes of weights beyond what a core's own cache holds, so that a call lives on the
# cache and the memory that all cores share. An LSTM of 4.7 MiB beside another on the
# second core: GRU/LSTM read 0.64 and not 0.78; one of 3.3 MiB: no shift within 2 %.
HEAVY = 4 * 2**20

_BYTES = {
    Dtype.FLOAT64: 8,
    Dtype.FLOAT32: 4,
    Dtype.BFLOAT16: 2,
    Dtype.FLOAT16: 2,
    # The float32 weights, and the half copy that autocast makes of them.
    Dtype.AUTOCAST_BFLOAT16: 6,
    Dtype.AUTOCAST_FLOAT16: 6,
}


def memory_estimate(case: Case) -> int:
    """Bytes that weights, gradients and activations take at most: a generous bound.

    Of a user's layer only its input and output are known, so only they count.
    """
    width = _BYTES[case.dtype]
    tokens = case.seq_len * case.batch_size
    sequences = width * tokens * (case.input_size + case.output_size)
    backward = case.phase in BACKWARD
    # What backward wants: the input once more packed, and the gradient of the output.
    sequences *= 3 if backward else 2
    count = parameters(case)
    if count is None:
        return sequences
    copies = 2 + 2 * backward  # the weights, reordered by a kernel; their gradients
    if case.phase is Phase.STEP:
        copies += 3 if case.optimizer is Optimizer.ADAM else 1
    # Measured on a CPU at hidden 128, 2 layers, 100 x 32: training, an LSTM of oneDNN
    # holds 19 times the output of a layer, a tanh RNN 2.5 times.
    kept = GATES[case.layer] * (2 if case.phase in WITHOUT_GRAPH else 6) + 4
    layers = case.num_layers * case.num_directions
    activations = width * tokens * case.hidden_size * kept * layers
    return sequences + width * count * copies + activations


def is_heavy(case: Case) -> bool:
    """Whether another case on another core would change what `case` takes.

    A user's layer is taken for an LSTM.
    """
    known = case if case.layer in TORCH_LAYERS else replace(case, layer="lstm")
    return (parameters(known) or 0) * _BYTES[case.dtype] > HEAVY


def stands_alone(workload: Workload) -> bool:
    """Whether nothing may be timed beside `workload`."""
    return any(map(is_heavy, workload.members))


def seconds_guess(case: Case) -> float:
    """Seconds of one call, to an order of magnitude, before anything was measured.

    A user's layer is taken for an LSTM of PyTorch's own operations.
    """
    known = case if case.layer in TORCH_LAYERS else replace(case, layer="lstm")
    work = step_flops(known) or 0
    steps = case.seq_len * case.num_layers * case.num_directions
    if case.device is Device.CUDA:
        return 50e-6 + work / 5e12 + steps * (5e-6 if case.cudnn else 60e-6)
    # Fitted to float32 on one thread of a Zen 5 core, hidden 32 to 512, torch 2.13: to
    # a factor of 3 there.
    if case.onednn and case.dtype is not Dtype.FLOAT64 and applies("onednn", case):
        return 50e-6 + work / 200e9 + steps * 2e-6
    overhead = 5e-6 if GATES.get(case.layer) == 1 else 12e-6
    gradient = 5 if case.phase in BACKWARD else 1
    return 50e-6 + work / 80e9 + steps * overhead * gradient


def too_large(case: Case, environment: Environment) -> str:
    """The reason why `case` exceeds this machine's memory; empty if it fits."""
    cuda = case.device is Device.CUDA
    there = environment.gpu_memory_bytes if cuda else environment.memory_bytes
    needed = memory_estimate(case)
    if there is None or needed <= MEMORY_SHARE * there:
        return ""
    return (
        f"needs about {PEAK_MEMORY.format(needed)} of memory, "
        f"this machine has {PEAK_MEMORY.format(there)}"
    )
