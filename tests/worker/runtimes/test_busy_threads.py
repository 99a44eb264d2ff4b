"""A runtime with more threads than its case has is an error."""

import hashlib
import os
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from rnnbench.model.case import Case
from rnnbench.worker.layers.step import build
from rnnbench.worker.runtimes.busy_threads import (
    running_threads,
    threads_at_a_time,
    too_many_threads,
)
from rnnbench.worker.runtimes.runtime_check import threads_allowed

PLAIN = Case(layer="gru", input_size=64, hidden_size=64, seq_len=8, batch_size=4)


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ({}, {}, 0),
        ({"1": 5}, {"1": 5}, 0),
        ({"1": 5}, {"1": 1_000_000_005}, 1),
        ({"1": 0, "2": 0}, {"1": 10**9, "2": 10**9}, 2),
        # They take turns, as a thread and the one that it hands its work to.
        ({"1": 0, "2": 0}, {"1": 6 * 10**8, "2": 4 * 10**8}, 1),
        ({"1": 0}, {"1": 5 * 10**8, "2": 10**9}, 1.5),
    ],
)
def test_threads_count_by_the_time_in_which_they_could_run(before, after, count):
    assert threads_at_a_time(before, after, 1.0) == pytest.approx(count)


@pytest.mark.skipif(sys.platform != "linux", reason="threads are read from /proc")
def test_a_second_working_thread_is_found():
    step = build(replace(PLAIN, runtime="cell_loop"))
    assert too_many_threads(running_threads(step), 1) == ""

    with _another_thread_at_work():
        # One look may come while the second thread waits for a core: its wait counts
        # from when it ends.
        most = max(running_threads(replace(step, call=_work)) for _ in range(5))

    wrong = too_many_threads(most, 1)
    assert "threads run at the same time, but the case allows 1" in wrong


@pytest.mark.parametrize(
    ("runtime", "cores", "allowed"),
    # Where it is not pinned, a thread of its own takes a core that the case has not.
    [("jax", 1, 2), ("jax", 2, 1), ("openvino", 1, 1), ("mine:make", 1, 1)],
)
def test_threads_of_a_runtimes_own_must_share_its_cores(
    monkeypatch, runtime, cores, allowed
):
    monkeypatch.setattr(
        os, "sched_getaffinity", lambda _: set(range(cores)), raising=False
    )

    assert threads_allowed(replace(PLAIN, runtime=runtime)) == allowed


def _work():
    """A few milliseconds that do not hold the interpreter's lock."""
    hashlib.sha256(bytes(2**22))


@contextmanager
def _another_thread_at_work():
    end = threading.Event()

    def work():
        while not end.is_set():
            _work()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
