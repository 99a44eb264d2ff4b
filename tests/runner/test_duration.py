"""A guess of the time: it grows with what there is to do, and shrinks with lanes."""

from dataclasses import replace

import pytest

from rnnbench.model.case import Allocator, Case, Device, Phase
from rnnbench.model.policy import Policy
from rnnbench.model.workload import Workload
from rnnbench.runner.duration import estimate

CASE = Case(layer="lstm", input_size=10, hidden_size=20, seq_len=5, batch_size=3)


def workload(*members):
    return Workload(members, ("layer", "onednn"))


def most(*workloads, cores=1, launches=20):
    return estimate(workloads, Policy(launches=launches), cores).most


def test_the_first_look_takes_less_than_all_launches():
    one = [workload(CASE)]

    many, few = (estimate(one, Policy(launches=n), 1) for n in (20, 5))

    assert 0 < many.least < many.most
    assert 0 < few.least == few.most < many.least


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ([CASE], [CASE, replace(CASE, layer="gru")]),
        ([CASE], [replace(CASE, hidden_size=2000)]),
        ([CASE], [replace(CASE, allocator=Allocator.SYSTEM)]),
    ],
)
def test_more_work_takes_longer(less, more):
    plain = workload(replace(CASE, seq_len=9))

    assert most(plain, workload(*less)) < most(plain, workload(*more))


@pytest.mark.parametrize(
    ("alone", "gains"),
    [({}, True), ({"threads": 2}, False), ({"device": Device.CUDA}, False)],
)
def test_only_launches_of_one_thread_on_a_cpu_go_side_by_side(alone, gains):
    one = workload(replace(CASE, **alone))

    assert (most(one, cores=2) < most(one, cores=1)) is gains
    assert (most(one, cores=8) < most(one, cores=2)) is gains


def test_each_layer_of_the_users_takes_a_process_more_in_a_launch():
    def two(*layers):
        """Two workloads, each an LSTM beside one of `layers`."""
        shapes = (CASE, replace(CASE, seq_len=9))
        pairs = zip(shapes, layers, strict=True)
        return [workload(case, replace(case, layer=layer)) for case, layer in pairs]

    pytorch = most(*two("gru", "gru"))
    shared = most(*two("my.layers:one", "my.layers:one"))
    apart = most(*two("my.layers:one", "my.layers:two"))

    assert pytorch + 20 < shared
    assert shared + 20 < apart


def test_readings_of_a_service_take_processes_of_their_own():
    stream = replace(CASE, phase=Phase.STREAM, seq_len=1)
    both = [workload(stream), workload(CASE)]

    def seconds(**asked):
        return estimate(both, Policy(**asked), 1).least

    plain = seconds()
    assert plain == seconds(serve="^gru")
    assert plain + 60 < seconds(serve="all")
    assert plain + 2 * (seconds(stream="all") - plain) < seconds(serve="all")
    assert plain < seconds(deploy="-stream-") < seconds(deploy="all")
