"""The files of `rnnbench init` work as they are written."""

import os
import subprocess
import sys

import pytest

from rnnbench.cli.init import FILES


def test_files_are_written_once_unless_forced(run, tmp_path):
    first = run("init", tmp_path / "new")
    (tmp_path / "new" / "my_layer.py").write_text("mine")
    second = run("init", tmp_path / "new")
    kept = (tmp_path / "new" / "my_layer.py").read_text("utf-8")
    forced = run("init", tmp_path / "new", "--force")

    assert [first[0], second[0], forced[0]] == [0, 2, 0]
    assert kept == "mine"
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(FILES)


@pytest.mark.slow
def test_the_sweep_and_the_layer_work(run, tmp_path):
    """The suite is run from the wheel, in tests/test_wheel.py."""
    run("init", tmp_path)
    command = ["-m", "rnnbench", "run", "rnn_sweep.yaml", "--launches", "1", "--quiet"]

    done = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
