"""The wheel in a fresh environment and an empty folder, as a new user has it.

The environment takes torch and the other dependencies from this one, by a path file, so
that nothing has to be downloaded. rnnbench itself comes from the wheel.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def programs(tmp_path_factory, wheel):
    """The folder of the programs of an environment with the wheel."""
    return make_environment(tmp_path_factory.mktemp("environment"), wheel)


def make_environment(folder, wheel):
    folder.mkdir(exist_ok=True)
    call([sys.executable, "-m", "venv", "--without-pip", folder], folder)
    bin_folder = folder / "bin"
    site = call(
        [
            *(bin_folder / "python", "-c"),
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ],
        folder,
    ).strip()
    call(
        [
            *(sys.executable, "-m", "pip", "--python", bin_folder / "python"),
            *("install", "--quiet"),
            *("--no-index", "--no-deps", wheel),
        ],
        folder,
    )
    others = [
        path
        for path in map(Path, sys.path)
        if path.is_dir() and path.name in ("site-packages", "dist-packages")
    ]
    Path(site, "dependencies.pth").write_text("\n".join(map(str, others)))
    shorten_gates(Path(site, "rnnbench", "regression"))
    return bin_folder


def shorten_gates(package):
    """Fewer and shorter launches: these changes of speed are large."""
    for module, name, value in (
        ("gate_decision.py", "LOOKS", "(3, 6)"),
        ("interleave.py", "PAIR_SECONDS", "0.05"),
    ):
        path = package / module
        text, count = re.subn(
            rf"^{name} = .*$",
            f"{name} = {value}",
            path.read_text("utf-8"),
            flags=re.MULTILINE,
        )
        assert count == 1
        path.write_text(text, encoding="utf-8")


def call(command, folder, status=0, **variables):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    kept |= variables
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        # The machine may be busy.
        timeout=900,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_the_package_is_that_of_the_wheel(programs, tmp_path):
    where = call(
        [programs / "python", "-c", "import rnnbench; print(rnnbench.__file__)"],
        tmp_path,
    )

    assert Path(where.strip()).is_relative_to(programs.parent)


def test_run_measures_and_reports_in_an_empty_folder(programs, tmp_path):
    command = [programs / "rnnbench", "run", "--layer", "lstm,gru"]
    sizes = ["--hidden-size", "8", "--seq-len", "4", "--batch-size", "1"]

    shown = call([*command, *sizes, "--launches", "2"], tmp_path)

    (results,) = (tmp_path / "results").glob("*.json")
    assert "GRU / LSTM" in shown
    assert results.with_suffix(".html").stat().st_size > 10_000
    assert json.loads(results.read_text("utf-8"))["rnnbench"]["results"]
    ratios = call(
        [
            *(programs / "python", "-I", "-c"),
            "import rnnbench, sys; print(len(rnnbench.load(sys.argv[1]).ratios()))",
            results,
        ],
        tmp_path,
    )
    assert int(ratios) >= 1


def test_shipped_sweeps_are_listed_and_expanded(programs, tmp_path):
    listed = call([programs / "rnnbench", "sweeps"], tmp_path)
    cases = call([programs / "rnnbench", "cases", "quick", "--no-survey"], tmp_path)

    assert "quick" in listed
    assert "gru-train-" in cases


def test_what_init_writes_is_measured(programs, tmp_path):
    call([programs / "rnnbench", "init"], tmp_path)
    smoke = ["--benchmark-disable", "-q", "test_rnn.py", "--rnn-sweep"]

    call([programs / "python", "-m", "pytest", *smoke, "rnn_sweep.yaml"], tmp_path)


def test_bad_input_is_one_line(programs, tmp_path):
    call([programs / "rnnbench", "run", "quik"], tmp_path, status=2)

    assert list(tmp_path.iterdir()) == []


EXAMPLE = ROOT / "examples" / "nightly-project"
STEP = "new = torch.tanh(step + self.hidden_part(hidden))"
SLOW_CASE = "leaky:leaky_rnn-inference-i32-h32-l1-t16-b4-cpu"
# A worker that needs no torch, and is slow where the first leaky.py on its path is.
FAKE_WORKER = """
import os, sys
from pathlib import Path
files = [Path(each or ".", "leaky.py") for each in sys.path]
text = next(file for file in files if file.is_file()).read_text()
if text.count({step!r}) > 1:
    os.environ["FAKE_SLOW_CASE"] = {case!r}
sys.path.insert(0, {data!r})
import fake_worker
fake_worker.main()
"""


@pytest.fixture
def project(tmp_path):
    """The example as a repository of its own, with the tag of its baseline."""
    folder = tmp_path / "server" / "owner" / "project"
    shutil.copytree(EXAMPLE, folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "The layer")
    git(folder, "tag", "v1.0")
    return folder


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    return call(["git", *who, *words], folder)


def slow_down(folder):
    """Make the layer compute each step three times."""
    path = folder / "leaky.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(STEP) == 1
    again = f"\n            {STEP}"
    path.write_text(text.replace(STEP, STEP + 2 * again), encoding="utf-8")


def inputs_of(workflow):
    """The inputs that a workflow of the example gives to the action, as options."""
    text = (EXAMPLE / ".github" / "workflows" / workflow).read_text("utf-8")
    (job,) = YAML(typ="safe").load(text)["jobs"].values()
    given = job["steps"][0]["with"]
    publish = ["--publish", "site"] if given.get("publish") else []
    baseline = ["--baseline", given["baseline"]] if "baseline" in given else []
    return [given["sweep"], *baseline, *publish]


def run_job(programs, folder, workflow, status, **variables):
    """Do what the action does in a job of the example."""
    server = folder.parents[1]
    known = {"EVENT_NAME": "schedule", "REPOSITORY": "owner/project"}
    known |= {"SERVER_URL": str(server), "RUN_ID": "1"} | variables
    job = {f"GITHUB_{name}": value for name, value in known.items()}
    # An issue is opened by a program that does nothing.
    gh = server / "programs" / "gh"
    gh.parent.mkdir(exist_ok=True)
    gh.write_text("#!/bin/sh\n", encoding="utf-8")
    gh.chmod(0o755)
    job["PATH"] = f"{gh.parent}{os.pathsep}{os.environ['PATH']}"
    job["XDG_CACHE_HOME"] = str(server / "cache")
    command = [programs / "rnnbench", "ci", *inputs_of(workflow)]
    return call(command, folder, status, **job)


def regressions(folder):
    document = json.loads((folder / "results/night/gate.json").read_text("utf-8"))
    return [
        judgement["case"]
        for judgement in document["judgements"]
        if judgement["verdict"] == "regression"
    ]


def test_of_three_nights_of_the_example_the_slower_one_is_flagged(
    wheel, tmp_path, project
):
    programs = make_environment(tmp_path / "environment", wheel)
    (worker,) = (tmp_path / "environment").rglob("rnnbench/worker/__main__.py")
    fake = {"case": SLOW_CASE, "step": STEP, "data": str(ROOT / "tests" / "data")}
    worker.write_text(FAKE_WORKER.format(**fake), encoding="utf-8")
    flags, pages = [], []

    for status, is_slow in ((0, False), (1, True), (0, False)):
        if is_slow:
            slow_down(project)
        run_job(programs, project, "nightly.yml", status)
        git(project, "checkout", "--quiet", "leaky.py")
        flags.append(regressions(project))
        pages.append({page.name for page in (project / "site" / "runs").iterdir()})
        # The next night's runner has nothing of this one.
        for left in ("results", "site"):
            shutil.rmtree(project / left)

    assert flags == [[], [SLOW_CASE], []]
    assert pages[0] < pages[1] < pages[2]
    assert len(git(project, "ls-tree", "-r", "--name-only", "history").split()) == 6


def test_a_pull_request_that_slows_the_layer_is_flagged_by_real_workers(
    programs, project
):
    git(project, "update-ref", "refs/remotes/origin/main", "main")
    slow_down(project)
    # Its layer alone, which halves the time.
    sweep = project / "sweep.yaml"
    text = sweep.read_text(encoding="utf-8")
    sweep.write_text(text.replace("[gru, leaky", "[leaky"), encoding="utf-8")

    request = {"EVENT_NAME": "pull_request", "BASE_REF": "main"}
    run_job(programs, project, "pull-request.yml", 1, **request)

    assert regressions(project) == [SLOW_CASE]
