"""Lanes: how many there are, on which cores, and one for each GPU."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.runner import lanes as lanes_module
from rnnbench.runner.lane_limit import load_lane_limit, save_lane_limit
from rnnbench.runner.lanes import (
    Lane,
    gpu_lanes,
    lane_condition,
    lane_count,
    lanes,
    visible_gpus,
)

GIB = 2**30


@pytest.mark.parametrize(
    ("cores", "memory", "limit", "expected"),
    [
        (2, None, None, 2),
        (8, None, None, 8),
        (9, None, None, 8),
        (64, 256 * GIB, None, 63),
        (64, 16 * GIB, None, 16),
        (16, 256 * GIB, 4, 4),
        (0, 0, None, 1),
    ],
)
def test_a_machine_has_a_lane_for_each_core_within_its_limits(
    cores, memory, limit, expected
):
    assert lane_count(cores, memory, limit) == expected


@given(cores=st.integers(1, 256), gpus=st.integers(0, 16))
def test_no_two_lanes_share_a_gpu_or_a_core(cores, gpus):
    names = [f"GPU-{place}" for place in range(gpus)]

    found = gpu_lanes(names, range(cores))

    taken = [core for lane in found for core in lane.cores]
    assert len(set(taken)) == len(taken)
    assert [lane.gpu for lane in found] == (names if gpus > 1 else [""])


def test_a_run_follows_the_limit_that_a_self_check_found(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(lanes_module, "physical_cores", lambda: (0, 1, 2, 3))
    before = lanes()

    save_lane_limit(2)

    assert len(before) == 4
    assert lanes() == (Lane((2,)), Lane((3,)))
    assert lanes(3) == (Lane((1,)), Lane((2,)), Lane((3,)))


@given(content=st.binary(max_size=40) | st.sampled_from([b"[1]", b'{"a": -1}']))
def test_a_broken_file_of_limits_is_no_limit_and_is_replaced(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("state") / "lanes.json"
    path.write_bytes(content)

    assert load_lane_limit(path) is None
    save_lane_limit(3, path)
    assert load_lane_limit(path) == 3


LISTING = """\
GPU-aa, NVIDIA A
GPU-bb, NVIDIA B
GPU-cc, NVIDIA A
garbage
"""


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, ("GPU-aa", "GPU-cc")),
        ("2,0", ("GPU-cc", "GPU-aa")),
        ("1,2", ("GPU-bb",)),
        ("GPU-cc", ("GPU-cc",)),
        ("", ()),
        ("7,x", ()),
    ],
)
def test_lanes_get_gpus_of_one_model_that_the_user_allows(tmp_path, visible, expected):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n/bin/cat <<'E'\n{LISTING}E\n")
    tool.chmod(0o755)
    variables = {"PATH": str(tmp_path)}
    if visible is not None:
        variables["CUDA_VISIBLE_DEVICES"] = visible

    assert visible_gpus(variables) == expected


def test_a_machine_without_the_tool_has_no_gpu(tmp_path):
    assert visible_gpus({"PATH": str(tmp_path)}) == ()


def test_the_condition_says_what_the_number_of_lanes_rests_on(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(lanes_module, "physical_cores", lambda: (0, 1, 2, 3))

    unknown = lane_condition()
    save_lane_limit(2)
    fewer = lane_condition()
    save_lane_limit(4)
    every = lane_condition()

    assert [each.level for each in (unknown, fewer, every)] == ["unknown", "note", "ok"]
    assert fewer.state.startswith("2 of 4, ")
    assert every.state.startswith("4, ")
