"""Whether the answer of a step is right: checked before it is timed, and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnnbench.model.case import TORCH_LAYERS, Case, Device, Dtype, Lengths
from rnnbench.model.cost import lengths_of
from rnnbench.worker.failure import is_unsupported
from rnnbench.worker.layers import switches as backend
from rnnbench.worker.layers.calls import BACKWARD
from rnnbench.worker.layers.factory import AUTOCAST, DTYPES
from rnnbench.worker.layers.inputs import data_of, make_grad
from rnnbench.worker.layers.step import Step

# Largest difference of two backends: the norm of the difference over the norm of the
# other answer. Rounding caused 3e-7 in outputs and 1e-6 in gradients in float32, 0.006
# and 0.03 in bfloat16 (on a CPU, up to 400 time steps; float16 keeps three bits more).
# The bounds leave room for other machines, and lie below the effect of a wrong gate or
# a wrong order, which is of the order of 1.
_TOLERANCE = {
    Dtype.FLOAT64: 1e-10,
    Dtype.FLOAT32: 1e-4,
    Dtype.FLOAT16: 2e-2,
    Dtype.BFLOAT16: 1e-1,
    Dtype.AUTOCAST_FLOAT16: 2e-2,
    Dtype.AUTOCAST_BFLOAT16: 1e-1,
}
# TF32 keeps 10 bits of the mantissa, as float16 does.
_TOLERANCE_TF32 = 2e-2

Answer = dict[str, Tensor]


def check(step: Step) -> str:
    """The first fault in the answer of `step`, in words; "" where it is right.

    Shapes, types and finite values are checked, and that a layer of the user's leaves
    its input and the gradient of its output as they were. The answers of torch.nn's
    own layers are also compared with those of the other backend of this machine.
    Dropout is off.
    """
    with _without_dropout(step.module):
        step.enter()
        answer = _right_answer(step)
        if isinstance(answer, str):
            return answer
        twin = backend.other(step.case)
        return "" if twin is None else _compared(step, twin, answer)


def check_again(step: Step) -> str:
    """The same of a layer of the user's after its timed calls.

    It may have been right at first: a layer with a state of its own can run away.
    """
    with _without_dropout(step.module):
        step.enter()
        answer = _right_answer(step)
        return answer if isinstance(answer, str) else ""


def tolerance(case: Case) -> float:
    """Largest difference of this case's answer from the other backend's."""
    tf32 = case.device is Device.CUDA and case.tf32 and case.dtype is Dtype.FLOAT32
    return _TOLERANCE_TF32 if tf32 else _TOLERANCE[case.dtype]


def difference(candidate: Tensor, baseline: Tensor) -> float:
    """The norm of the difference, as a share of the norm of `baseline`."""
    baseline = baseline.double()
    norm = float(torch.linalg.vector_norm(baseline))
    apart = float(torch.linalg.vector_norm(candidate.double() - baseline))
    return apart / norm if norm else apart


def _right_answer(step: Step) -> Answer | str:
    """The answer, or what is wrong with it by itself."""
    answer = _answer(step)
    if isinstance(answer, str):
        return answer
    if wrong := [name for name, found in answer.items() if not _finite(found)]:
        return f"{wrong[0]} is not finite"
    return answer


def _answer(step: Step) -> Answer | str:
    """Outputs, states and gradients by name; or what is wrong with their form."""
    before = _input_copy(step)
    with step.context():
        given = step.forward()
    if not isinstance(given, tuple) or len(given) != 2:
        return f"a {type(given).__name__} is given, not (output, state)"
    output, state = given
    if wrong := _wrong_output(step.case, output) or _wrong_state(step.case, state):
        return wrong
    answer = {"the output": data_of(output).detach()}
    answer |= {name: part.detach() for name, part in states_of(state)}
    if wrong := _wrong_dtype(step.case, answer):
        return wrong
    if before is not None and _input_differs(step, before):
        return "the layer changes its input in place"
    if step.case.phase not in BACKWARD:
        return answer
    gradients = _gradients(step, output)
    return gradients if isinstance(gradients, str) else answer | gradients


def _gradients(step: Step, output: Tensor | PackedSequence) -> Answer | str:
    """The gradients by name; or what is wrong with the backward pass."""
    step.release()
    step.backward(output)
    named = step.module.named_parameters()
    grads = {name: found.grad for name, found in named if found.grad is not None}
    step.release()
    if _gradient_differs(step, data_of(output)):
        return "the layer changes the gradient of its output in place"
    if not grads:
        return "no parameter has a gradient"
    return {f"the gradient of {name}": grad for name, grad in grads.items()}


def _input_copy(step: Step) -> Tensor | None:
    """A copy of the input; None for torch.nn's layers, which are known to leave it."""
    if step.case.layer in TORCH_LAYERS:
        return None
    return data_of(step.kept.given[0]).clone()


def _input_differs(step: Step, before: Tensor) -> bool:
    """Whether this call changed the input, or any call since it was made."""
    after = data_of(step.kept.given[0])
    # PyTorch counts changes in place, except those through `.data` and numpy.
    return after._version > 0 or not torch.equal(before, after)  # noqa: SLF001


def _gradient_differs(step: Step, output: Tensor) -> bool:
    """Whether any call of a layer of the user's changed the gradient of its output."""
    if step.case.layer in TORCH_LAYERS:
        return False
    kept = step.kept.grads[output.dtype]
    return kept._version > 0 or not torch.equal(kept, make_grad(output))  # noqa: SLF001


def _wrong_dtype(case: Case, answer: Answer) -> str:
    """Under autocast the type is the layer's choice: the wide one or the narrow one."""
    wide = DTYPES[case.dtype]
    allowed = {wide, AUTOCAST.get(case.dtype, wide)}
    for name, found in answer.items():
        if found.dtype not in allowed:
            return f"{name} has the type {found.dtype}, not {wide}"
    return ""


def _wrong_output(case: Case, output: Any) -> str:
    padded = case.lengths is Lengths.FULL
    if not isinstance(output, Tensor if padded else PackedSequence):
        kind = "Tensor" if padded else "PackedSequence"
        return f"the output is a {type(output).__name__}, not a {kind}"
    return _wrong_shape("the output", data_of(output), _output_shape(case))


def _output_shape(case: Case) -> tuple[int, ...]:
    if case.lengths is not Lengths.FULL:
        return sum(lengths_of(case)), case.output_size
    outer = (case.seq_len, case.batch_size)
    return (*(outer[::-1] if case.batch_first else outer), case.output_size)


def _wrong_state(case: Case, state: object) -> str:
    """A layer of the user's may have more states than torch.nn's: the first is h_n."""
    states = states_of(state)
    if not states or not all(isinstance(part, Tensor) for _, part in states):
        return f"the state is a {type(state).__name__}, not a tensor or some of them"
    outer = (case.num_layers * case.num_directions, case.batch_size)
    hidden = (*outer, case.proj_size or case.hidden_size)
    if wrong := _wrong_shape("h_n", states[0][1], hidden):
        return wrong
    if case.layer not in TORCH_LAYERS:
        return ""
    if len(states) != (2 if case.layer == "lstm" else 1):
        return f"the state has {len(states)} parts"
    last, found = states[-1]
    return _wrong_shape(
        last, found, (*outer, case.hidden_size) if last == "c_n" else hidden
    )


def states_of(state: Any) -> list[tuple[str, Tensor]]:
    """The final states by name; empty if `state` is neither a tensor nor some."""
    if isinstance(state, Tensor):
        return [("h_n", state)]
    if not isinstance(state, tuple | list):
        return []
    names = ["h_n", "c_n", *(f"state {place}" for place in range(2, len(state)))]
    return list(zip(names, state, strict=False))


def _wrong_shape(name: str, found: Tensor, shape: tuple[int, ...]) -> str:
    if tuple(found.shape) == shape:
        return ""
    return f"{name} has the shape {tuple(found.shape)}, not {shape}"


def _finite(found: Tensor) -> bool:
    return bool(torch.isfinite(found).all())


def _compared(step: Step, twin: Case, answer: Answer) -> str:
    backend.enter(twin)
    try:
        baseline = _answer(step)
    except RuntimeError as error:
        if is_unsupported(error):
            return ""  # there is no second backend to compare with
        raise
    if isinstance(baseline, str):
        return f"with the other backend {baseline}"
    allowed = tolerance(step.case)
    for name, found in answer.items():
        apart = difference(found, baseline[name])
        if not apart <= allowed:  # so that NaN is refused
            flag = backend.switch(twin.device)
            return (
                f"{name} is {apart:.2g} from what it is with {flag} "
                f"{'on' if getattr(twin, flag) else 'off'} (at most {allowed:g})"
            )
    return ""


@contextmanager
def _without_dropout(module: nn.Module) -> Iterator[None]:
    """Make two calls comparable; the train mode, which chooses the kernel, stays."""
    if not isinstance(module, nn.RNNBase):
        yield
        return
    kept, module.dropout = module.dropout, 0.0
    try:
        yield
    finally:
        module.dropout = kept
