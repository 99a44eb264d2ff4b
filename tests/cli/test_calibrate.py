import signal
import sys
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rnnbench.calibration import measure_check
from rnnbench.calibration.check_file import load_self_check
from rnnbench.cli.main import app
from rnnbench.runner.progress import ProgressLine

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))


REAL = measure_check.measure_self_check


@pytest.fixture
def calibrate(tmp_path, monkeypatch):
    """The command with a worker without torch, and a clock that counts its readings."""
    monkeypatch.setattr("rnnbench.runner.worker_process.COMMAND", FAKE)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def measure(options, on_progress):
        ticks = count()
        return REAL(options, on_progress, lambda: float(next(ticks)))

    monkeypatch.setattr(measure_check, "measure_self_check", measure)
    output = tmp_path / "calibration.json"

    def run(*options):
        done = CliRunner().invoke(app, ["calibrate", *options, "--output", str(output)])
        return done, output

    return run


def test_it_measures_answers_and_writes_the_file(calibrate):
    done, output = calibrate("--minutes", "5")

    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) <= 15
    assert "equal layers called different: 0 of " in done.stdout
    assert done.stdout.endswith(f"{output} written\n")
    assert load_self_check(output).launches >= 6


def test_an_interrupt_reports_what_was_measured(calibrate, monkeypatch):

    def show(_, progress):
        if progress.done >= 40:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressLine, "show", show)

    done, output = calibrate("--minutes", "5")

    assert done.exit_code == 130
    assert "equal layers called different: 0 of " in done.stdout
    assert output.exists()


def test_too_few_launches_end_with_two(calibrate):
    done, output = calibrate("--minutes", "0.1")

    assert done.exit_code == 2
    assert done.stdout.startswith("Too few launches were measured for an answer.")
    assert output.exists()


def test_a_worker_that_cannot_start_is_one_line_and_no_file(calibrate, monkeypatch):
    monkeypatch.setattr("rnnbench.runner.worker_process.COMMAND", ("no-such-program",))

    done, output = calibrate()

    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert not output.exists()
