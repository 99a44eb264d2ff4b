"""`rnnbench report`."""

import pytest

from rnnbench.cli.report import FILE_NAMES, ReportFormat


@pytest.mark.parametrize(
    ("form", "name"), [("html", "index.html"), ("markdown", "report.md")]
)
def test_a_report_is_written_into_a_folder_that_is_made(
    run, tmp_path, monkeypatch, form, name
):
    monkeypatch.setattr(
        "rnnbench.storage.results_file.load_run", lambda path: f"run of {path}"
    )
    monkeypatch.setattr("rnnbench.report.run_page.page", lambda read: f"page of {read}")
    monkeypatch.setattr(
        "rnnbench.report.RENDERERS", {form: lambda page: f"{form} × {page}"}
    )
    folder = tmp_path / "reports" / "latest"

    code, out, _ = run("report", "x.json", "--output", folder, "--format", form)

    assert (code, out) == (0, f"{folder / name} written\n")
    assert (folder / name).read_text("utf-8") == f"{form} × page of run of x.json"


def test_results_that_can_t_be_read_are_one_line(run, tmp_path):
    missing = tmp_path / "none.json"

    code, out, err = run("report", missing, "--output", tmp_path)

    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert str(missing) in line


def test_a_report_that_can_t_be_written_is_one_line(run, tmp_path, monkeypatch):
    monkeypatch.setattr("rnnbench.storage.results_file.load_run", lambda path: None)
    monkeypatch.setattr("rnnbench.report.run_page.page", lambda read: None)
    monkeypatch.setattr("rnnbench.report.RENDERERS", {"html": lambda page: ""})
    blocked = tmp_path / "file"
    blocked.touch()

    code, _, err = run("report", "x.json", "--output", blocked)

    assert code == 2
    assert err == f"{blocked / 'index.html'}: can't be written: File exists\n"


def test_the_formats_are_those_of_the_renderers():
    from rnnbench.report import RENDERERS  # noqa: PLC0415

    assert set(RENDERERS) == set(ReportFormat) == set(FILE_NAMES)
