"""Whether a runtime gives what eager gives: checked before anything is timed."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rnnbench.model.case import Case, Device, Dtype, Phase
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.worker.layers.calls import BACKWARD, backward_of, forward_of
from rnnbench.worker.layers.check import difference
from rnnbench.worker.layers.check import tolerance as of_backends
from rnnbench.worker.layers.step import Step
from rnnbench.worker.runtimes.prepared import Prepared, RuntimeAnswer
from rnnbench.worker.runtimes.torch_module import gradients_of, split

# Of a runtime of the user's.
_TOLERANCE = 1e-5
# Rounding grows with the length of the sequence, in eager as well: so much more than
# eager's own distance from float64 is allowed.
_MORE_ROUNDING = 4
# The most that rounding can be; a wrong gate or a wrong order is of the order of 1.
_MOST_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class Agreement:
    """The largest difference from eager, and in words what is wrong; "" if nothing."""

    error: float
    wrong: str = ""


def agreement(step: Step, prepared: Prepared) -> Agreement:
    """Compare outputs, final states and gradients with those of PyTorch's layer.

    For a stream the second call is compared, to detect a state that is not carried
    over.
    """
    step.enter()
    expected = _eager(step, step.module, step.kept.given)
    prepared.reset()
    with step.context():
        if step.case.phase is Phase.STREAM:
            prepared.call()
        found = _named(prepared.answer())
    if step.case.phase in BACKWARD:
        if prepared.gradients is None:
            return Agreement(0.0, "there are no gradients to compare")
        found |= _prefixed(prepared.gradients())
    if wrong := _wrong_form(found, expected):
        return Agreement(0.0, wrong)
    errors = {name: difference(found[name], right) for name, right in expected.items()}
    return _judged(step, errors, expected)


def _judged(
    step: Step, errors: Mapping[str, float], expected: Mapping[str, Tensor]
) -> Agreement:
    name, largest = max(errors.items(), key=lambda item: item[1])
    if all(error <= tolerance(step.case) for error in errors.values()):
        return Agreement(largest)
    allowed = _allowed(step, expected)
    for name, error in errors.items():
        if not error <= allowed[name]:
            what = f"{name} is {error:.2g} from eager's (at most {allowed[name]:.2g})"
            return Agreement(largest, what)
    return Agreement(largest)


def tolerance(case: Case) -> float:
    """The largest difference that is accepted without estimating the rounding."""
    runtime = RUNTIMES.get(case.runtime)
    own = runtime.tolerance if runtime else _TOLERANCE
    if case.device is not Device.CUDA:
        return own
    # Eager runs cuDNN there and other runtimes do not: each may round to TF32.
    return max(own, of_backends(case))


def _allowed(step: Step, expected: Mapping[str, Tensor]) -> dict[str, float]:
    """For each part the difference that rounding explains, by eager in float64."""
    least = tolerance(step.case)
    if step.case.dtype is not Dtype.FLOAT32:
        return dict.fromkeys(expected, least)
    exact = _in_float64(step)
    allowed = {}
    for name, found in expected.items():
        rounding = _MORE_ROUNDING * difference(found, exact[name])
        allowed[name] = max(least, min(rounding, _MOST_ROUNDING))
    return allowed


def _in_float64(step: Step) -> dict[str, Tensor]:
    module = copy.deepcopy(step.module).double()
    return _eager(step, module, _double(step.kept.given))


def _double(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.double()
    return tuple(map(_double, value))


def _eager(
    step: Step, module: nn.Module, arguments: Sequence[Any]
) -> dict[str, Tensor]:
    """The answer of a layer, with gradients where the phase has them."""
    forward = forward_of(step.case, module, arguments)
    with step.context():
        result = forward()
        if step.case.phase is Phase.STREAM:
            result = forward_of(step.case, module, (arguments[0], result[1]))()
    answer = _named(split(result))
    if step.case.phase in BACKWARD:
        answer |= _prefixed(gradients_of(module, forward, backward_of({}))())
    return answer


def _prefixed(gradients: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"the gradient of {name}": found for name, found in gradients.items()}


def _named(answer: RuntimeAnswer) -> dict[str, Tensor]:
    output, states = answer
    return {"the output": output, **dict(zip(("h_n", "c_n"), states, strict=False))}


def _wrong_form(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> str:
    for name, right in expected.items():
        if name not in found:
            return f"{name} is missing"
        if found[name].shape != right.shape:
            return (
                f"{name} has the shape {tuple(found[name].shape)}, "
                f"not {tuple(right.shape)}"
            )
        if not bool(torch.isfinite(found[name]).all()):
            return f"{name} is not finite"
    return ""
