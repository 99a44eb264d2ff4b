"""A run of real workers that is killed goes on where it stopped, and leaves nobody."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SWEEP = """\
# Does a killed run go on?
axes:
  layer: [lstm, gru]
  input_size: 8
  hidden_size: [8, 16, 24, 32]
  seq_len: 4
  batch_size: 2
policy: {launches: 3, budget: 120, precision: 0.5}
"""


@pytest.mark.slow
def test_a_real_run_that_was_killed_is_resumed(pytester):
    (pytester.path / "sweep.yaml").write_text(SWEEP)
    (pytester.path / "test_it.py").write_text(
        (ROOT / "bench" / "test_inference.py").read_text()
    )
    command = [sys.executable, "-m", "pytest", "-q", "--rnn-sweep=sweep.yaml"]
    command.append("--benchmark-json=out.json")
    journal = pytester.path / "out.json.journal"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    killed = subprocess.Popen(command, cwd=pytester.path, **quiet)
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.read_text().count('"kind":"Pass"') >= 3):
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    done = journal.read_text().count('"kind":"Pass"')

    found = pytester.run(*command, "--rnn-resume")

    assert found.ret == 0
    found.assert_outcomes(passed=8)
    assert done >= 3
    assert not journal.exists()
    # Workers end with their parent, whatever ended it.
    time.sleep(0.5)
    assert not _workers_of(pytester.path)


def _workers_of(folder):
    """Processes that run in `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            here = (entry / "cwd").readlink() == folder
            if here and b"rnnbench.worker" in (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found
