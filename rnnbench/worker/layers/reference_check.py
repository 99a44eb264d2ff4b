"""A layer of the user's compared with its reference, from the same weights."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnnbench.model.case import EAGER, TORCH_LAYERS, Case
from rnnbench.model.run import References
from rnnbench.worker.failure import reason
from rnnbench.worker.layers.calls import BACKWARD, backward_of, forward_of
from rnnbench.worker.layers.check import difference, states_of, tolerance
from rnnbench.worker.layers.factory import factory
from rnnbench.worker.layers.inputs import data_of
from rnnbench.worker.layers.step import Step, build

# The method of a layer that takes over the weights of its reference; or a function of
# the factory's module, which gets both.
HOOK = "load_reference"


def unlike_reference(case: Case, references: References) -> str:
    """The largest difference from the layer's reference, in words; "" if there is none.

    Outputs and final states are compared, and where the phase has a backward pass the
    gradients of the input and of parameters that have the same name in both. Both are
    built for this, without dropout, and get the same input and initial state.
    """
    reference = dict(references).get(case.layer)
    if reference is None:
        return ""
    plain = replace(case, dropout=0.0, runtime=EAGER)
    arguments = () if reference in TORCH_LAYERS else case.args
    expected_step = build(replace(plain, layer=reference, args=arguments))
    step = build(plain)
    if fault := _load(step, expected_step.module, reference):
        return fault
    given = expected_step.kept.given
    expected = _answer(expected_step, given)
    return _compared(case, reference, _answer(step, given), expected)


def _load(step: Step, reference: nn.Module, name: str) -> str:
    """Give the layer the weights of `reference`; what prevents it, or ""."""
    layer = step.module
    home = sys.modules.get(getattr(factory(step.case.layer), "__module__", ""))
    of_module = getattr(home, HOOK, None)
    try:
        with torch.no_grad():
            if hasattr(layer, HOOK):
                getattr(layer, HOOK)(reference)
            elif of_module is not None:
                of_module(layer, reference)
            else:
                layer.load_state_dict(reference.state_dict())
    except RuntimeError as error:
        return f"the weights of {name} can't be loaded (see {HOOK}): {reason(error)}"
    return ""


def _answer(step: Step, given: tuple[Any, ...]) -> dict[str, Tensor]:
    """Output, states and gradients of a call with the arguments `given`."""
    has_backward = step.case.phase in BACKWARD
    source = _leaf(given[0]) if has_backward else given[0]
    step.release()
    with step.context():
        output, state = forward_of(step.case, step.module, (source, *given[1:]))()
    answer = {"the output": data_of(output).detach()}
    answer |= {name: part.detach() for name, part in states_of(state)}
    if has_backward:
        backward_of({})(output)
        leaves = {"the input": data_of(source), **dict(step.module.named_parameters())}
        answer |= {
            f"the gradient of {name}": leaf.grad
            for name, leaf in leaves.items()
            if leaf.grad is not None
        }
        step.release()
    return answer


def _leaf(sequence: Tensor | PackedSequence) -> Tensor | PackedSequence:
    """A copy of the input that gets a gradient."""
    data = data_of(sequence).detach().clone().requires_grad_()
    if isinstance(sequence, PackedSequence):
        return sequence._replace(data=data)
    return data


def _compared(
    case: Case,
    reference: str,
    found: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
) -> str:
    apart: dict[str, float] = {}
    for name, right in expected.items():
        if name in found and found[name].shape == right.shape:
            apart[name] = difference(found[name], right)
        elif not name.startswith("the gradient of") or name.endswith(" the input"):
            return f"{name} of {reference} has no counterpart of its shape"
    allowed = tolerance(case)
    # NaN counts as the largest.
    worst = max(apart, key=lambda name: (apart[name] != apart[name], apart[name]))
    if apart[worst] <= allowed:
        return ""
    return (
        f"{worst} is {apart[worst]:.2g} from that of {reference} with the same weights "
        f"(at most {allowed:g})"
    )
