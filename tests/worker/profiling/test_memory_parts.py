"""What memory is held for at the peak of a call."""

import pytest
import torch

from rnnbench.model.case import Device, Dtype, InitialState, Lengths, Phase
from rnnbench.model.cost import parameters
from rnnbench.model.profile import MemoryPart
from rnnbench.worker.layers.step import build
from rnnbench.worker.profiling import memory_parts as parts
from rnnbench.worker.profiling.memory_parts import (
    Event,
    MemoryBlock,
    at_peak,
    memory_parts,
)
from rnnbench.worker.profiling.peak_memory import peak_memory

HELD_BEFORE = (MemoryPart.PARAMETERS, MemoryPart.OPTIMIZER, MemoryPart.INPUT)
KNOBS = [
    {},
    {"onednn": False},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"lengths": Lengths.WIDE},
    {"dtype": Dtype.AUTOCAST_BFLOAT16},
    {"initial_state": InitialState.GIVEN, "num_layers": 2, "dropout": 0.5},
]


def named(peak):
    return dict(peak.parts)


def carried(case):
    """Most bytes of the state that a stream's call frees: the call before made it.

    Autocast chooses the type of a state.
    """
    if case.phase is not Phase.STREAM:
        return 0
    states = case.num_layers * case.num_directions * (2 if case.layer == "lstm" else 1)
    return 4 * states * case.batch_size * case.hidden_size


@pytest.mark.parametrize("knobs", KNOBS, ids=lambda knobs: "-".join(knobs) or "plain")
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("layer", ["lstm", "gru", "rnn_relu"])
def test_the_parts_sum_to_what_was_held_and_what_the_call_adds(
    make_case, require, layer, phase, knobs
):
    case = make_case(layer=layer, phase=phase, seq_len=6, batch_size=3, **knobs)
    require(case)
    added = peak_memory(build(case))

    peak = memory_parts(build(case))

    found = named(peak)
    assert list(found) == list(MemoryPart)
    assert min(found.values()) >= 0
    assert peak.growth == added
    held = sum(found[part] for part in HELD_BEFORE)
    assert 0 <= sum(found.values()) - added - held <= carried(case)
    assert found[MemoryPart.PARAMETERS] == 4 * parameters(case)


@pytest.mark.parametrize("layer", ["lstm", "gru"])
def test_ten_readings_have_the_same_parts_byte_for_byte(make_case, layer):
    case = make_case(layer=layer, phase=Phase.STEP, num_layers=2)

    readings = {memory_parts(build(case)) for _ in range(10)}

    assert len(readings) == 1


def test_each_part_is_found_where_it_is_known_by_hand(make_case):
    # One step of one sequence through large weights: their gradients are the peak.
    case = make_case(
        layer="gru", phase=Phase.STEP, hidden_size=256, seq_len=1, batch_size=1
    )
    weights = 4 * parameters(case)

    found = named(memory_parts(build(case)))

    assert found[MemoryPart.GRADIENTS] == weights
    # Adam's two averages, and a step count for each of the four parameters.
    assert found[MemoryPart.OPTIMIZER] == 2 * weights + 4 * 4
    # The input, and the fixed gradient of the output.
    assert found[MemoryPart.INPUT] == 4 * (case.input_size + case.hidden_size)


def test_the_output_is_its_own_part(make_case):
    case = make_case(
        layer="gru", phase=Phase.FORWARD, hidden_size=16, seq_len=64, batch_size=16
    )

    found = named(memory_parts(build(case)))

    assert found[MemoryPart.OUTPUT] >= 4 * 64 * 16 * 16


def test_training_saves_for_backward_and_inference_does_not(make_case):
    sizes = {"layer": "gru", "seq_len": 32, "batch_size": 8}

    inference = named(memory_parts(build(make_case(phase=Phase.INFERENCE, **sizes))))
    forward = named(memory_parts(build(make_case(phase=Phase.FORWARD, **sizes))))

    assert inference[MemoryPart.SAVED] == inference[MemoryPart.GRADIENTS] == 0
    assert forward[MemoryPart.SAVED] > 32 * 8 * 16 * 4


def test_a_reading_leaves_no_hook(make_case):
    step = build(make_case(phase=Phase.TRAIN))

    memory_parts(step)

    assert not step.module._forward_hooks
    assert torch._C._autograd._saved_tensors_hooks_is_enabled()
    assert torch._C._autograd._top_saved_tensors_default_hooks(False) is None


def test_a_torch_that_tells_no_addresses_is_named(make_case, monkeypatch):
    monkeypatch.setattr(parts, "_events", lambda *_: iter(()))

    with pytest.raises(NotImplementedError, match="no allocations with addresses"):
        memory_parts(build(make_case()))


@pytest.mark.parametrize(
    ("events", "held", "gradients", "expected", "growth"),
    [
        ([], {}, (), {}, 0),
        ([Event(1, 8), Event(1, -8), Event(1, 4)], {}, (), {MemoryPart.OTHER: 8}, 8),
        (
            [Event(1, 8), Event(1, part=MemoryPart.SAVED), Event(2, 2), Event(1, -8)],
            {},
            (),
            {MemoryPart.SAVED: 8, MemoryPart.OTHER: 2},
            10,
        ),
        # An address is used again: a word holds for the block that is there then.
        (
            [Event(1, 8), Event(1, part=MemoryPart.SAVED), Event(1, -8), Event(1, 9)],
            {},
            (),
            {MemoryPart.OTHER: 9},
            9,
        ),
        # What the layer gives is its output, though it is saved, too.
        (
            [
                Event(1, 8),
                Event(1, part=MemoryPart.OUTPUT),
                Event(1, part=MemoryPart.SAVED),
            ],
            {},
            (),
            {MemoryPart.OUTPUT: 8},
            8,
        ),
        (
            [Event(1, 8), Event(2, 4)],
            {},
            (2,),
            {MemoryPart.OTHER: 8, MemoryPart.GRADIENTS: 4},
            12,
        ),
        # What was held before stays what it is, and counts until it is freed.
        (
            [Event(7, part=MemoryPart.SAVED), Event(1, 2)],
            {7: MemoryPart.PARAMETERS},
            (),
            {MemoryPart.PARAMETERS: 16, MemoryPart.OTHER: 2},
            2,
        ),
        (
            [Event(7, -16), Event(1, 20)],
            {7: MemoryPart.INPUT},
            (),
            {MemoryPart.OTHER: 20},
            4,
        ),
        # A free of what nobody knew: it was held before.
        ([Event(1, 2), Event(9, -5)], {}, (), {MemoryPart.OTHER: 7}, 2),
        ([Event(9, -5), Event(1, 2)], {}, (), {MemoryPart.OTHER: 5}, 0),
    ],
)
def test_the_parts_are_those_of_the_moment_of_the_peak(
    events, held, gradients, expected, growth
):
    blocks = {address: MemoryBlock(16, part) for address, part in held.items()}

    peak = at_peak(events, blocks, gradients)

    assert {part: size for part, size in peak.parts if size} == expected
    assert peak.growth == growth


def test_of_a_gpus_case_only_the_gpus_memory_counts(make_case, monkeypatch):
    """The tree as a CUDA build gives it, with a scalar on the CPU between."""
    kinds = torch._C._profiler._EventType

    class Fake:
        def __init__(self, **values):
            self.__dict__ = {"children": [], "name": "[memory]", **values}

    def change(when, address, size, device):
        fields = Fake(ptr=address, alloc_size=size, device=torch.device(device))
        return Fake(tag=kinds.Allocation, start_time_ns=when, extra_fields=fields)

    mark = Fake(
        tag=kinds.TorchOp,
        name=f"rnnbench.part:1:{MemoryPart.SAVED}",
        start_time_ns=2,
        extra_fields=Fake(),
    )
    root = Fake(
        tag=kinds.TorchOp,
        name="aten::lstm",
        start_time_ns=0,
        extra_fields=Fake(),
        children=[change(3, 2, 4, "cpu"), mark, change(1, 1, 512, "cuda:0")],
    )
    results = Fake(experimental_event_tree=lambda: [root])

    events = list(parts._events(results, Device.CUDA))

    assert events == [Event(1, 512), Event(1, part=MemoryPart.SAVED)]
