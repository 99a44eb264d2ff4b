"""`rnnbench cases`."""

import pytest

from rnnbench.model.errors import CampaignError
from rnnbench.runner import scheduler

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

    monkeypatch.setattr(scheduler, "survey", survey)


def test_cases_lists_each_case_with_what_would_be_skipped(run, sweep, asked):
    code, out, _ = run("cases", sweep)

    assert code == 0
    for line in (
        "some: Why?",
        "2 workloads, 6 cases; measured side by side: layer, cudnn, onednn",
        "note: cudnn does not apply to 2 combinations: set to true",
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
    monkeypatch.setattr(scheduler, "survey", None)

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

    monkeypatch.setattr(scheduler, "survey", survey)

    assert run("cases", sweep) == (2, "", "worker: can't be started: no torch\n")


def test_a_layer_of_one_s_own_that_fails_is_shown_with_its_reason(
    run, sweep, asked, monkeypatch
):
    sweep.write_text(SWEEP.replace("gru]", "my:layer]"), encoding="utf-8")
    monkeypatch.setattr(
        "rnnbench.runner.foreign_layers.find_faults",
        lambda cases, _: {c: "no such file" for c in cases if c.layer == "my:layer"},
    )

    code, out, _ = run("cases", sweep, "--plain")

    assert code == 1
    assert "fails: my:layer: 3 cases: no such file" in out.splitlines()
    assert sum(line.endswith("fails: no such file") for line in out.splitlines()) == 3
