"""Calibrations made by hand, and the builders of the package's own tests."""

import importlib.util
import random
import sys
from math import log
from pathlib import Path

import pytest

from rnnbench.model.case import Allocator
from studies.calibration.samples import Calibration, Condition, Part, Sample

ROOT = Path(__file__).parents[1]


def load_builders():
    """The builders of `tests/`, which is no package: by their path."""
    path = ROOT / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("rnnbench_test_builders", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_builders = load_builders()
run_builder = _builders.run_builder
sweep_builder = _builders.sweep_builder
simulation = _builders.simulation


def make_calibration(
    *,
    arms=((Condition.IDLE, Allocator.STEADY),),
    cells=20,
    launches=60,
    bias=0.0,
    noise=0.006,
    seed=1,
):
    """Of known truth: normal log-ratios, and every A/A ratio is off by `bias`."""
    draw = random.Random(seed)
    samples = [
        Sample(
            part=part,
            condition=condition,
            allocator=allocator,
            launch=launch,
            cell=f"{'train' if cell % 3 == 2 else 'inference'}-h{cell}",
            values={
                name: (noise / 3 if part is Part.REPEAT else noise) * draw.gauss()
                + log(truth)
                + (bias if part is Part.AA else 0)
                for name, truth in names.items()
            }
            if part is not Part.FLOOR
            else {"empty": 1e-7 * draw.random(), "clock": 4e-8, "resolution": 1e-9},
            calls={"gru": 1e-4 * 1.4**cell, "lstm": 1.1e-4 * 1.4**cell},
            wall=0.5,
            inside=0.45,
        )
        for condition, allocator in arms
        for part, (names, of, count) in _PARTS.items()
        for cell in range(min(of, cells))
        for launch in range(min(count, launches))
    ]
    return Calibration(
        created="2026-11-23T12:00:00+00:00",
        version="0.1.0",
        commit="abcdef0",
        measuring=dict.fromkeys(Part, "0123456789ab"),
        command="python -m studies.calibration measure",
        environment=_builders.ENVIRONMENT,
        samples=tuple(samples),
    )


# The names and the truths of a part's ratios, its cells, and launches of each.
_PARTS = {
    Part.AA: (
        {"gru/gru": 1, "lstm/lstm": 1, "gru/lstm": 0.9, "gru2/lstm2": 0.9},
        20,
        60,
    ),
    Part.INJECTED: (
        {
            f"{layer}+{percent}%": 1 + percent / 100
            for layer in ("gru", "lstm")
            for percent in (1, 2, 3, 5)
        },
        26,
        56,
    ),
    Part.SETTLE: ({"turns": 0.9, "blocks": 0.9}, 6, 10),
    Part.FLOOR: ({}, 1, 10),
    Part.REPEAT: ({"gru/lstm": 0.9}, 8, 10),
}


@pytest.fixture(scope="session", name="make_calibration")
def calibration_builder():
    return make_calibration


@pytest.fixture(scope="session")
def fake_worker():
    """The command of a worker without torch."""
    return (sys.executable, str(ROOT / "tests" / "data" / "fake_worker.py"))
