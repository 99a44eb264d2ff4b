"""`rnnbench run` with a worker that answers at once: flow, files, exit status."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rnnbench.cli import live_table
from rnnbench.model.condition import Condition, ConditionLevel
from rnnbench.model.errors import CampaignError
from rnnbench.runner import measure as measuring
from rnnbench.runner import worker_process
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.storage.results_file import load_run

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))
PAIR = ("--layer", "lstm,gru", "--hidden-size", "8", "--launches", "6")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder, with workers that need no torch."""
    monkeypatch.setattr(worker_process, "COMMAND", FAKE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_axes_are_measured_and_answered(run, folder):
    code, out, _ = run("run", *PAIR)

    (results,) = (folder / "results").glob("lstm-vs-gru-*.json")
    found = load_run(results)
    assert code == 0
    assert [r.case.layer for r in found.results] == ["lstm", "gru"]
    assert found.command.startswith("rnnbench run --layer lstm,gru")
    assert len(out.splitlines()) <= 25
    assert "GRU / LSTM" in out
    assert ["Data", str(results.relative_to(folder))] in map(
        str.split, out.splitlines()
    )
    assert results.with_suffix(".html").read_text("utf-8").startswith("<!doctype html>")
    assert [path.suffix for path in results.parent.iterdir()].count(".journal") == 0


def test_a_file_that_exists_is_kept_without_force(run, folder):
    (folder / "x.json").write_text("mine")

    refused = run("run", *PAIR, "-o", "x.json")
    kept = (folder / "x.json").read_text("utf-8")
    forced = run("run", *PAIR, "-o", "x.json", "--force")

    assert refused == (2, "", "x.json: exists: choose another --output, or --force\n")
    assert kept == "mine"
    assert forced[0] == 0
    assert load_run(folder / "x.json").results


def test_json_is_the_only_output(run):
    code, out, _ = run("run", *PAIR, "--json", "-o", "x.json")

    document = json.loads(out)
    times = [row for row in document["ratios"] if row["metric"] == "time"]
    assert code == 0
    assert document["cases"] == {"ok": 2}
    assert [(row["candidate"], row["baseline"]) for row in times] == [("gru", "lstm")]
    assert times[0]["low"] <= times[0]["ratio"] <= times[0]["high"]


def test_quiet_prints_the_file_alone(run):
    assert run("run", *PAIR, "--quiet", "-o", "x.json") == (0, "x.json\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--phase", "trian"], "--phase: 'trian' is none of inference, forward, train"),
        (["--hidden-size", "8,x"], "--hidden-size: 'x' is not a whole number"),
        (["knbs"], "knbs: no such file, and no shipped sweep of that name (knobs?)"),
        (["quick", "--layer", "gru"], "quick: a sweep has its own axes: leave out"),
        (["--budget", "-1"], "budget: -1 is not between 0.001 and 100,000,000"),
        (["--profile", "("], "profile: a '(' without its ')'"),
        (["quick", "--cluster", "local:2", "--host", "lab1"], "--host: on a cluster"),
    ],
)
def test_bad_input_is_one_line(run, folder, arguments, message):
    code, out, err = run("run", *arguments)

    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_an_unknown_option_gets_the_nearest_one(run):
    code, _, err = run("run", "--hiden-size", "8")

    assert code == 2
    assert "--hidden-size" in err


def test_a_folder_that_can_t_be_written_is_one_line(run, folder):
    (folder / "file").touch()

    code, out, err = run("run", *PAIR, "-o", "file/x.json")

    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "file/x.json" in err


def test_without_torch_it_is_one_line(run, monkeypatch):
    monkeypatch.setattr(
        worker_process, "COMMAND", (sys.executable, "-c", "import no_such_torch")
    )

    code, out, err = run("run", *PAIR)

    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "No module named 'no_such_torch'" in err


def test_a_case_that_fails_is_1(run):
    code, out, _ = run("run", "--layer", "lstm,fake:rounds_exit", "--launches", "2")

    assert code == 1
    assert "1 error" in out


def test_where_every_case_is_skipped_it_is_one_line_and_2(run, folder):
    skipped = run("run", *PAIR, "--device", "cuda")

    assert skipped == (2, "", "nothing can be measured here: no CUDA device\n")
    assert not list(folder.rglob("*.*"))


def test_an_interrupt_saves_what_was_measured(run, folder, monkeypatch):
    measure = measuring.measure

    def interrupted(*arguments):
        raise measuring.MeasureInterrupt(measure(*arguments))

    monkeypatch.setattr(measuring, "measure", interrupted)

    code, _, _ = run("run", *PAIR, "-o", "x.json")

    assert code == 130
    assert load_run(folder / "x.json").results
    assert (folder / "x.json.journal").exists()


def test_a_shipped_sweep_is_found_by_name(run, monkeypatch):
    asked = []

    def refuse(workloads, sweep, *_):
        asked.append(sweep.name)
        raise CampaignError("enough")

    monkeypatch.setattr(measuring, "measure", refuse)

    assert run("run")[0] == run("run", "knobs")[0] == 2
    assert asked == ["quick", "knobs"]


class Terminal:
    """A stream that claims to be a terminal, and remembers what was drawn."""

    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        """Do nothing."""


def test_the_live_table_is_drawn_between_launches_alone(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), lambda case: 1e-3)
    stream = Terminal()

    with live_table.display(stream, is_shown=True) as shown:
        before = stream.text
        progress = measuring.Progress(at="x", done=1, total=2, elapsed=1.0, left=1.0)
        shown.on_progress(progress)
        assert stream.text == before
        shown.on_launch(run)

    assert "GRU / LSTM" in stream.text
    assert "rnnbench 1/2" in stream.text


# Runs the command in a process of its own, with workers that need no torch.
COMMAND = """
import sys
import time
from rnnbench.runner import worker_process
from rnnbench.runner.launch_context import LaunchContext
worker_process.COMMAND = tuple(sys.argv.pop(1).split("|"))
from rnnbench.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("layer", ["fake:hang", "fake:rounds_hang"])
def test_ctrl_c_once_or_twice_gives_no_traceback(folder, count, layer):
    hanging = ["--layer", f"lstm,{layer}", "-o", "x.json"]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "|".join(FAKE), "run", *hanging],
        stderr=subprocess.PIPE,
        text=True,
    )
    # The check of the layer comes before the journal.
    journal = folder / "x.json.journal"
    deadline = time.monotonic() + (60 if layer == "fake:rounds_hang" else 8)
    while not journal.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)

    for _ in range(count):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_conditions_are_recorded_and_a_warning_is_mentioned(run, folder, monkeypatch):
    off = Condition(name="load", level=ConditionLevel.WARNING, state="9")
    monkeypatch.setattr(measuring, "read_conditions", lambda _: (off,))

    _, out, _ = run("run", *PAIR, "-o", "x.json")

    assert load_run(folder / "x.json").conditions == (off,)
    assert [line.split() for line in out.splitlines()].count(
        ["Machine", "load:", "see", "rnnbench", "doctor"]
    ) == 1


def test_a_layer_that_can_t_be_built_is_one_line_before_anything_is_measured(
    run, folder
):
    code, out, err = run("run", "--layer", "lstm,fake:exit")

    assert (code, out) == (2, "")
    assert "fake:exit: the worker left with exit code 7" in err
    assert list(folder.iterdir()) == []


def test_a_named_machine_is_in_every_launch(run, folder):
    code, _, _ = run("run", *PAIR, "--host", "lab1", "--output", "x.json", "--quiet")

    hosts = {t.host for r in load_run(folder / "x.json").results for t in r.turns}
    assert (code, hosts) == (0, {"lab1"})


def test_the_commit_of_the_project_is_recorded(run, folder):
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder))
    for command in (("init",), ("commit", "--allow-empty", "--message", "First")):
        subprocess.run([*git, *command], check=True, capture_output=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True)

    run("run", *PAIR, "--output", "x.json", "--quiet")

    assert load_run(folder / "x.json").commit == head.stdout.decode().strip()


def test_outside_a_repository_no_commit_is_recorded(run, folder, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))

    run("run", *PAIR, "--output", "x.json", "--quiet")

    assert load_run(folder / "x.json").commit is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume"], "--resume: needs the --output of the run to continue"),
        (["--resume", "--force", "-o", "x.json"], "--resume, --force: one continues"),
        (["--cluster", "local:1", "--lanes", "1"], "--lanes: on a cluster each node"),
    ],
)
def test_options_that_undo_each_other_are_one_line(run, folder, options, message):
    code, out, err = run("run", *PAIR, *options)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(message)
    assert list(folder.iterdir()) == []


def test_a_run_that_was_begun_can_be_gone_on_with(run, folder):
    (folder / "x.json").touch()
    (folder / "x.json.journal").touch()

    _, _, err = run("run", *PAIR, "-o", "x.json")

    assert err == (
        "x.json: exists: --resume to go on with it, choose another --output, or "
        "--force\n"
    )


def test_a_folder_is_no_sweep(run, folder):
    (folder / "sweeps").mkdir()

    assert run("run", "sweeps") == (2, "", "sweeps: is a folder, not a sweep file\n")


def test_where_no_time_was_left_the_journal_is_kept(run, folder, monkeypatch):
    monkeypatch.setattr(LaunchContext, "left", property(lambda _: 0.0))

    code, _, err = run("run", *PAIR, "-o", "x.json", "--budget", "5", "--quiet")

    assert code == 2
    assert err.startswith("nothing was measured: not started: the budget of 5 s was")
    assert (folder / "x.json.journal").exists()
