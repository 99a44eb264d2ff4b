"""`rnnbench report`."""

from dataclasses import replace

import pytest

from rnnbench.calibration.check_section import CheckSection
from rnnbench.storage.results_file import load_run, save_run


@pytest.fixture
def results(make_sweep, simulate, tmp_path):
    path = tmp_path / "x.json"
    save_run(path, simulate(make_sweep(layer=["lstm", "gru"]), lambda case: 1e-3))
    return path


@pytest.mark.parametrize(
    ("form", "name"), [("html", "index.html"), ("markdown", "report.md")]
)
def test_a_report_is_written_into_a_folder_that_is_made(
    run, results, tmp_path, form, name
):
    folder = tmp_path / "reports" / "latest"

    code, out, _ = run("report", results, "--output", folder, "--format", form)

    assert (code, out) == (0, f"{folder / name} written\n")
    assert "On this CPU" in (folder / name).read_text("utf-8")


def test_a_self_check_beside_the_results_is_shown(run, results, tmp_path, monkeypatch):
    shown = CheckSection("Is it right here?", ("It is.",), (), ())
    monkeypatch.setattr(
        "rnnbench.calibration.check_section.section_of", lambda *_: shown
    )
    monkeypatch.setattr(
        "rnnbench.calibration.check_file.load_self_check", lambda path: path
    )
    page = tmp_path / "index.html"

    run("report", results, "--output", tmp_path)
    assert "Is it right here?" not in page.read_text("utf-8")

    (tmp_path / "calibration.json").touch()
    run("report", results, "--output", tmp_path)
    assert "Is it right here?" in page.read_text("utf-8")


def test_results_that_can_t_be_read_are_one_line(run, tmp_path):
    missing = tmp_path / "none.json"

    code, out, err = run("report", missing, "--output", tmp_path)

    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert str(missing) in line


def test_a_report_that_can_t_be_written_is_one_line(run, results, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()

    code, _, err = run("report", results, "--output", blocked)

    assert code == 2
    assert err == f"{blocked / 'index.html'}: can't be written: File exists\n"


def test_results_of_several_machines_are_one_page(run, results, tmp_path):
    first = load_run(results)
    other = replace(first.environment, cpu_model="Other CPU")
    second = tmp_path / "y.json"
    save_run(second, replace(first, environment=other))

    code, out, _ = run("report", results, second, "--output", tmp_path)

    page = tmp_path / "index.html"
    assert (code, out) == (
        0,
        f"{page} written: 1 shared ratio of 2 kinds of machines\n",
    )
    assert "Other CPU" in page.read_text("utf-8")


@pytest.mark.parametrize("option", [["--format", "markdown"], ["--self-check", "c"]])
def test_options_for_one_results_file_are_refused_for_several(
    run, results, tmp_path, option
):
    code, out, err = run("report", results, results, "--output", tmp_path, *option)

    assert (code, out) == (2, "")
    assert err == "report: --format markdown and --self-check need one results file\n"


def test_two_files_of_one_machine_are_one_line(run, results, tmp_path):
    code, _, err = run("report", results, results, "--output", tmp_path)

    assert code == 2
    assert "the same kind of machine as" in err
    assert len(err.splitlines()) == 1
