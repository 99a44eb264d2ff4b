"""`rnnbench calibrate` keeps the number of lanes that it found sound."""

import pytest
from typer.testing import CliRunner

from rnnbench.calibration import measure_check
from rnnbench.cli.main import app
from rnnbench.runner.lane_limit import load_lane_limit


@pytest.fixture
def calibrate(tmp_path, monkeypatch, make_self_check):
    """The command, which finds what was made in place of measuring."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def run(*, is_whole=True, **values):
        check = make_self_check(**values)
        monkeypatch.setattr(
            measure_check, "measure_self_check", lambda *_: (check, is_whole)
        )
        output = str(tmp_path / "calibration.json")
        return CliRunner().invoke(app, ["calibrate", "--output", output])

    return run


def test_runs_follow_the_lanes_that_it_found_sound(calibrate):
    before = load_lane_limit()

    done = calibrate(busy=(1, 2, 1, 3) * 15)

    assert done.exit_code == 0
    assert "With 3 lanes busy, ratios shift by " in done.stdout
    assert "runs on this machine use 3 of " in done.stdout
    assert (before, load_lane_limit()) == (None, 3)


def test_an_interrupted_check_keeps_no_number_of_lanes(calibrate):
    calibrate(is_whole=False, busy=(1, 2) * 30)

    assert load_lane_limit() is None


def test_a_state_folder_that_cannot_be_written_is_said(calibrate, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")

    done = calibrate(busy=(1, 2) * 30)

    assert done.exit_code == 0
    assert "lanes for runs not kept: " in done.stdout
