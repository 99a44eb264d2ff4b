"""One night: measure, remember, gate, find what changed, and say it on one page.

    python bench/nightly/night.py --candidate NEW/bin/python --gate configs/quick.yaml
        --sweep configs/nightly.yaml --store results/history --output results/night

Run by the interpreter of the base, which has rnnbench; the candidate is measured. Each
step is a command that can be run by hand. One that fails costs the night none of the
others. The exit status is the gate's; where that is 0, it is 2 if the night was not
measured, or not remembered.
"""

import argparse
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

RNNBENCH = str(Path(sys.executable).with_name("rnnbench"))
# Of one step's words on the page: a summary on a code host holds a megabyte in all.
LONGEST = 100_000
MARKDOWN = ("--format", "markdown")
# Their failure is a night that was lost. A compare that finds something only informs,
# and a sweep of which one case failed is still a sweep.
KEEPING = ("report", "history add", "history changes")


@dataclass(frozen=True)
class Step:
    """What was run, how it ended, and what it said on its standard output."""

    name: str
    status: int
    said: str


@dataclass(frozen=True)
class Night:
    """The options of the command line."""

    base: str
    candidate: str
    sweep: str
    gate: str
    store: str
    output: Path
    previous: Path | None
    budget: str

    @property
    def run(self) -> Path:
        """Where the results file is written."""
        return self.output / "run.json"

    def steps(self) -> list[Step]:
        """All of a night, in order; what needs the run is left out where it is not."""
        done = [self._measure()]
        if self.run.exists():
            run, folder = str(self.run), str(self.output / "report")
            done.append(step("report", RNNBENCH, "report", run, "--output", folder))
            done.append(self._history("add", run))
            if self.previous is not None and self.previous.exists():
                files = (str(self.previous), run)
                done.append(step("compare", RNNBENCH, "compare", *files, *MARKDOWN))
        done.append(self._gate())
        done.append(self._history("changes", *MARKDOWN))
        return done

    def _measure(self) -> Step:
        self.run.unlink(missing_ok=True)
        return step(
            "measure",
            *(self.candidate, "-m", "pytest", "bench/", "--quiet"),
            *("--rnn-sweep", self.sweep, f"--benchmark-json={self.run}"),
            # Their table is of pooled medians; the report has what is to be read.
            *("--benchmark-columns=median", "--no-header"),
        )

    def _gate(self) -> Step:
        options = ["--base", self.base, "--candidate", self.candidate]
        options += ["--budget", self.budget] if self.budget else []
        for form in ("json", "md"):
            options += ["--output", str(self.output / f"gate.{form}")]
        return step("gate", RNNBENCH, "gate", *options, self.gate)

    def _history(self, *arguments: str) -> Step:
        name = f"history {arguments[0]}"
        return step(name, RNNBENCH, "history", *arguments, "--store", self.store)


def step(name: str, *command: str) -> Step:
    """Run `command`; its errors and its progress go where ours do."""
    say(f"$ {shlex.join(command)}")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    say(f"{done.stdout}[{name}: exit status {done.returncode}]")
    return Step(name, done.returncode, done.stdout)


def summary(night: Night, steps: list[Step]) -> str:
    """Markdown: the gate first, then how each step ended and what it said."""
    parts = ["# Night"]
    gate = night.output / "gate.md"
    parts.append(
        gate.read_text("utf-8") if gate.exists() else "The gate has no answer."
    )
    rows = ["| step | exit status |", "| --- | --: |"]
    rows += [f"| {one.name} | {one.status} |" for one in steps]
    parts.append("\n".join(rows))
    for one in steps:
        if one.name in ("compare", "history changes"):
            # What the commands write is escaped. Cut at the end of a line.
            said = one.said[:LONGEST].rpartition("\n")[0]
            parts.append(f"## {one.name}\n\n{said}")
    parts.append("Only the gate turns a night red: files of two nights differ by more")
    return "\n\n".join(parts[:-1]) + f"\n\n{parts[-1]} than code does.\n"


def say(line: str) -> None:
    """Tell the log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the steps, write the summary, and return what the gate did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default=sys.executable)
    for name in ("candidate", "sweep", "gate", "store"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--previous", type=Path)
    parser.add_argument("--budget", default="")
    night = Night(**vars(parser.parse_args()))
    night.output.mkdir(parents=True, exist_ok=True)
    for stale in ("gate.json", "gate.md", "summary.md"):
        (night.output / stale).unlink(missing_ok=True)
    steps = night.steps()
    (night.output / "summary.md").write_text(summary(night, steps), encoding="utf-8")
    return status(night, steps)


def status(night: Night, steps: list[Step]) -> int:
    """The gate's; where that is content, 2 for a night that was not kept."""
    ended = {one.name: one.status for one in steps}
    kept = night.run.exists() and not any(ended[name] for name in KEEPING)
    return ended["gate"] or (0 if kept else 2)


if __name__ == "__main__":
    sys.exit(main())
