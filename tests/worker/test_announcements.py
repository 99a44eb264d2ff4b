import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rnnbench.worker.announcements import (
    PLACE_VARIABLE,
    STAGES,
    Announcements,
)

WORKER = """
import os
from rnnbench.worker.announcements import Announcements
announcements = Announcements.inherited(os.environ)
announcements.announce("build", 3)
os.closerange(0, 256)
announcements.announce("turn", 12)
os._exit(1)
"""


def open_descriptors():
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_the_last_announcement_outlives_a_worker_that_closes_everything():
    announcements = Announcements.create()
    number = announcements.descriptor
    environment = os.environ | {PLACE_VARIABLE: str(number)}

    done = subprocess.run(
        [sys.executable, "-c", WORKER], env=environment, pass_fds=[number], check=False
    )

    assert done.returncode == 1
    place = announcements.last()
    assert (place.stage, place.member) == ("turn", 12)
    announcements.close()


def test_a_worker_keeps_no_descriptor_that_a_layer_could_write_to():
    announcements = Announcements.create()
    before = open_descriptors()
    passed = os.dup(announcements.descriptor)

    worker = Announcements.inherited({PLACE_VARIABLE: str(passed)})

    assert open_descriptors() <= before
    worker.announce("build", 7)
    assert announcements.last().member == 7
    announcements.close()


def test_without_a_runner_nobody_listens():
    assert Announcements.inherited({}) is None
    assert Announcements.inherited({PLACE_VARIABLE: "1048575"}) is None


@given(st.sampled_from(STAGES[1:]), st.integers(0, 2**32 - 1))
def test_a_repeated_announcement_differs_from_the_one_before(stage, member):
    announcements = Announcements.create()
    try:
        assert announcements.last() is None
        announcements.announce(stage, member)
        first = announcements.last()
        announcements.announce(stage, member)
        second = announcements.last()
        announcements.clear()
    finally:
        cleared = announcements.last()
        announcements.close()

    assert (first.stage, first.member) == (second.stage, second.member)
    assert (first.stage, first.member) == (stage, member)
    assert first != second
    assert cleared is None
