"""Jobs of GitHub's: a bare repository for its server, a program for its gh."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rnnbench.cli import night_steps
from rnnbench.cli.ci_steps import Job, JobOptions, comment, read_job
from rnnbench.cli.night_steps import NightStep
from rnnbench.model.errors import RnnbenchError
from rnnbench.regression.gate_comment import MARKER, comment_text
from rnnbench.regression.gate_decision import GateVerdict
from rnnbench.regression.history import add
from rnnbench.regression.history_branch import HistoryBranch

# Writes down its arguments, and answers with the first line of $GH_ANSWERS that begins
# with a part of them; "download" brings the file $GH_ARTIFACT.
GH = """
import json, os, pathlib, shutil, sys
words = sys.argv[1:]
with open(os.environ["GH_LOG"], "a") as log:
    log.write(json.dumps(words) + "\\n")
if "download" in words:
    folder = pathlib.Path(words[words.index("--dir") + 1])
    shutil.copy(os.environ["GH_ARTIFACT"], folder / "gate.json")
for line in os.environ.get("GH_ANSWERS", "").splitlines():
    part, _, answer = line.partition("=")
    if part in " ".join(words):
        print(answer)
        break
"""
INTERVAL = {"estimate": 1.05, "low": 1.04, "high": 1.06, "count": 7}


@pytest.fixture
def gh(tmp_path, monkeypatch):
    """Calls of gh so far, by a function that also sets its answers."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "gh.py").write_text(GH, encoding="utf-8")
    program = folder / "gh"
    command = shlex.join([sys.executable, str(folder / "gh.py")])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GH_LOG", str(tmp_path / "gh.log"))
    monkeypatch.setenv("GH_ARTIFACT", str(tmp_path / "artifact.json"))

    def calls(answers=None):
        if answers is not None:
            monkeypatch.setenv("GH_ANSWERS", answers)
            return None
        log = tmp_path / "gh.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [json.loads(line) for line in lines]

    return calls


@pytest.fixture
def context(tmp_path, monkeypatch):
    """A job's context; the server is a folder with a bare repository."""
    monkeypatch.chdir(tmp_path)
    remote = tmp_path / "server" / "owner" / "project"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)

    def make(event="schedule", details=None, **variables):
        path = tmp_path / "event.json"
        path.write_text(json.dumps(details or {}), encoding="utf-8")
        return read_job(
            {
                "GITHUB_EVENT_NAME": event,
                "GITHUB_REPOSITORY": "owner/project",
                "GITHUB_SERVER_URL": str(tmp_path / "server"),
                "GITHUB_RUN_ID": "12",
                "GITHUB_EVENT_PATH": str(path),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
                **variables,
            }
        )

    return make


@pytest.fixture
def options(tmp_path):
    return JobOptions(
        sweep="quick",
        gate="quick",
        baseline="2.12",
        budget=60.0,
        output=tmp_path / "night",
        publish=tmp_path / "site",
    )


def pretend(options, status, done, kept=None):
    """A command that only writes what a night would leave."""

    def command(name, arguments, _):
        done.append(arguments)
        options.output.mkdir(exist_ok=True)
        (options.output / "gate.md").write_text("**The candidate is worse.**")
        (options.output / "summary.md").write_text("# Night")
        if kept:
            kept()
        return NightStep(name, status)

    return command


def test_a_night_keeps_its_history_in_the_branch(
    context, options, gh, tmp_path, measured
):
    def kept():
        add(measured, Path("results/history"))

    done = []
    job = Job(context(), options, print, pretend(options, 0, done, kept))

    assert job.run() == 0

    (arguments,) = done
    assert arguments[:2] == ("night", "quick")
    assert arguments[arguments.index("--baseline") + 1] == "2.12"
    assert HistoryBranch(context().address).fetch(tmp_path / "read") == 1
    assert Path("summary.md").read_text() == "# Night"
    assert gh() == []


@pytest.mark.parametrize(("opened", "verb"), [("", "create"), ("7", "comment")])
def test_a_worse_night_is_one_issue_for_as_long_as_it_is_open(
    context, options, gh, opened, verb
):
    gh(f"issue list={opened}")
    job = Job(context(), options, print, pretend(options, 1, []))

    assert job.run() == 1

    last = gh()[-1]
    assert last[:2] == ["issue", verb]
    body = Path(last[last.index("--body-file") + 1]).read_text()
    assert "The candidate is worse." in body
    assert "/owner/project/actions/runs/12" in body


def test_a_pull_request_is_gated_against_its_branch_and_writes_nothing(
    context, options, gh
):
    done = []
    asked = JobOptions(**{**vars_of(options), "baseline": ""})
    request = context("pull_request", GITHUB_BASE_REF="main")

    assert Job(request, asked, print, pretend(options, 1, done)).run() == 1

    (arguments,) = done
    assert arguments[:4] == ("gate", "quick", "--baseline", "ref:origin/main")
    assert gh() == []
    assert HistoryBranch(request.address).fetch(Path("read")) == 0


@pytest.fixture
def measured(make_run, make_result):
    return make_run([make_result()])


def vars_of(options):
    return {name: getattr(options, name) for name in options.__slots__}


FINISHED = {
    "workflow_run": {
        "id": 34,
        "head_sha": "abc",
        "head_branch": "faster",
        "head_repository": {"owner": {"login": "someone"}},
    }
}


def write_gate(path, *judgements, **others):
    document = {"sweep": "quick", "judgements": list(judgements), **others}
    path.write_text(json.dumps(document), encoding="utf-8")


def judgement(**values):
    known = {"case": "gru-1", "baseline_case": "gru-1", "verdict": "regression"}
    known |= {"reason": "", "first": INTERVAL, "confirmed": INTERVAL}
    return known | values


@pytest.mark.parametrize(
    ("known", "call"),
    [
        ("", ["POST", "repos/owner/project/issues/5/comments"]),
        ("99", ["PATCH", "repos/owner/project/issues/comments/99"]),
    ],
)
def test_the_verdicts_become_one_comment_on_the_pull_request(
    context, gh, tmp_path, known, call
):
    gh(f"/pulls=5\n--paginate={known}")
    write_gate(tmp_path / "artifact.json", judgement())

    said = comment(context("workflow_run", FINISHED), tmp_path / "out")

    asked, downloaded, _, wrote = gh()
    assert "head=someone:faster" in asked
    assert downloaded[:3] == ["run", "download", "34"]
    assert wrote[:4] == ["api", "--method", *call]
    body = json.loads(Path(wrote[-1]).read_text())["body"]
    assert body.startswith(MARKER)
    assert "The candidate is worse. 1 regression." in body.replace("\\", "")
    assert said.endswith("updated" if known else "commented")


def test_a_run_of_no_pull_request_is_not_commented(context, gh, tmp_path):
    said = comment(context("workflow_run", FINISHED), tmp_path / "out")

    assert "no open pull request" in said
    assert len(gh()) == 1


HOSTILE = "</details><script>x</script> [l](http://x) @everyone `|` \x1b[31m"


@pytest.mark.parametrize("place", ["case", "reason", "baseline_case", "sweep"])
def test_text_of_a_fork_does_nothing_in_the_comment(tmp_path, place):
    path = tmp_path / "gate.json"
    one = judgement(**({place: HOSTILE} if place != "sweep" else {}))
    write_gate(path, one, **({"sweep": HOSTILE} if place == "sweep" else {}))

    body = comment_text(path, "address").removeprefix(MARKER)

    assert not {"<", "@", "\x1b"} & set(body)
    assert "://" not in body


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"sweep": 1}', "x" * 100, '{"sweep": "a", "judgements": [{}]}'],
)
def test_a_file_that_holds_no_verdicts_is_one_line(tmp_path, content):
    path = tmp_path / "gate.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(RnnbenchError, match="no verdicts") as error:
        comment_text(path, "address")

    assert len(str(error.value).splitlines()) == 1


def test_each_verdict_of_the_gate_can_be_commented(tmp_path):
    path = tmp_path / "gate.json"
    for verdict in GateVerdict:
        write_gate(path, judgement(verdict=str(verdict), first=None, confirmed=None))
        text = comment_text(path, "address")
        assert ("worse" in text.splitlines()[3]) is (
            verdict in ("regression", "broken", "unchanged", "improvement", "cleared")
        )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "this is no GitHub job"),
        ({"GITHUB_EVENT_NAME": "schedule"}, "GITHUB_REPOSITORY"),
    ],
)
def test_outside_of_a_job_the_command_says_so(run, monkeypatch, variables, said):
    for name in ("GITHUB_EVENT_NAME", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    status, _, err = run("ci", "quick", "--baseline", "2.12")

    assert status == 2
    assert said in err
    assert len(err.splitlines()) == 1


def test_an_event_without_a_run_is_one_line(context, gh, tmp_path):
    with pytest.raises(RnnbenchError, match="names no finished run"):
        comment(context("workflow_run", {"workflow_run": {}}), tmp_path)
    assert gh() == []


def test_the_token_is_no_variable_of_what_is_measured(
    run, context, gh, monkeypatch, tmp_path
):
    seen = []

    def command(name, *_):
        seen.append({"GITHUB_TOKEN", "GH_TOKEN"} & set(os.environ))
        return NightStep(name, 0)

    monkeypatch.setattr(night_steps, "run_command", command)
    variables = {"EVENT_NAME": "schedule", "REPOSITORY": "owner/project"}
    context()
    variables |= {"SERVER_URL": str(tmp_path / "server"), "TOKEN": "secret"}
    for name, value in variables.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    monkeypatch.setenv("GH_TOKEN", "secret")

    status, _, err = run("ci", "quick", "--baseline", "2.12")

    assert status == 0, err
    assert seen == [set()]
