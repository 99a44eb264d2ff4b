"""Nights with workers that need no torch, and steps that only pretend."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rnnbench.cli.main import app
from rnnbench.cli.night_steps import Night, NightOptions, NightStep, run_command
from rnnbench.regression import interleave
from rnnbench.storage.results_file import load_run

FAKE = Path(__file__).parents[1] / "data" / "fake_worker.py"
SWEEP = """# Which layer?
axes:
  layer: [lstm, gru]
  input_size: 8
  hidden_size: 32
  seq_len: 4
  batch_size: 2

policy:
  launches: 6
"""
SLOW = "gru-inference-i8-h32-l1-t4-b2-cpu"


@pytest.fixture
def options(tmp_path):
    def make(**values):
        facts = {
            "sweep": "quick",
            "gate": "quick",
            "baseline": "old",
            "candidate": "new",
            "store": tmp_path / "history",
            "output": tmp_path / "night",
            "previous": None,
            "publish": None,
            "budget": 60.0,
        }
        return NightOptions(**(facts | values))

    return make


def pretend(statuses=None, *, writes=True):
    """Steps that end with `statuses`; the first writes the night's results file."""

    def run(name, arguments, _):
        if name == "run" and writes:
            target = Path(arguments[arguments.index("--output") + 1])
            target.write_text("{}")
            target.with_suffix(".html").write_text("<!doctype html>")
        return NightStep(name, (statuses or {}).get(name, 0), f"{name} said\nmore\n")

    return run


def take_place(options, run):
    return Night(options, lambda _: None, run).take_place()


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ({}, 0),
        ({"gate": 1}, 1),
        ({"gate": 2}, 2),
        ({"gate": 1, "history add": 2}, 1),
        ({"history add": 2}, 2),
        ({"history changes": 2}, 2),
        # A comparison informs, and a sweep with a failed case is still a sweep.
        ({"compare": 1}, 0),
        ({"run": 1}, 0),
    ],
)
def test_the_status_is_the_gate_s_unless_the_night_was_not_kept(
    options, tmp_path, statuses, status
):
    previous = tmp_path / "before.json"
    previous.touch()

    assert take_place(options(previous=previous), pretend(statuses)) == status


def test_a_night_that_was_not_measured_still_gates_and_is_not_kept(options):
    done = []

    def run(name, *arguments):
        done.append(name)
        return pretend(writes=False)(name, *arguments)

    assert take_place(options(), run) == 2
    assert done == ["run", "gate", "history changes"]


def test_files_of_an_earlier_night_are_not_taken_for_this_night_s(options):
    night = options()
    night.output.mkdir()
    for name in ("run.json", "run.html", "gate.json", "gate.md", "summary.md"):
        (night.output / name).write_text("old")

    take_place(night, pretend(writes=False))

    assert [path.name for path in night.output.iterdir()] == ["summary.md"]
    assert "The gate has no answer." in night.summary.read_text()


def test_the_summary_has_the_gate_first_and_each_step_s_status(options, tmp_path):
    night = options(previous=tmp_path / "before.json")
    night.previous.touch()

    def run(name, arguments, say):
        if name == "gate":
            (night.output / "gate.md").write_text("Nothing is worse.")
        return pretend({"compare": 1})(name, arguments, say)

    take_place(night, run)

    text = night.summary.read_text()
    assert text.index("Nothing is worse.") < text.index("| compare | 1 |")
    assert "## history changes\n\nhistory changes said\nmore" in text
    assert "## history add" not in text


def test_a_step_is_a_command_that_can_be_repeated_by_hand():
    said = []

    step = run_command("version", ("--version",), said.append)

    assert step.status == 0
    assert step.output.startswith("rnnbench ")
    assert said[0] == "$ rnnbench --version"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-sweep", "--candidate", sys.executable], "no-such-sweep"),
        (["quick", "--baseline", "ref:no-such-ref"], "fatal: "),
        (["quick", "--candidate", "no-such-python"], "--candidate: no-such-python: no"),
        (
            ["quick", "--candidate", sys.executable, "--baseline", "no-python"],
            "--baseline: no-python: no such interpreter",
        ),
        (["quick", "--candidate", sys.executable, "--gate", "nosweep"], "nosweep"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_measured(run, arguments, message):
    status, out, err = run("night", *arguments)

    assert status == 2
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.fixture
def interpreter(tmp_path):
    """An interpreter whose workers need no torch; one case of them may be slower."""

    def make(name, slow_case=""):
        path = tmp_path / name
        command = shlex.join([sys.executable, str(FAKE)])
        path.write_text(f"#!/bin/sh\nFAKE_SLOW_CASE={slow_case} exec {command}\n")
        path.chmod(0o755)
        return str(path)

    return make


@pytest.fixture
def in_process(monkeypatch):
    """Steps carried out in this process, with short exchanges of a gate."""
    monkeypatch.setattr(interleave, "PAIR_SECONDS", 0.05)

    def run(name, arguments, _):
        done = CliRunner().invoke(app, list(arguments))
        return NightStep(name, done.exit_code, done.stdout)

    return run


def flagged(night):
    document = json.loads((night.output / "gate.json").read_text("utf-8"))
    return [
        judgement["case"]
        for judgement in document["judgements"]
        if judgement["verdict"] == "regression"
    ]


def test_of_three_nights_exactly_the_slower_case_of_the_slower_one_is_flagged(
    options, tmp_path, interpreter, in_process
):
    sweep = tmp_path / "sweep.yaml"
    sweep.write_text(SWEEP, encoding="utf-8")
    usual, slower = interpreter("usual"), interpreter("slower", SLOW)
    statuses, flags, pages = [], [], []

    for number, candidate in enumerate((usual, slower, usual)):
        night = options(
            sweep=str(sweep),
            gate=str(sweep),
            baseline=usual,
            candidate=candidate,
            output=tmp_path / f"night-{number}",
            # Each night is published by a machine that has the history alone.
            publish=tmp_path / f"site-{number}",
        )
        statuses.append(take_place(night, in_process))
        flags.append(flagged(night))
        pages.append({page.name for page in (night.publish / "runs").iterdir()})

    assert statuses == [0, 1, 0]
    assert flags == [[], [SLOW], []]
    assert len(list((tmp_path / "history").rglob("*.parquet"))) == 3
    assert len(load_run(night.results).results) == 2
    assert "## compare" in night.summary.read_text()
    # The address of each earlier night is still there.
    assert pages[0] < pages[1] < pages[2]
    assert [len(of_night) for of_night in pages] == [1, 2, 3]
    assert (night.publish / "feed.xml").exists()
    assert (night.publish / "badge.json").exists()
