"""The steps of a night: each is an rnnbench command, and none stops the others."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnbench.regression.night_files import night_before
from rnnbench.storage.files import require_writable, write_text

# Characters of one step on the page: a code host takes a megabyte for a summary.
MOST_CHARACTERS = 100_000
_MARKDOWN = ("--format", "markdown")
# Steps whose failure loses the night. A comparison that finds something informs, and a
# sweep with one failed case is still a sweep.
_KEEPING = ("history add", "history changes", "publish")
_NOT_KEPT = 2

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class NightStep:
    """A step that has ended: its name, exit status and standard output."""

    name: str
    status: int
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightOptions:
    """The input, output and interpreters of a night; see `rnnbench night`."""

    sweep: str
    gate: str
    baseline: str
    candidate: str
    store: Path
    output: Path
    previous: Path | None
    publish: Path | None
    budget: float
    url: str = ""

    @property
    def results(self) -> Path:
        """The results file of the night."""
        return self.output / "run.json"

    @property
    def targets(self) -> tuple[Path, ...]:
        """Every file that the night writes; of the history, one that is never kept."""
        names = ("run.json", "run.html", "gate.json", "gate.md", "summary.md")
        served = ("index.html",) if self.publish else ()
        return (
            *(self.output / name for name in names),
            self.store / "name",
            *((self.publish or self.output) / name for name in served),
        )

    @property
    def summary(self) -> Path:
        """The page that says how the night went."""
        return self.output / "summary.md"


@dataclass(frozen=True, slots=True)
class Night:
    """One night. `run` carries out a command; `say` writes a line to the log."""

    options: NightOptions
    say: Say
    run: Callable[[str, tuple[str, ...], Say], NightStep]

    def take_place(self) -> int:
        """Carry out the steps, write the summary, and return the exit status.

        It is the gate's; where that is 0, it is 2 if the night was not kept. Raises
        ResultsError before the first step if a file can't be written.
        """
        for path in self.options.targets:
            require_writable(path)
        self._remove_old_files()
        steps = tuple(self._steps())
        write_text(self.options.summary, summary(self.options, steps))
        ended = {step.name: step.status for step in steps}
        is_kept = self.options.results.exists() and not any(map(ended.get, _KEEPING))
        return ended["gate"] or (0 if is_kept else _NOT_KEPT)

    def _remove_old_files(self) -> None:
        """No failure may pass off an earlier night's file as this night's."""
        options = self.options
        for name in ("gate.json", "gate.md"):
            (options.output / name).unlink(missing_ok=True)
        for path in (options.results, options.results.with_suffix(".html")):
            path.unlink(missing_ok=True)
        options.summary.unlink(missing_ok=True)
        options.output.mkdir(parents=True, exist_ok=True)

    def _steps(self) -> Iterator[NightStep]:
        options = self.options
        results, store = str(options.results), ("--store", str(options.store))
        yield self._command(
            "run",
            *("run", options.sweep, "--output", results, "--quiet"),
            *(("--python", options.candidate) if options.candidate else ()),
        )
        if options.results.exists():
            added = ("history", "add", results, *store, "--keep")
            yield self._command("history add", *added)
            if previous := self._previous():
                files = (str(previous), results)
                yield self._command("compare", "compare", *files, *_MARKDOWN)
        yield self._gate()
        yield self._command("history changes", "history", "changes", *store, *_MARKDOWN)
        if options.publish is not None:
            url = ("--url", options.url) if options.url else ()
            site = (str(options.store.parent), str(options.publish), *url)
            yield self._command("publish", "site", *site)

    def _gate(self) -> NightStep:
        options = self.options
        return self._command(
            "gate",
            *("gate", options.gate, "--budget", f"{options.budget:g}"),
            *(("--baseline", options.baseline) if options.baseline else ()),
            *(("--candidate", options.candidate) if options.candidate else ()),
            *("--output", str(options.output / "gate.json")),
            *("--output", str(options.output / "gate.md")),
        )

    def _previous(self) -> Path | None:
        """The results file that was given, or that of the last night in the history."""
        options = self.options
        if options.previous is not None:
            return options.previous if options.previous.exists() else None
        return night_before(options.results, options.store)

    def _command(self, name: str, *arguments: str) -> NightStep:
        return self.run(name, arguments, self.say)


def run_command(name: str, arguments: tuple[str, ...], say: Say) -> NightStep:
    """Run an rnnbench command in a new process, which inherits standard error."""
    say(f"$ {shlex.join(('rnnbench', *arguments))}")
    command = [sys.executable, "-m", "rnnbench", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    say(f"{done.stdout}[{name}: exit status {done.returncode}]")
    return NightStep(name, done.returncode, done.stdout)


def summary(options: NightOptions, steps: tuple[NightStep, ...]) -> str:
    """A page of Markdown: the gate's answer, each step's status, what two steps say."""
    gate = options.output / "gate.md"
    answer = gate.read_text("utf-8") if gate.exists() else "The gate has no answer."
    rows = "\n".join(f"| {step.name} | {step.status} |" for step in steps)
    parts = ["# Night", answer, f"| step | exit status |\n| --- | --: |\n{rows}"]
    for step in steps:
        if step.name in ("compare", "history changes"):
            # The commands escape what they write. Cut at the end of a line.
            output = step.output[:MOST_CHARACTERS].rpartition("\n")[0]
            parts.append(f"## {step.name}\n\n{output}")
    parts.append(
        "Only the gate decides: files of two nights differ by more than code does."
    )
    return "\n\n".join(parts) + "\n"
