"""The job of nightly.yml that may write to the repository, with a hostile artifact."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rnnbench.regression.history_store import Entry, HistoryRow, add

ROOT = Path(__file__).parents[2]
ENTRY = Entry(
    created="2026-11-23T02:00:00+00:00",
    commit="abcdef0",
    version="0.1.0",
    sweep="nightly",
    torch="2.13.0+cpu",
    torch_git=None,
    machine="example-0123456789ab",
    parts=(("cpu_model", "Example"),),
)
ROW = HistoryRow("gru", "time", "", "ok", 1e-3, 0.9e-3, 1.1e-3, 6)
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git")
# The command where only the packages are installed that the job installs.
COMMAND = """\
#!{python}
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        absent = {{"torch", "ruamel", "scipy", "jinja2", "matplotlib", "pytest"}}
        if name in absent:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Missing())
from rnnbench.cli.main import main
sys.exit(main())
"""


@pytest.fixture
def workplace(tmp_path):
    """The folder of the job: an artifact in `new`, and the repository beside it."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "rnnbench"
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)
    git(tmp_path, "init", "--quiet", "--bare", "repository")
    add(tmp_path / "new", ENTRY, [ROW])
    return tmp_path


def git(folder, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def run_job(folder):
    """The exit status of each step of the job that is a script, installing aside."""
    job = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "nightly.yml")
    steps = [step for step in job["jobs"]["keep"]["steps"] if "run" in step]
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_TOKEN": "none",
        "GITHUB_REPOSITORY": "repository",
        "GITHUB_SERVER_URL": f"file://{folder}",
        "GITHUB_RUN_ID": "1",
    }
    return [
        subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=folder,
            env=environment,
            capture_output=True,
            check=False,
        ).returncode
        for step in steps
        if "pip install" not in step["run"]
    ]


def kept(folder):
    """The files in the branch `history`."""
    names = git(folder / "repository", "ls-tree", "-r", "--name-only", "history")
    return sorted(names.split())


def test_the_keep_job_keeps_checked_history_files_alone(workplace):
    new, pwned = workplace / "new", workplace / "pwned"
    (good,) = [path.relative_to(new) for path in new.rglob("*.parquet")]
    for name in (".git", "example-0123456789ab/.git"):
        (new / name).mkdir()
        (new / name / "commondir").write_text(".\n")
        (new / name / "config").write_text(f"[core]\n\tfsmonitor = touch {pwned}\n")
    (new / "example-0123456789ab" / "other.parquet").write_text("[core]\n")
    (new / "example-0123456789ab" / "link.parquet").symlink_to("/etc/passwd")
    (new / "linked-0123456789ab").symlink_to(workplace)

    check, push = run_job(workplace)

    assert (check, push) == (2, 0)
    assert kept(workplace) == [str(good)]
    assert not pwned.exists()


def test_a_second_night_is_added_to_the_first(workplace):
    assert run_job(workplace) == [0, 0]
    first = kept(workplace)
    for folder in ("new", "checked"):
        shutil.rmtree(workplace / folder)
    other, _ = add(workplace / "new", replace(ENTRY, commit="b"), [ROW])

    assert run_job(workplace) == [0, 0]

    assert kept(workplace) == sorted(
        [*first, str(other.relative_to(workplace / "new"))]
    )


def test_a_night_without_files_is_red_and_changes_nothing(workplace):
    assert run_job(workplace) == [0, 0]
    before = kept(workplace)
    for folder in ("new", "checked"):
        shutil.rmtree(workplace / folder)
    (workplace / "new").mkdir()

    assert run_job(workplace) == [0, 2]

    assert kept(workplace) == before
