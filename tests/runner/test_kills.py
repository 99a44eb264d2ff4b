"""A few kills at random moments; tests/kills.py does as many as one likes."""

import subprocess
import sys
from pathlib import Path

import pytest

KILLS = Path(__file__).with_name("kills.py")


@pytest.mark.slow
def test_a_kill_leaves_nothing_unreadable_and_loses_nothing(tmp_path):
    counts = ("5", "3", "2")

    done = subprocess.run(
        [sys.executable, str(KILLS), str(tmp_path / "kills"), *counts],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:]]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(kind, killed, wrong) for kind, killed, _, _, wrong in rows] == [
        ("run", "5", "0"),
        ("history add", "3", "0"),
        ("report", "2", "0"),
    ]
