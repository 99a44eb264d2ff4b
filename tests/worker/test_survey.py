"""Cases that this machine can't run are reported before anything is measured."""

from dataclasses import replace

import pytest
import torch

from rnnbench.model.case import TORCH_LAYERS, Device, Dtype
from rnnbench.model.status import Status
from rnnbench.worker import survey as module
from rnnbench.worker.survey import survey, tiny


def silent(place):
    pass


@pytest.mark.parametrize("layer", TORCH_LAYERS)
def test_what_runs_here_is_ok(make_case, layer):
    (outcome,) = survey((make_case(layer=layer),), silent)

    assert outcome.status is Status.OK
    assert outcome.reason == ""


def test_without_a_gpu_its_cases_are_skipped_with_the_reason(make_case, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    (outcome,) = survey((make_case(device=Device.CUDA),), silent)

    assert outcome.status is Status.SKIPPED
    assert "torch.cuda.is_available() is false" in outcome.reason


def test_what_torch_does_not_support_is_skipped_in_its_words(make_case, monkeypatch):
    def build(case):
        raise RuntimeError("\"lstm\" not implemented for 'Half'")

    monkeypatch.setattr(module, "build", build)

    (outcome,) = survey((make_case(dtype=Dtype.FLOAT16),), silent)

    assert outcome.status is Status.SKIPPED
    assert outcome.reason == "RuntimeError: \"lstm\" not implemented for 'Half'"


def test_any_other_failure_is_left_to_the_case_itself(make_case, monkeypatch):
    def build(case):
        raise ValueError("a fault of ours")

    monkeypatch.setattr(module, "build", build)

    (outcome,) = survey((make_case(),), silent)

    assert outcome.status is Status.OK


def test_each_kind_is_tried_once(make_case):
    sizes = [make_case(hidden_size=size, seq_len=size) for size in (8, 4096, 100_000)]
    tried = []

    outcomes = survey((*sizes, make_case(layer="gru")), tried.append)

    assert len(outcomes) == 4
    assert tried == [0, 3]


def test_a_users_layer_is_not_tried(make_case):
    layer = "no.such.module:layer"

    (outcome,) = survey((make_case(layer=layer),), silent)

    assert outcome.status is Status.OK


def test_a_twin_differs_in_its_sizes_alone(make_case):
    case = make_case(
        hidden_size=512, proj_size=64, num_layers=8, bidirectional=True, bias=False
    )

    twin = tiny(case)

    assert (
        replace(
            twin,
            input_size=case.input_size,
            hidden_size=512,
            proj_size=64,
            num_layers=8,
            seq_len=case.seq_len,
            batch_size=case.batch_size,
        )
        == case
    )
    assert twin.hidden_size <= 4


def test_more_threads_than_cores_are_skipped_and_never_started(make_case, monkeypatch):
    monkeypatch.setattr(module, "build", lambda case: pytest.fail(f"built {case.id}"))
    monkeypatch.setattr("os.cpu_count", lambda: 4)

    (outcome,) = survey((make_case(threads=32768),), silent)

    assert outcome.status is Status.SKIPPED
    assert outcome.reason == "32768 threads, and this machine has 4 logical cores"
