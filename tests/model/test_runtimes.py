"""What each runtime can do, by the table alone."""

import os
import tempfile
from dataclasses import replace

import pytest

from rnnbench.model.case import Case, Device, Dtype, Lengths, Phase
from rnnbench.model.runtimes import (
    RUNTIMES,
    build_folder,
    reason_against,
    remove_builds,
    runtime_label,
)

PLAIN = Case(layer="lstm", input_size=10, hidden_size=20, seq_len=5, batch_size=3)


def reason(**changed):
    return reason_against(replace(PLAIN, **changed))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_each_runtime_takes_a_plain_layer_in_inference(runtime):
    assert reason(runtime=runtime) == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"layer": "a.b:c"},
        {"lengths": Lengths.HALF},
        {"dtype": Dtype.FLOAT16},
    ],
)
def test_eager_runs_what_other_runtimes_refuse(changed):
    refused = {name for name in RUNTIMES if reason(runtime=name, **changed)}

    assert refused == RUNTIMES.keys() - {"eager"}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("device", Device)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_case_is_refused_exactly_where_the_table_lacks_it(runtime, device, phase):
    row = RUNTIMES[runtime]

    why = reason(runtime=runtime, device=device, phase=phase)

    assert bool(why) == (device not in row.devices or phase not in row.phases)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"runtime": "cell_loop", "proj_size": 4}, "no LSTM with a projection"),
        (
            {
                "runtime": "cell_loop",
                "num_layers": 2,
                "dropout": 0.5,
                "phase": Phase.TRAIN,
            },
            "dropout",
        ),
    ],
)
def test_a_reason_names_what_is_missing(changed, words):
    assert words in reason(**changed)


def test_a_runtime_of_the_users_is_asked_when_it_prepares_the_case():
    assert reason(runtime="package.module:make", lengths=Lengths.HALF) == ""
    assert runtime_label("package.module:make") == "package.module:make"


def test_what_a_process_had_built_is_removed_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own, other = build_folder(os.getpid()), build_folder(1)
    for folder in (own, other):
        folder.mkdir()
        (folder / "layer.pt2").touch()

    remove_builds()
    remove_builds()

    assert (own.exists(), other.exists()) == (False, True)
