import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.analysis.ratio import Ratio, judge
from rnnbench.analysis.stats import ratio_interval
from rnnbench.model.case import Device
from rnnbench.model.errors import ResultsError
from rnnbench.model.metric import TIME
from rnnbench.model.run import TurnValue
from rnnbench.model.status import Status
from rnnbench.model.workload import Pair
from rnnbench.report.kinds.machine_kind import kinds_of
from rnnbench.report.kinds.shared_ratios import (
    SharedRatio,
    SharedVerdict,
    shared_view,
)


@pytest.fixture(scope="module")
def ratio(make_case):
    pair = Pair("layer", make_case(layer="gru"), make_case(layer="lstm"))

    def ratio(*logs):
        interval = ratio_interval(logs)
        numbered = tuple(enumerate(logs, start=1))
        return Ratio(pair, "w", TIME, interval, judge(interval), numbered)

    return ratio


SLOWER, FASTER, TIE = (0.5, 0.51, 0.52), (-0.5, -0.51, -0.52), (0.0, 0.001, 0.002)
UNSURE = (-0.5, 0.0, 0.5)


@pytest.mark.parametrize(
    ("samples", "agreement"),
    [
        ((SLOWER, SLOWER), SharedVerdict.SAME),
        ((FASTER, FASTER, FASTER), SharedVerdict.SAME),
        ((SLOWER, FASTER), SharedVerdict.DIFFERENT),
        ((SLOWER, TIE, UNSURE, FASTER), SharedVerdict.DIFFERENT),
        ((SLOWER, TIE), SharedVerdict.PARTLY),
        ((UNSURE, FASTER), SharedVerdict.PARTLY),
        ((TIE, TIE), SharedVerdict.TIE),
        ((TIE, UNSURE), SharedVerdict.OPEN),
    ],
)
def test_the_verdicts_of_all_machines_make_one(ratio, samples, agreement):
    assert SharedRatio(tuple(ratio(*logs) for logs in samples)).agreement == agreement


def test_a_gap_compares_the_extremes_and_is_wider_for_more_machines(ratio):
    low, high = ratio(*FASTER), ratio(*SLOWER)

    two = SharedRatio((low, high)).gap
    three = SharedRatio((high, ratio(*TIE), low)).gap

    assert two.estimate == three.estimate == pytest.approx(math.exp(1.02))
    assert three.low < two.low < two.estimate < two.high < three.high


def test_a_gap_to_a_machine_with_one_launch_has_no_interval(ratio):
    gap = SharedRatio((ratio(0.5), ratio(*FASTER))).gap

    assert (gap.low, gap.high) == (0, math.inf)


def test_a_ratio_that_turns_around_is_found_and_its_group_is_pooled(two_machines):
    shared = shared_view(two_machines)

    found = {
        (one.on[0].pair.candidate.hidden_size, group.on[0].conditions.phase): (
            one.agreement
        )
        for group in shared.groups
        for one in group.ratios
    }
    assert found == {
        (16, "inference"): SharedVerdict.SAME,
        (64, "inference"): SharedVerdict.SAME,
        (16, "train"): SharedVerdict.SAME,
        (64, "train"): SharedVerdict.DIFFERENT,
    }
    means = [[one.mean.estimate for one in group.on] for group in shared.groups]
    assert means == [pytest.approx([2, 2], rel=0.02), pytest.approx([2, 1], rel=0.02)]


def test_sizes_that_one_machine_lacks_are_in_no_mean_and_are_listed(machine):
    kinds = kinds_of(
        [
            machine("A", lambda case: case.hidden_size / 16),
            machine("B", lambda _: 1.5, hidden=(16, 128)),
        ]
    )

    shared = shared_view(kinds)

    assert [group.on[0].mean.estimate for group in shared.groups] == pytest.approx(
        [1, 1], rel=0.02
    )
    assert len(shared.unshared) == 8
    row = shared.unshared["gru-train-i8-h64-l1-t4-b2"]
    assert [result and result.status for result in row] == [Status.OK, None]


def test_a_gpu_is_matched_with_a_cpu_by_every_other_axis(machine, make_case):
    path, run = machine("A", lambda _: 2)
    results = tuple(
        replace(result, case=replace(result.case, device=Device.CUDA))
        for result in run.results
    )
    gpu = replace(
        run,
        results=results,
        environment=replace(run.environment, gpu="Example GPU"),
    )

    shared = shared_view(kinds_of([(path, run), (Path("gpu.json"), gpu)]))

    assert [kind.label for kind in shared.kinds] == ["A", "Example GPU"]
    assert shared.count == 4


def test_a_file_of_two_devices_is_two_kinds(machine, make_result, make_case):
    path, run = machine("A", lambda _: 2)
    results = tuple(
        replace(result, case=replace(result.case, device=Device.CUDA))
        for result in run.results
    )
    both = replace(
        run,
        results=(*run.results, *results),
        environment=replace(run.environment, gpu="Example GPU"),
    )
    other = machine("B", lambda _: 2)

    kinds = kinds_of([(path, both), other])

    assert [kind.label for kind in kinds] == ["A", "Example GPU", "B"]


def test_machines_of_one_name_are_told_apart_by_what_differs(machine):
    files = [
        machine("A", lambda _: 2, cpu_capability="AVX2"),
        machine("A", lambda _: 2, cpu_capability="AVX512"),
    ]
    versions = [
        machine("A", lambda _: 2, torch="2.13.0+cpu"),
        machine("A", lambda _: 2, torch="2.14.0+cpu"),
    ]

    assert [kind.label for kind in kinds_of(files)] == [
        "A with AVX2",
        "A with AVX512",
    ]
    assert [kind.label for kind in kinds_of(versions)] == [
        "A with AVX2 and PyTorch 2.13.0+cpu",
        "A with AVX2 and PyTorch 2.14.0+cpu",
    ]


def test_files_that_can_t_be_on_one_scale_are_refused_in_one_line(machine):
    first, second = machine("A", lambda _: 2), machine("B", lambda _: 2)
    other = replace(second[1], turn=TurnValue.MEDIAN)
    apart = machine("B", lambda _: 2, hidden=(32,))

    with pytest.raises(ResultsError, match=r"the same kind of machine as A\.json"):
        kinds_of([first, (Path("again.json"), first[1])])
    with pytest.raises(ResultsError, match="not the same statistic"):
        kinds_of([first, (second[0], other)])
    with pytest.raises(ResultsError, match=r"A\.json has 4, B\.json has 2"):
        shared_view(kinds_of([first, apart]))
    with pytest.raises(ResultsError, match="nothing was measured"):
        kinds_of([first, (second[0], replace(second[1], results=()))])


LOGS = st.lists(st.floats(-1, 1), min_size=1, max_size=4)


@given(st.lists(LOGS, min_size=2, max_size=4))
def test_agreement_and_gap_do_not_depend_on_the_order_of_machines(ratio, samples):
    ratios = [ratio(*logs) for logs in samples]

    one, other = SharedRatio(tuple(ratios)), SharedRatio(tuple(reversed(ratios)))

    assert one.agreement == other.agreement
    assert one.gap.estimate == pytest.approx(other.gap.estimate)
    assert one.gap.estimate >= 1 - 1e-12
