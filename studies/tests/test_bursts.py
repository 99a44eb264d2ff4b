import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studies.bursts import PROCESSES, bursts, load, main


def is_gone(process):
    """Whether nothing of that id is left; a zombie of another's is gone, too."""
    try:
        os.kill(process, 0)
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except (ProcessLookupError, FileNotFoundError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def wait_until(claim):
    for _ in range(200):
        if claim():
            return True
        time.sleep(0.05)
    return False


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


def test_a_load_ends_when_nobody_is_left_to_want_it():
    answers = iter([True, False])

    load(1, alive=lambda: next(answers, False))

    assert next(answers, None) is None


def test_its_processes_run_within_the_block_and_are_gone_after():
    with bursts() as processes:
        running = [not is_gone(each) for each in processes]

    assert len(set(processes)) == PROCESSES
    assert running == [True] * PROCESSES
    assert all(map(is_gone, processes))


def test_they_are_gone_after_an_error_too():
    with pytest.raises(RuntimeError, match="a fault"), bursts() as processes:
        raise RuntimeError("a fault")

    assert all(map(is_gone, processes))


def test_they_do_not_outlive_a_parent_that_is_killed():
    code = (
        "import time; from studies.bursts import bursts\n"
        "with bursts() as ids: print(*ids, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        processes = [int(each) for each in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)

    assert len(processes) == PROCESSES
    assert wait_until(lambda: all(map(is_gone, processes)))


def test_a_command_runs_beside_them_and_its_exit_status_counts():
    code = (
        "import os, pathlib, sys\n"
        "beside = 0\n"
        "for each in pathlib.Path('/proc').glob('[0-9]*'):\n"
        "    try:\n"
        "        after = each.joinpath('stat').read_text().rpartition(')')[2]\n"
        "        called = each.joinpath('cmdline').read_bytes().split(b'\\0')\n"
        "    except OSError:\n"
        "        continue\n"
        "    ours = int(after.split()[1]) == os.getppid()\n"
        "    beside += ours and b'studies.bursts' in called\n"
        "sys.exit(beside)"
    )

    status = main([sys.executable, "-c", code])

    assert status == PROCESSES
