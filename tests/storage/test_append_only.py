import errno
import json
import os
import re
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.errors import ResultsError
from rnnbench.storage.append_only import AppendOnly

HEADER = {"kind": "Header", "sweep": "s"}
HOLDS = """
import sys, time
from pathlib import Path
from rnnbench.storage.append_only import AppendOnly

header = {"kind": "Header", "sweep": "s"}
held = AppendOnly.hold(
    Path(sys.argv[1]), [header], lambda entry: None, resume=True, otherwise=""
)
held.append({"of": "the other"})
print("held", flush=True)
time.sleep(600)
"""


def hold(path, entries=None, *, header=HEADER, resume=True):
    into = [] if entries is None else entries
    return AppendOnly.hold(
        path, [header], into.append, resume=resume, otherwise="do so and so"
    )


@pytest.fixture
def other(tmp_path):
    """A process that holds the file `j`, from when it is begun to when it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path / "j"], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("resume", [True, False])
def test_what_another_process_measures_into_is_left_alone(tmp_path, other, resume):
    before = (tmp_path / "j").read_bytes()

    with pytest.raises(ResultsError, match="j: journal: another run is measuring"):
        hold(tmp_path / "j", resume=resume)

    assert [path.name for path in tmp_path.iterdir()] == ["j"]
    assert (tmp_path / "j").read_bytes() == before


def test_a_killed_process_holds_nothing(tmp_path, other):
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    entries = []

    hold(tmp_path / "j", entries).release()

    assert entries == [{"of": "the other"}]


def test_what_was_refused_is_free_for_the_next(tmp_path):
    hold(tmp_path / "j").release()

    with pytest.raises(ResultsError, match=r"its sweep is 's', .* 't': do so and so"):
        hold(tmp_path / "j", header=HEADER | {"sweep": "t"})

    hold(tmp_path / "j").release()


def test_anew_sets_the_old_aside_and_holds_the_new(tmp_path):
    first = hold(tmp_path / "j")
    first.append({"number": 1})
    first.release()
    entries = []

    second = hold(tmp_path / "j", entries, resume=False)

    assert entries == []
    aside = next(path for path in tmp_path.iterdir() if path.name != "j")
    assert json.loads(aside.read_text().splitlines()[1]) == {"number": 1}
    with pytest.raises(ResultsError, match="another run"):
        hold(tmp_path / "j")
    second.release()


def test_nothing_is_added_to_what_was_released(tmp_path):
    held = hold(tmp_path / "j")
    held.release()

    with pytest.raises(ResultsError, match="it is closed"):
        held.append({})


@given(
    numbers=st.lists(st.integers(), max_size=5),
    # Of the last line, and of all of them: a crash tears at most one.
    left=st.floats(0, 1, exclude_max=True),
)
def test_a_kill_costs_at_most_the_last_entry(tmp_path_factory, numbers, left):
    path = tmp_path_factory.mktemp("torn") / "j"
    held = hold(path)
    for number in numbers:
        held.append({"number": number})
    held.release()
    *whole, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole) + last[: int(left * len(last))])
    entries = []

    again = hold(path, entries)
    again.append({"number": "next"})
    again.release()

    assert entries == [{"number": number} for number in numbers[:-1]]
    entries = []
    hold(path, entries).release()
    assert entries == [
        *({"number": number} for number in numbers[:-1]),
        {"number": "next"},
    ]


def is_object(line):
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


@given(
    line=st.binary(min_size=1).filter(
        lambda line: b"\n" not in line and not is_object(line)
    )
)
def test_a_line_that_is_no_object_is_named(tmp_path_factory, line):
    path = tmp_path_factory.mktemp("bad") / "j"
    hold(path).release()
    with path.open("ab") as file:
        file.write(line + b"\n")

    with pytest.raises(ResultsError, match=re.escape(f"{path}:2: ")):
        hold(path)


def test_a_disk_that_fills_up_within_an_entry_is_said(tmp_path, monkeypatch):
    held = hold(tmp_path / "j")
    room = [10]

    def write(descriptor, data):
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return really(descriptor, data[: room.pop()])

    really = os.write
    monkeypatch.setattr("rnnbench.storage.append_only.os.write", write)

    with pytest.raises(ResultsError, match="No space left on device"):
        held.append({"number": 1})
    monkeypatch.undo()
    held.release()

    entries = []
    hold(tmp_path / "j", entries).release()
    assert entries == []
