"""The wheel in a fresh environment and an empty folder, as a new user has it.

The environment takes torch and the other dependencies from this one, by a path file, so
that nothing has to be downloaded. rnnbench itself comes from the wheel.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def programs(tmp_path_factory, wheel):
    """The folder of the programs of an environment with the wheel."""
    folder = tmp_path_factory.mktemp("environment")
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
    return bin_folder


def call(command, folder, status=0):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
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
