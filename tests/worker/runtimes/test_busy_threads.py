"""A runtime with more threads than its case has is an error."""

import sys
import threading
from dataclasses import replace

import pytest

from rnnbench.model.case import Case
from rnnbench.worker.layers.step import build
from rnnbench.worker.runtimes.busy_threads import (
    running_threads,
    threads_at_a_time,
    too_many_threads,
)

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

    pool_like = replace(step, call=_in_another_thread_as_well(step.call))

    # Where others use the cores, the second thread may get its turns late.
    most = max(running_threads(pool_like) for _ in range(5))
    wrong = too_many_threads(most, 1)
    assert "threads run at a time, and the case has 1" in wrong


def _in_another_thread_as_well(call):
    """`call`, and the same in one thread that stays."""
    wanted, done = threading.Semaphore(0), threading.Semaphore(0)

    def serve():
        while True:
            wanted.acquire()
            call()
            done.release()

    threading.Thread(target=serve, daemon=True).start()

    def both():
        wanted.release()
        call()
        done.acquire()

    return both
