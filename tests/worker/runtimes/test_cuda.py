"""Runtimes on a GPU that is not there: on the meta device, and on a fake one.

PyTorch's meta device has shapes and no numbers: an operation that also takes a tensor
of the CPU fails, as it would on a GPU.
"""

from dataclasses import replace

import pytest
import torch

from rnnbench.model.case import TORCH_LAYERS, Case, Device, Dtype, Phase
from rnnbench.model.runtimes import RUNTIMES, reason_against
from rnnbench.model.status import Status
from rnnbench.worker.layers.factory import factory
from rnnbench.worker.runtimes.agreement import tolerance
from rnnbench.worker.runtimes.cell_loop import CellLoop
from rnnbench.worker.runtimes.torch_module import split
from rnnbench.worker.service_jobs import ServeStreams
from rnnbench.worker.serving import card
from rnnbench.worker.serving.handlers import ServiceHandler

GRU = Case(
    layer="gru",
    input_size=5,
    hidden_size=7,
    seq_len=4,
    batch_size=3,
    device=Device.CUDA,
    runtime="cell_loop",
)
WITHIN_PYTORCH = {"eager", "torchscript", "compile", "compile_rnn", "cell_loop"}


@pytest.mark.parametrize("layer", TORCH_LAYERS)
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"num_layers": 2, "bidirectional": True},
        {"bias": False, "batch_first": True},
    ],
)
def test_a_loop_of_cells_makes_no_tensor_on_another_device(layer, changed):
    case = replace(GRU, layer=layer, **changed)
    names = ("num_layers", "bias", "batch_first", "bidirectional")
    options = {name: getattr(case, name) for name in names}

    whole = factory(layer)(5, 7, **options, device="meta")
    outer = (3, 4) if case.batch_first else (4, 3)

    loop = CellLoop(case, whole)
    result = loop(torch.empty(*outer, 5, device="meta"))
    result[0].sum().backward()

    output, states = split(result)
    assert output.shape == (*outer, 7 * case.num_directions)
    assert {one.device.type for one in (output, *states)} == {"meta"}
    assert {one.grad.device.type for one in whole.parameters()} == {"meta"}
    if case.bias:  # without it, PyTorch lets the two devices mix here
        with pytest.raises(RuntimeError, match="device"):
            loop(torch.empty(*outer, 5))


def test_pytorchs_own_runtimes_run_there_and_the_others_have_a_reason():
    cases = {name: replace(GRU, runtime=name) for name in RUNTIMES}

    able = {name for name, case in cases.items() if not reason_against(case)}

    assert able == WITHIN_PYTORCH


def test_tf32_may_differ_from_eager_as_two_backends_may():
    full = replace(GRU, tf32=False)

    assert tolerance(replace(GRU, tf32=True)) == pytest.approx(2e-2)
    assert tolerance(replace(full, dtype=Dtype.FLOAT64)) <= 1e-5
    assert tolerance(full) < 1e-3


def test_starting_the_gpu_is_not_part_of_a_card(monkeypatch):
    order = []

    class StoppedError(Exception):
        """Ends the card where the layer is built."""

    def build(case):
        order.append(case.device)
        raise StoppedError

    monkeypatch.setattr(torch.cuda, "synchronize", lambda: order.append("started"))
    monkeypatch.setattr(card, "build", build)

    with pytest.raises(StoppedError):
        card.take_card(GRU, launch=0)

    assert order == ["started", Device.CUDA]


def test_streams_per_core_are_not_counted_on_a_gpu():
    stream = replace(GRU, phase=Phase.STREAM, seq_len=1)

    found = ServiceHandler().answer(ServeStreams(cases=(stream,), threads=1))

    assert found.status is Status.SKIPPED
    assert "on a CPU only" in found.reason
