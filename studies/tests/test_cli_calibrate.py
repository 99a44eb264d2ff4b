"""The command from its options to its files, with a worker that is none of torch's."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rnnbench.cli.main import app
from studies.calibration.calibration import Part
from studies.calibration.calibration_file import load_calibration
from studies.calibration.calibration_place import header_of
from studies.calibration.measuring import digests

FAKE = (
    sys.executable,
    str(Path(__file__).parents[2] / "tests" / "data" / "fake_worker.py"),
)


@pytest.fixture
def calibrate(tmp_path, monkeypatch):
    monkeypatch.setattr("rnnbench.runner.worker_process.COMMAND", FAKE)
    folders = ["--output", f"{tmp_path}/results", "--report", f"{tmp_path}/reports"]

    def run(*options):
        return CliRunner().invoke(app, ["calibrate", *options, *folders])

    return run


def test_it_says_what_it_does_measures_it_and_writes_file_and_page(calibrate, tmp_path):
    done = calibrate(
        "--part",
        "floor",
        "--launches",
        "2",
        "--condition",
        "idle",
        "--allocator",
        "steady",
    )

    assert done.exit_code == 0, done.output
    assert "floor/idle/steady: 2 launches of 1 cells, about" in done.output
    (kept_in,) = (tmp_path / "results").glob("fake-*.json")
    kept = load_calibration(kept_in)
    assert [one.part for one in kept.samples] == [Part.FLOOR] * 2
    assert kept.measuring == digests()
    page = tmp_path / "reports" / kept_in.stem / "index.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_next_call_goes_on_and_a_fresh_one_begins_anew(calibrate, tmp_path):
    options = ("--part", "floor", "--launches", "2", "--condition", "idle")
    calibrate(*options)

    again = calibrate(*options)
    fresh = calibrate(*options, "--fresh")

    assert "done before" in again.output
    assert "done before" not in fresh.output
    assert len(list((tmp_path / "results").glob("fake-*.journal*"))) == 2


def test_a_fresh_clone_goes_on_with_the_published_file(calibrate, tmp_path):
    options = ("--part", "floor", "--condition", "idle", "--allocator", "steady")
    calibrate(*options, "--launches", "2")
    (journal,) = (tmp_path / "results").glob("fake-*.journal")
    (target,) = (tmp_path / "results").glob("fake-*.json")
    journal.unlink()
    before = load_calibration(target).samples

    again = calibrate(*options, "--launches", "3")
    last = calibrate(*options, "--launches", "3")

    assert again.exit_code == 0, again.output
    assert "done before" in last.output
    after = load_calibration(target).samples
    assert len(after) == 3
    assert all(one in after for one in before)


def test_what_another_code_measured_is_not_gone_on_with(
    calibrate, tmp_path, monkeypatch
):
    options = ("--part", "floor", "--condition", "idle", "--allocator", "steady")
    calibrate(*options, "--launches", "2")
    (journal,) = (tmp_path / "results").glob("fake-*.journal")
    (target,) = (tmp_path / "results").glob("fake-*.json")
    journal.unlink()
    another = {**digests(), Part.FLOOR: "another"}
    monkeypatch.setattr(
        "studies.calibration.calibration_place.digests", lambda: another
    )

    calibrate(*options, "--launches", "1")

    assert len(load_calibration(target).samples) == 1
    assert load_calibration(target).measuring == another


def test_a_published_file_that_cannot_be_read_is_not_written_over(calibrate, tmp_path):
    options = ("--part", "floor", "--launches", "1", "--condition", "idle")
    calibrate(*options)
    (target,) = (tmp_path / "results").glob("fake-*.json")
    target.write_text("{", encoding="utf-8")

    again = calibrate(*options)

    assert again.exit_code != 0
    assert target.read_text(encoding="utf-8") == "{"
    assert "--fresh" in str(again.exception)
    assert calibrate(*options, "--fresh").exit_code == 0


def test_an_interrupt_is_a_line_and_takes_nothing_back(calibrate, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("studies.calibration.calibrate.Calibrator.carry_out", interrupt)

    done = calibrate("--part", "floor")

    assert done.exit_code == 130
    assert "the same call goes on" in done.output
    assert "Traceback" not in done.output


def test_a_short_one_says_what_it_leaves_out(calibrate, monkeypatch):
    monkeypatch.setattr(
        "studies.calibration.calibrate.Calibrator.carry_out", lambda *_: None
    )

    done = calibrate("--short")

    assert done.exit_code == 0, done.output
    assert "left out by --short: nothing under bursts" in done.output


def test_each_part_can_be_asked_of_the_systems_allocator(calibrate, monkeypatch):
    monkeypatch.setattr(
        "studies.calibration.calibrate.Calibrator.carry_out", lambda *_: None
    )

    done = calibrate("--allocator", "system", "--condition", "idle")

    assert done.exit_code == 0, done.output
    for part in Part:
        assert f"{part}/idle/system: " in done.output


def test_processors_of_one_name_and_two_kinds_have_two_journals(make_run):
    environment = make_run().environment

    headers = {
        header_of(
            replace(environment, cpu_capability=kind, cpu_signature=design)
        ).machine
        for kind in ("AVX2", "AVX512")
        for design in ("family 25 model 17", "family 26 model 2")
    }

    assert len(headers) == 4
