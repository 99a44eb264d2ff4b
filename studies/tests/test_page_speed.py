"""What the harness itself costs: its file, and what the page of a calibration says."""

import json
from dataclasses import asdict, replace

import pytest

from rnnbench.model.errors import ResultsError
from studies.calibration.page_speed import Beside, speed
from studies.calibration.scaling import Scaling, Stage, load_scaling

STAGE = Stage(
    what="report",
    cases=10_000,
    seconds=42.0,
    busy=14.0,
    peak_bytes=3 * 2**28,
    command="rnnbench report FOLDER/10000.json",
    growth=5.4,
)
SCALING = Scaling(
    command="python studies/scaling/run.py",
    machine="x86_64, 2 cores",
    python="3.11.7",
    lines=(
        STAGE,
        replace(STAGE, what="collection", seconds=6.0),
        replace(STAGE, what="help", cases=0, seconds=0.1, growth=None),
    ),
    wrong=(),
)


def rows(section):
    return {row[0].text: row[2].text for row in section.blocks[0].rows}


@pytest.fixture
def sixty(simulate, make_sweep, make_run):
    cases = make_sweep(layer=["lstm", "gru"], hidden_size=[32, 64])
    run = simulate(cases, lambda case: 1e-3 if case.layer == "lstm" else 8e-4)
    effort = replace(run.effort, wall=290.0, lanes=2.0, inside_turns=435.0)
    return replace(run, effort=effort)


def test_a_file_comes_back_as_it_was(tmp_path):
    path = tmp_path / "scaling.json"
    path.write_text(json.dumps(asdict(SCALING)))

    assert load_scaling(path) == SCALING


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"lines": NaN}', "[" * 100_000])
def test_what_is_no_such_file_is_one_line(tmp_path, text):
    path = tmp_path / "scaling.json"
    path.write_text(text)

    with pytest.raises(ResultsError, match=r"scaling\.json: ") as caught:
        load_scaling(path)

    assert "\n" not in str(caught.value)


def test_nothing_that_was_measured_is_no_section():
    assert speed(Beside()) is None


def test_each_size_is_held_to_its_goal():
    found = rows(speed(Beside(scaling=SCALING)))

    assert found["report of 10,000 cases"].startswith("met: ")
    assert found["collection of 10,000 cases"].startswith("MISSED: ")
    assert found["rnnbench --help"].startswith("met: ")


def test_too_much_memory_misses_the_goal_of_the_report():
    greedy = replace(STAGE, peak_bytes=2**30 + 1)
    found = rows(speed(Beside(scaling=replace(SCALING, lines=(greedy,)))))

    assert found == {"report of 10,000 cases": "MISSED: 42.0 s"}


def test_sixty_ratios_are_held_to_time_width_and_share(sixty):
    found = rows(speed(Beside(sixty)))

    assert found["sixty workloads: wall time"].startswith("met: ")
    assert found["sixty workloads: ratios within ±2 %"] == "met: 2 of 2"
    assert found["sixty workloads: wall time inside turns"] == "MISSED: 75.0 %"
