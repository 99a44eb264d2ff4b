"""`rnnbench report`."""

import pytest

from rnnbench.calibration.check_section import CheckSection
from rnnbench.storage.results_file import save_run


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
