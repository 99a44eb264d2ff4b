"""Kills at random moments: what is there afterwards can be read, and nothing is lost.

    python tests/kills.py FOLDER RUNS ADDS REPORTS

Kills that many runs of a sweep (by a fake worker), additions to a history and reports,
each at a moment drawn from the time that it takes, and looks at what is left. Each kill
is SIGKILL. Exit status 0: no file was unreadable, and nothing that had been reported as
done was lost. `tests/test_kills.py` does a few; results/reference/kills.md has many.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.model.status import MEASURED
from rnnbench.storage.results_file import load_run

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))
RNNBENCH = str(Path(sys.executable).with_name("rnnbench"))
# Each pass is reported, not one in 15 s.
RUN = f"""
import sys, pytest
from rnnbench.runner import worker_process as process
from rnnbench.runner import progress
process.COMMAND = {FAKE!r}
progress.PLAIN_EVERY = 0
sys.exit(pytest.main(sys.argv[1:]))
"""
SUITE = """
import pytest

@pytest.mark.sweep(phase="inference")
def test_inference(case, measure):
    measure(case)
"""
SWEEP = """\
# Does a kill cost anything?
axes:
  layer: [lstm, gru]
  input_size: 8
  hidden_size: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
  seq_len: 4
  batch_size: 2
"""
CASES = 40


@dataclass
class Tally:
    """What came of the kills of one kind, and what was wrong after any of them."""

    kind: str
    killed: int = 0
    ended: int = 0
    reported: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def row(self) -> str:
        """A row of the table."""
        cells = (self.kind, self.killed, self.ended, self.reported, len(self.wrong))
        return f"| {' | '.join(map(str, cells))} |"

    def moment(self):
        """When to kill: any time of what it takes."""
        return random.uniform(0, self.seconds)

    def count(self, *, was_killed):
        """Count one, by how it ended; by chance some end before their kill."""
        self.killed += was_killed
        self.ended += not was_killed


def kill(command, folder, moment):
    """Run `command`, kill it after `moment` seconds; whether it was, and its output."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (folder / "said").open("w+") as said:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said.seek(0)
        return process.returncode == -signal.SIGKILL, said.read()


def how_long(command, folder):
    """Seconds that it takes where nobody kills it; it has to end well."""
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{command}: {done.stdout}{done.stderr}")
    return time.monotonic() - began


def passes(journal):
    """Whole lines of passes; a last line may be torn, any other must be JSON."""
    if not journal.exists():
        return None
    *whole, _ = journal.read_bytes().split(b"\n")
    return sum(json.loads(line)["kind"] == "Pass" for line in whole)


def runs(folder, count):
    """Kill runs, each going on with what the one before it left."""
    (folder / "bench").mkdir(parents=True)
    (folder / "bench" / "test_inference.py").write_text(SUITE)
    (folder / "sweep.yaml").write_text(SWEEP)
    results = folder / "run.json"
    journal = folder / "run.json.journal"
    command = [sys.executable, "-c", RUN, "bench", "--rnn-sweep", "sweep.yaml"]
    command += ["--rnn-resume"]
    command += ["--benchmark-json=run.json", "-p", "no:cacheprovider", "--quiet"]
    tally = Tally("run", seconds=how_long(command, folder))
    written = results.stat().st_mtime_ns
    while tally.killed < count:
        number, before = tally.killed, passes(journal) or 0
        was_killed, said = kill(command, folder, tally.moment())
        tally.count(was_killed=was_killed)
        shown = re.findall(r"^rnnbench (\d+)/", said, re.MULTILINE)
        reported = max(map(int, shown), default=0)
        tally.reported += reported
        now = results.stat().st_mtime_ns
        try:
            after = passes(journal)
            statuses = {one.status for one in load_run(results).results}
        except (ResultsError, ValueError) as error:
            tally.wrong.append(f"run {number}: unreadable: {error}")
            break
        if not statuses <= MEASURED:
            tally.wrong.append(f"run {number}: {statuses} in the results")
        if after is None and (before or reported) and now == written:
            tally.wrong.append(f"run {number}: no journal, and no new results")
        if after is not None and after < before + reported and now == written:
            lost = before + reported - after
            tally.wrong.append(f"run {number}: {lost} of the reported passes are lost")
        if f"run.json: {CASES} cases" in said and now == written:
            tally.wrong.append(f"run {number}: reported as written, and is not")
        written = now
    return tally


def copies(results, folder, count):
    """As many runs as kills, each created at a time of its own."""
    document = json.loads(results.read_text("utf-8"))
    for number in range(count):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        document["rnnbench"]["created"] = moment.isoformat()
        path = folder / f"run-{number}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        yield path


def adds(folder, results, count):
    """Kill additions to one history; then each must be readable, and what was added."""
    folder.mkdir(parents=True)
    store = folder / "history"
    # Some end before they are killed.
    files = iter(copies(results, folder, 4 * count + 1))
    add = [RNNBENCH, "history", "add", "--store", str(store)]
    tally = Tally("history add", seconds=how_long([*add, str(next(files))], folder))
    case = load_run(results).results[0].case.id
    show = [RNNBENCH, "history", "show", case, "--store", str(store)]
    tally.reported = 1
    while tally.killed < count and (path := next(files, None)):
        number = tally.killed
        was_killed, said = kill([*add, str(path)], folder, tally.moment())
        tally.count(was_killed=was_killed)
        tally.reported += not was_killed
        if not was_killed and "Traceback" in said:
            tally.wrong.append(f"add {number}: {said.splitlines()[-1]}")
    held = [one for one in store.rglob("*.parquet") if not one.name.startswith(".")]
    done = subprocess.run(show, capture_output=True, text=True, check=False)
    if done.returncode or "skipped" in done.stdout + done.stderr:
        tally.wrong.append(f"show: {done.stdout[-300:]}{done.stderr[-300:]}")
    if len(held) < tally.reported:
        tally.wrong.append(f"{tally.reported} were added, {len(held)} are there")
    return tally


def reports(folder, results, count):
    """Kill reports: the page is the one before, or the new one; always whole."""
    folder.mkdir(parents=True)
    page = folder / "out" / "index.html"
    command = [RNNBENCH, "report", str(results), "--output", str(page.parent)]
    tally = Tally("report", seconds=how_long(command, folder))
    while tally.killed < count:
        number = tally.killed
        was_killed, said = kill(command, folder, tally.moment())
        tally.count(was_killed=was_killed)
        if not page.read_text("utf-8").rstrip().endswith("</html>"):
            tally.wrong.append(f"report {number}: half a page")
        tally.reported += not was_killed
        if not was_killed and "written" not in said:
            tally.wrong.append(f"report {number}: {said[-300:]}")
    return tally


def main():
    """Kill, and say what came of it as a table."""
    folder = Path(sys.argv[1]).absolute()
    counts = [int(argument) for argument in sys.argv[2:5]]
    shutil.rmtree(folder, ignore_errors=True)
    tallies = [runs(folder / "runs", counts[0])]
    results = folder / "runs" / "run.json"
    if counts[1]:
        tallies.append(adds(folder / "adds", results, counts[1]))
    if counts[2]:
        tallies.append(reports(folder / "reports", results, counts[2]))
    rows = ["| what was going on | killed | ended before | reported as done | wrong |"]
    rows += ["| --- | --: | --: | --: | --: |", *(tally.row() for tally in tallies)]
    wrong = [line for tally in tallies for line in tally.wrong]
    sys.stdout.write("\n".join((*rows, *wrong)) + "\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
