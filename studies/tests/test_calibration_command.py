"""The command from its options to its files, with a worker that is none of torch's."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from studies.calibration.__main__ import app
from studies.calibration.code_digest import digests
from studies.calibration.machine_files import header_of
from studies.calibration.samples import Part
from studies.calibration.samples_file import load_calibration


@pytest.fixture
def measure(tmp_path, monkeypatch, fake_worker):
    monkeypatch.setattr("rnnbench.runner.worker_process.COMMAND", fake_worker)

    def run(*options):
        return CliRunner().invoke(app, ["measure", *options, "--output", str(tmp_path)])

    return run


def test_it_says_what_it_does_measures_it_and_writes_file_and_page(measure, tmp_path):
    done = measure(
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
    assert "floor/idle/steady: 2 launches of 1 cells" in done.output
    (kept_in,) = tmp_path.glob("fake-*.json.xz")
    kept = load_calibration(kept_in)
    assert [one.part for one in kept.samples] == [Part.FLOOR] * 2
    assert kept.measuring == digests()
    page = next(tmp_path.glob("fake-*.md")).read_text(encoding="utf-8")
    assert page.startswith("# Calibration study")


@pytest.mark.slow_study
def test_the_next_call_goes_on_and_a_fresh_one_begins_anew(measure, tmp_path):
    options = ("--part", "floor", "--launches", "2", "--condition", "idle")
    measure(*options)

    again = measure(*options)
    fresh = measure(*options, "--fresh")

    assert "100% measured before" in again.output
    assert "100% measured before" not in fresh.output
    assert len(list(tmp_path.glob("fake-*.journal*"))) == 2


def test_a_fresh_clone_goes_on_with_the_published_file(measure, tmp_path):
    options = ("--part", "floor", "--condition", "idle", "--allocator", "steady")
    measure(*options, "--launches", "2")
    (journal,) = tmp_path.glob("fake-*.journal")
    (target,) = tmp_path.glob("fake-*.json.xz")
    journal.unlink()
    before = load_calibration(target).samples

    again = measure(*options, "--launches", "3")
    last = measure(*options, "--launches", "3")

    assert again.exit_code == 0, again.output
    assert "100% measured before" in last.output
    after = load_calibration(target).samples
    assert len(after) == 3
    assert all(one in after for one in before)


def test_what_another_code_measured_is_not_gone_on_with(measure, tmp_path, monkeypatch):
    options = ("--part", "floor", "--condition", "idle", "--allocator", "steady")
    measure(*options, "--launches", "2")
    (journal,) = tmp_path.glob("fake-*.journal")
    (target,) = tmp_path.glob("fake-*.json.xz")
    journal.unlink()
    another = {**digests(), Part.FLOOR: "another"}
    monkeypatch.setattr("studies.calibration.machine_files.digests", lambda: another)

    measure(*options, "--launches", "1")

    assert len(load_calibration(target).samples) == 1
    assert load_calibration(target).measuring == another


def test_a_published_file_that_cannot_be_read_is_not_written_over(measure, tmp_path):
    options = ("--part", "floor", "--launches", "1", "--condition", "idle")
    measure(*options)
    (target,) = tmp_path.glob("fake-*.json.xz")
    target.write_text("{", encoding="utf-8")

    again = measure(*options)

    assert again.exit_code != 0
    assert target.read_text(encoding="utf-8") == "{"
    assert "--fresh" in str(again.exception)
    assert measure(*options, "--fresh").exit_code == 0


def test_an_interrupt_is_a_line_and_takes_nothing_back(measure, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "studies.calibration.calibrator.Calibrator.carry_out", interrupt
    )

    done = measure("--part", "floor")

    assert done.exit_code == 130
    assert "the same call resumes" in done.output
    assert "Traceback" not in done.output


def test_each_part_can_be_asked_of_the_systems_allocator(measure, monkeypatch):
    monkeypatch.setattr(
        "studies.calibration.calibrator.Calibrator.carry_out", lambda *_: None
    )

    done = measure("--allocator", "system", "--condition", "idle")

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
