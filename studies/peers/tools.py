"""Each tool: its command, as in its documentation, and the reader of its file."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studies.peers.sweeps import Work, cell_of

# The suites are run by the peers, and import each other as the scripts they are.
SUITES = Path(__file__).resolve().parent / "suites"
ROOT = SUITES.parents[2]
PYTHON = sys.executable
# Without rnnbench's settings for pytest and its plugin, as for a user of the peers.
PLAIN = ("-c", os.devnull, f"--rootdir={SUITES}", "-p", "no:rnnbench")


@dataclass(frozen=True)
class Tool:
    """One tool. `seconds`: the wall time of a cell, for the estimate alone.

    `command` and `read` take the folder of one repeat, and the work. `cores`: cores
    that it gets. `prepare`: setup that is not timed.
    """

    command: Callable[[Path, Work], list[str]]
    read: Callable[[Path, Work], dict]
    seconds: float
    cores: int = 1
    prepare: Callable[[Path], None] = lambda _: None
    packages: tuple[str, ...] = ()


def beside(name):
    """A console script of the current interpreter."""
    found = Path(PYTHON).with_name(name)
    return str(found if found.exists() else shutil.which(name) or name)


def rnnbench(folder, work):
    sweep = ("--rnn-sweep", str(work.sweep))
    quiet = ("--quiet", "--no-header", f"--benchmark-json={folder / 'run.json'}")
    return [PYTHON, "-m", "pytest", "bench/", *sweep, *quiet]


def read_rnnbench(folder, _):
    """Logarithms of each launch, to which rnnbench's own rules apply."""
    from rnnbench.analysis.ratio import ratios  # noqa: PLC0415
    from rnnbench.regression.compared_value import in_yardsticks  # noqa: PLC0415 - the table needs no tool
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    run = load_run(folder / "run.json")
    yardsticks = {each.workload: each.turns for each in run.yardsticks}
    cells = {each.case: cell_of(each.workload, each.case.layer) for each in run.results}
    values = {
        cells[result.case]: {
            "status": result.status.value,
            "sticks": in_yardsticks(result.turns, yardsticks[result.workload]),
        }
        for result in run.results
    }
    for ratio in ratios(run):
        if ratio.logs:
            own = values[cells[ratio.pair.candidate]]
            own["ratio"] = [value for _, value in ratio.logs]
            own["verdict"] = ratio.verdict.value
    return values


def pytest_benchmark(folder, _, *options):
    """The suite is not named test_*.py: pytest collects it only where it is named."""
    suite = (str(SUITES / "suite_pytest.py"), "--benchmark-only", "--quiet")
    to = f"--benchmark-json={folder / 'run.json'}"
    return [PYTHON, "-m", "pytest", *suite, *PLAIN, *options, to]


def read_pytest_benchmark(folder, _):
    kept = ("min", "mean", "median", "stddev", "iqr", "rounds")
    return {
        each["param"]: {name: each["stats"][name] for name in kept}
        for each in loaded(folder / "run.json")["benchmarks"]
    }


def torch_timer(method):
    def command(folder, _):
        suite = str(SUITES / "suite_torch.py")
        return [PYTHON, suite, method, str(folder / "run.json")]

    return command


def pyperf(folder, _):
    suite = (PYTHON, str(SUITES / "suite_pyperf.py"))
    # Its workers inherit only the variables that are named.
    named = ("--inherit-environ", "PEERS_CELLS")
    return [*suite, "--fast", "--quiet", *named, "-o", str(folder / "run.json")]


def read_pyperf(folder, _):
    """Values of each benchmark by process, without the first run, which calibrates."""
    values = {}
    for each in loaded(folder / "run.json")["benchmarks"]:
        runs = [run["values"] for run in each["runs"] if "values" in run]
        values[each["metadata"]["name"]] = {"processes": runs}
    return values


def asv(folder, _):
    commit = git(folder, "rev-parse", "HEAD").strip()
    where = ("--config", str(folder / "asv.conf.json"), "--machine", "peers")
    keep = (f"--set-commit-hash={commit}", "--record-samples")
    # It reads the machine's name from the home folder.
    home = ("env", f"HOME={folder}")
    return [*home, beside("asv"), "run", "-E", f"existing:{PYTHON}", *where, *keep]


def prepare_asv(folder):
    """Make a repository, as asv needs a commit, and name a machine."""
    git(folder, "init", "--quiet")
    who = ("-c", "user.name=peers", "-c", "user.email=peers@localhost")
    git(folder, *who, "commit", "--quiet", "--allow-empty", "-m", "peers")
    settings = {
        "version": 1,
        "project": "peers",
        "repo": str(folder),
        "branches": ["HEAD"],
        "environment_type": "existing",
        "benchmark_dir": str(SUITES / "asv_suite"),
        "results_dir": str(folder / "results"),
        "env_dir": str(folder / "env"),
        "html_dir": str(folder / "html"),
    }
    (folder / "asv.conf.json").write_text(json.dumps(settings), encoding="utf-8")
    machine = {"machine": "peers", "version": 1}
    names = ("os", "arch", "cpu", "num_cpu", "ram")
    whole = {"peers": machine | dict.fromkeys(names, ""), "version": 1}
    (folder / ".asv-machine.json").write_text(json.dumps(whole), encoding="utf-8")


def read_asv(folder, work):
    (path,) = (folder / "results" / "peers").glob("*-existing*.json")
    document = loaded(path)
    (row,) = document["results"].values()
    named = dict(zip(document["result_columns"], row, strict=False))
    columns = ("result", "stats_ci_99_a", "stats_ci_99_b", "samples")
    each = zip(work.cells, *(named[column] for column in columns), strict=True)
    return {
        cell: {"median": median, "ci": [low, high], "samples": samples}
        for cell, median, low, high, samples in each
    }


def benchmatrix(folder, _):
    suite = (str(SUITES / "suite_benchmatrix.py"), "--", *PLAIN)
    to = ("--runs", "5", "--output", str(folder / "runs"))
    return [beside("benchmatrix"), "measure", *to, *suite]


def read_benchmatrix(folder, work):
    """The median of each run, to which its rule applies."""
    values = {cell: {"runs": []} for cell in work.cells}
    for path in sorted((folder / "runs").glob("run-*.json")):
        for each in loaded(path)["benchmarks"]:
            info = each["extra_info"]
            cell = f"{info['case_name']}/{info['implementation_name']}"
            values[cell]["runs"].append(each["stats"]["median"])
    return values


def loaded(path):
    return json.loads(path.read_text("utf-8"))


def git(folder, *arguments):
    return subprocess.check_output(["git", "-C", str(folder), *arguments], text=True)


def read_as_is(folder, _):
    return loaded(folder / "run.json")


def with_precision(folder, work):
    return pytest_benchmark(folder, work, "--benchmark-precision=0.02")


# In the order of the table. rnnbench gets two cores: it runs launches side by side.
TOOLS = {
    "rnnbench": Tool(rnnbench, read_rnnbench, 4, cores=2, packages=("rnnbench",)),
    "pytest-benchmark": Tool(
        pytest_benchmark, read_pytest_benchmark, 1.2, packages=("pytest-benchmark",)
    ),
    "pytest-benchmark --benchmark-precision": Tool(
        with_precision, read_pytest_benchmark, 1.2
    ),
    "torch blocked_autorange": Tool(
        torch_timer("blocked_autorange"), read_as_is, 0.6, packages=("torch",)
    ),
    "torch adaptive_autorange": Tool(torch_timer("adaptive_autorange"), read_as_is, 2),
    "pyperf --fast": Tool(pyperf, read_pyperf, 40, packages=("pyperf",)),
    "asv": Tool(
        asv, read_asv, 4.5, prepare=prepare_asv, packages=("asv", "asv_runner")
    ),
    "benchmatrix": Tool(benchmatrix, read_benchmatrix, 6.5, packages=("benchmatrix",)),
}
