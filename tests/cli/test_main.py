"""The command: quick to help, one line for what a user can mend, whole listings."""

import subprocess
import sys

import pytest

from rnnbench.cli import main as cli
from rnnbench.model.errors import CampaignError
from rnnbench.runner import scheduler as campaign

SWEEP = """\
# Why?
axes:
  layer: [lstm, gru]
  input_size: 10
  hidden_size: 20
  seq_len: 5
  batch_size: 3
  device: [cpu, cuda]
  cudnn: [true, false]
"""
NO_CUDA = "no CUDA device [here]"


@pytest.fixture
def sweep(tmp_path):
    path = tmp_path / "some.yaml"
    path.write_text(SWEEP, encoding="utf-8")
    return path


@pytest.fixture
def asked(monkeypatch):
    """A worker that can't run what is for CUDA."""

    async def survey(cases):
        return None, tuple(NO_CUDA if case.device == "cuda" else "" for case in cases)

    monkeypatch.setattr(campaign, "survey", survey)


@pytest.fixture
def run(monkeypatch, capsys):
    def run_main(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnnbench", *map(str, arguments)])
        code = cli.main()
        return code, *capsys.readouterr()

    return run_main


@pytest.mark.parametrize(
    ("arguments", "taught"),
    [
        (["--help"], "pytest bench/ --rnn-sweep configs/quick.yaml"),
        (["cases", "--help"], "rnnbench cases configs/quick.yaml"),
        (["report", "--help"], "--output reports/latest --format markdown"),
    ],
)
def test_help_teaches_by_examples(run, arguments, taught):
    code, out, _ = run(*arguments)

    assert code == 0
    assert taught in out


def test_help_loads_nothing_heavy():
    program = (
        "import sys, rnnbench.cli.main;"
        "heavy = {'torch', 'numpy', 'scipy', 'pandas', 'matplotlib', 'pydantic',"
        " 'ruamel.yaml', 'jinja2', 'pytest'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.returncode == 0


def test_cases_lists_each_case_with_what_would_be_skipped(run, sweep, asked):
    code, out, _ = run("cases", sweep)

    assert code == 0
    for line in (
        "some: Why?",
        "2 workloads, 6 cases; measured side by side: layer, cudnn, onednn",
        "note: cudnn means nothing for 2 combinations: set to true",
        f"skipped here: 4 cases: {NO_CUDA}",
    ):
        assert line in out.splitlines()
    rows = [line.split() for line in out.splitlines() if line.startswith("  lstm")]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("lstm-inference-i10-h20-l1-t5-b3-cpu", "2,560", "runs"),
        ("lstm-inference-i10-h20-l1-t5-b3-cuda", "2,560", "skipped:"),
        ("lstm-inference-i10-h20-l1-t5-b3-cuda-no_cudnn", "2,560", "skipped:"),
    ]
    assert "estimate" in out.splitlines()[-1]


def test_on_a_terminal_cases_is_a_table_unless_plain_is_asked(
    run, sweep, asked, monkeypatch
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    _, table, _ = run("cases", sweep)
    _, plain, _ = run("cases", sweep, "--plain")

    assert "┃" in table
    assert f"skipped: {NO_CUDA}" in table
    assert "┃" not in plain


def test_cases_can_do_without_a_worker(run, sweep, monkeypatch):
    monkeypatch.setattr(campaign, "survey", None)

    code, out, _ = run("cases", sweep, "--no-survey")

    assert code == 0
    assert "not asked" in out


def test_where_nothing_would_run_no_time_is_made_up(run, sweep, asked):
    text = SWEEP.replace("[cpu, cuda]", "cuda")
    sweep.write_text(text, encoding="utf-8")

    _, out, _ = run("cases", sweep)

    assert out.splitlines()[-1] == "time: nothing would run here"


def test_every_fault_of_a_sweep_is_a_line_on_standard_error(run, sweep):
    sweep.write_text(SWEEP + "  hiden_size: 3\ncompar: 1\n", encoding="utf-8")

    code, out, err = run("cases", sweep)

    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f"{sweep}:10:3: axes.hiden_size: no such axis (hidden_size?)",
        f"{sweep}:11:1: compar: no such key (compare?)",
    ]


def test_a_worker_that_can_t_start_is_one_line(run, sweep, monkeypatch):
    async def survey(cases):
        raise CampaignError("worker: can't be started: no torch")

    monkeypatch.setattr(campaign, "survey", survey)

    assert run("cases", sweep) == (2, "", "worker: can't be started: no torch\n")


@pytest.mark.parametrize("arguments", [["cass"], ["cases"], ["report", "x.json"], []])
def test_a_command_that_is_none_is_explained(run, arguments):
    code, out, err = run(*arguments)

    assert code == 2
    assert "Usage: rnnbench" in out + err
    assert "Traceback" not in err


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

    assert set(RENDERERS) == set(cli.Format) == set(cli._FILES)
