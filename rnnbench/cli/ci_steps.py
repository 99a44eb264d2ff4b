"""The steps of `rnnbench ci`: rnnbench's own commands, git, and GitHub's gh."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnbench.cli.night_steps import NightStep
from rnnbench.model.codec import typed
from rnnbench.model.errors import RnnbenchError
from rnnbench.regression.gate_comment import ARTIFACT, MARKER, comment_text
from rnnbench.regression.history_branch import HistoryBranch
from rnnbench.storage.files import read_json, reason_of, write_text

Say = Callable[[str], None]
_WORSE, _NOT_DONE = 1, 2
_STORE = Path("results/history")
_LABEL, _TITLE = "rnnbench", "rnnbench: the candidate is worse"
# An issue holds 65,536 characters.
_MOST_CHARACTERS = 60_000
_MOST_BYTES = 10**7


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """Where a job runs, from the variables that GitHub sets."""

    event: str
    repository: str
    server: str
    run: str
    token: str
    base_ref: str
    summary: str
    details: Mapping[str, Any]

    @property
    def address(self) -> str:
        """The address of the repository."""
        return f"{self.server}/{self.repository}"

    def gh(self, *arguments: str, may_fail: bool = False) -> str:
        """The output of GitHub's command line; RnnbenchError if it fails.

        It alone gets the token: what is measured never sees it.
        """
        try:
            done = subprocess.run(
                ["gh", *arguments],  # noqa: S607 - its place differs by runner
                env={**os.environ, "GH_TOKEN": self.token},
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise RnnbenchError(f"gh can't be run: {error.strerror}") from error
        if done.returncode and not may_fail:
            said = done.stderr.strip().splitlines()
            raise RnnbenchError(f"gh {arguments[0]}: {said[-1] if said else 'failed'}")
        return done.stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """The options of `rnnbench ci`."""

    sweep: str
    gate: str
    baseline: str
    budget: float
    output: Path
    publish: Path | None


def read_job(variables: Mapping[str, str]) -> JobContext:
    """The job of these variables; RnnbenchError where it is no job of GitHub's."""
    needed = ("GITHUB_EVENT_NAME", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL")
    if missing := [name for name in needed if not variables.get(name)]:
        raise RnnbenchError(
            f"{', '.join(missing)}: not set: this is no GitHub job; use rnnbench night"
        )
    return JobContext(
        event=variables["GITHUB_EVENT_NAME"],
        repository=variables["GITHUB_REPOSITORY"],
        server=variables["GITHUB_SERVER_URL"],
        run=variables.get("GITHUB_RUN_ID", ""),
        token=variables.get("GITHUB_TOKEN", ""),
        base_ref=variables.get("GITHUB_BASE_REF", ""),
        summary=variables.get("GITHUB_STEP_SUMMARY", ""),
        details=_details(variables.get("GITHUB_EVENT_PATH", "")),
    )


def _details(path: str) -> Mapping[str, Any]:
    if not path:
        return {}
    try:
        return dict(typed(dict, read_json(Path(path), _MOST_BYTES)))
    except (OSError, ValueError, RecursionError) as error:
        raise RnnbenchError(f"{path}: can't be read: {reason_of(error)}") from error


@dataclass(frozen=True, slots=True)
class Job:
    """A job that measures. `command` runs an rnnbench command; `say` writes a line."""

    context: JobContext
    options: JobOptions
    say: Say
    command: Callable[[str, tuple[str, ...], Say], NightStep]

    def run(self) -> int:
        """Gate a pull request or carry out a night; the exit status."""
        is_request = self.context.event == "pull_request"
        return self._gate() if is_request else self._night()

    def _gate(self) -> int:
        options = self.options
        options.output.mkdir(parents=True, exist_ok=True)
        baseline = options.baseline or f"ref:origin/{self.context.base_ref}"
        files = [str(options.output / name) for name in ("gate.json", "gate.md")]
        step = self._do(
            *("gate", options.gate, "--baseline", baseline),
            *("--budget", f"{options.budget:g}"),
            *("--output", files[0], "--output", files[1]),
        )
        self._summarize(options.output / "gate.md")
        return step.status

    def _night(self) -> int:
        options = self.options
        branch = HistoryBranch(self.context.address, token=self.context.token)
        self.say(f"history: {branch.fetch(_STORE)} files fetched")
        publish = ("--publish", str(options.publish)) if options.publish else ()
        step = self._do(
            *("night", options.sweep, "--gate", options.gate),
            *("--baseline", options.baseline, "--budget", f"{options.budget:g}"),
            *("--store", str(_STORE), "--output", str(options.output), *publish),
        )
        self._summarize(options.output / "summary.md")
        message = f"Run {self.context.run}"
        self.say(f"history: {branch.push(_STORE, message)} files pushed")
        if step.status == _WORSE:
            self._open_issue()
        return step.status

    def _do(self, *arguments: str) -> NightStep:
        return self.command(arguments[0], arguments, self.say)

    def _summarize(self, page: Path) -> None:
        if self.context.summary and page.exists():
            with Path(self.context.summary).open("a", encoding="utf-8") as file:
                file.write(page.read_text("utf-8"))

    def _open_issue(self) -> None:
        """One issue for as long as it is open: each further night is a comment."""
        page = self.options.output / "gate.md"
        text = page.read_text("utf-8")[:_MOST_CHARACTERS]
        where = f"{self.context.address}/actions/runs/{self.context.run}"
        body = self.options.output / "issue.md"
        write_text(body, f"{text}\n\n{where}\n")
        here, file = ("--repo", self.context.repository), ("--body-file", str(body))
        # It fails if the label is there already.
        self.context.gh("label", "create", _LABEL, *here, may_fail=True)
        query = ("--json", "number", "--jq", ".[0].number // empty")
        opened = self.context.gh("issue", "list", *here, "--label", _LABEL, *query)
        if opened:
            self.context.gh("issue", "comment", opened, *here, *file)
        else:
            self.context.gh(
                "issue", "create", *here, "--title", _TITLE, "--label", _LABEL, *file
            )


def comment(job: JobContext, output: Path) -> str:
    """Write the verdicts of another run on its pull request; says where.

    The pull request is found by facts of the event, never by what the run left: a fork
    could write any number there.
    """
    number, run = _pull_request(job)
    if not number:
        return "no open pull request belongs to this run"
    output.mkdir(parents=True, exist_ok=True)
    here = ("--repo", job.repository)
    job.gh("run", "download", run, *here, "--name", ARTIFACT, "--dir", str(output))
    body = output / "comment.json"
    address = f"{job.address}/actions/runs/{run}"
    text = comment_text(output / "gate.json", address)
    write_text(body, json.dumps({"body": text}))
    comments = f"repos/{job.repository}/issues/{number}/comments"
    # Only the job's own comment: anybody can begin one with the marker.
    ours = f'.user.type == "Bot" and (.body | startswith("{MARKER}"))'
    query = f"map(select({ours}))[0].id // empty"
    known = job.gh("api", comments, "--paginate", "--jq", query).partition("\n")[0]
    target = f"repos/{job.repository}/issues/comments/{known}" if known else comments
    method = "PATCH" if known else "POST"
    job.gh("api", "--method", method, target, "--input", str(body))
    return f"{job.address}/pull/{number}: {'updated' if known else 'commented'}"


def _pull_request(job: JobContext) -> tuple[str, str]:
    """The number of the open pull request of a finished run, and the run's id."""
    try:
        run = job.details["workflow_run"]
        head = f"{run['head_repository']['owner']['login']}:{run['head_branch']}"
        commit, identity = str(run["head_sha"]), str(int(run["id"]))
    except (KeyError, TypeError, ValueError) as error:
        raise RnnbenchError("the event names no finished run") from error
    found = job.gh(
        *("api", "--method", "GET", f"repos/{job.repository}/pulls"),
        *("--raw-field", f"head={head}", "--raw-field", "state=open"),
        *("--jq", f'map(select(.head.sha == "{commit}"))[0].number // empty'),
    )
    return found, identity
