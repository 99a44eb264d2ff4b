"""Layers that are not PyTorch's are tried before anything is measured."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.model.case import Case
from rnnbench.model.errors import CampaignError
from rnnbench.runner.foreign_layers import (
    LayerChecks,
    find_faults,
    refuse_broken_layers,
)

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))

LAYERS = """
import torch
from torch import nn

def works(**parameters):
    return nn.GRU(**parameters)

def one_way(*, bidirectional=False, **parameters):
    if bidirectional:
        raise ValueError("bidirectional: one way only")
    return nn.GRU(**parameters)

def few_arguments(input_size):
    return nn.GRU(input_size, 3)

class Short(nn.GRU):
    def forward(self, sequence, state=None):
        output, last = super().forward(sequence, state)
        return output[:1], last

def wrong_shape(**parameters):
    return Short(**parameters)

def no_module(**parameters):
    return "gru"
"""


def case(layer, **changes):
    sizes = {"input_size": 8, "hidden_size": 16, "seq_len": 4, "batch_size": 2}
    return Case(layer=layer, **{**sizes, **changes})


def test_pytorch_s_layers_start_no_worker():
    assert find_faults([case("gru")], LayerChecks(1.0, ("no-such-command",))) == {}


def test_the_smallest_case_of_a_kind_speaks_for_all_of_it():
    cases = [case("fake:exit", hidden_size=size) for size in (64, 8, 16)]

    found = find_faults([case("gru"), *cases], LayerChecks(5.0, FAKE))

    assert set(found) == set(cases)
    assert set(found.values()) == {"the worker left with exit code 7"}


def test_a_layer_that_hangs_ends_at_the_limit_and_costs_no_other():
    hanging, fine = case("fake:hang"), case("fake:fine")

    found = find_faults([hanging, fine], LayerChecks(1.0, FAKE))

    assert found == {hanging: "no answer within 1 s"}


def test_a_layer_that_fails_in_every_case_is_refused_in_one_line():
    cases = [case("fake:exit"), case("fake:exit", phase="train"), case("gru")]

    with pytest.raises(CampaignError) as caught:
        refuse_broken_layers(cases, LayerChecks(5.0, FAKE))

    assert str(caught.value) == "fake:exit: the worker left with exit code 7"


@pytest.fixture
def layers(tmp_path, monkeypatch):
    (tmp_path / "own_layers.py").write_text(LAYERS, encoding="utf-8")
    # A worker imports foreign layers from its working directory.
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("nomod:layer", "No module named 'nomod'"),
        ("own_layers:missing", "missing"),
        ("own_layers:few_arguments", "few_arguments() got an unexpected keyword"),
        ("own_layers:wrong_shape", "shape"),
        ("own_layers:no_module", "not an nn.Module"),
    ],
)
def test_import_signature_and_shape_faults_are_found(layers, layer, message):
    found = find_faults([case(layer)], LayerChecks(60.0))

    assert message in found[case(layer)]


@pytest.mark.slow
def test_a_layer_that_lacks_one_setting_fails_there_alone(layers):
    cases = [
        case("own_layers:one_way"),
        case("own_layers:one_way", bidirectional=True),
        case("own_layers:works", bidirectional=True),
    ]

    found = find_faults(cases, LayerChecks(60.0))

    assert found == {cases[1]: "ValueError: bidirectional: one way only"}
    refuse_broken_layers(cases, LayerChecks(60.0))


@pytest.mark.parametrize(
    ("runtime", "reason"),
    [
        ("builtins:repr", "returned a str, not a Prepared"),
        ("no_such_module:make", "No module named 'no_such_module'"),
    ],
)
def test_a_runtime_of_the_users_that_fails_is_refused_by_name(runtime, reason):
    broken = replace(case("gru"), runtime=runtime)

    with pytest.raises(CampaignError, match=f"^{runtime}: .*{reason}"):
        refuse_broken_layers([case("gru"), broken], LayerChecks(60.0))


def test_a_runtime_of_rnnbench_is_not_tried_in_advance():
    own = replace(case("gru"), runtime="cell_loop")

    assert find_faults([own], LayerChecks(1.0, ("no-such-command",))) == {}
