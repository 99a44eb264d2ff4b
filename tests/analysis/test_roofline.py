from dataclasses import replace

import pytest

from rnnbench.analysis.ratio import absolute
from rnnbench.analysis.roofline import Bound, Position, place, ridge
from rnnbench.model.cost import least_bytes, step_flops, weight_bytes_again
from rnnbench.model.profile import Kind

LARGE = {"input_size": 512, "hidden_size": 512, "seq_len": 50, "batch_size": 64}


def position_of(result, ceilings):
    return place(result, absolute(result.turns), ceilings)


@pytest.fixture
def at(make_case, make_result, make_turns, make_ceiling):
    """The position of a case that takes this share of the roof's time."""

    def position(share, *, profile=None, ceiling=None, **values):
        case, over = make_case(**values), ceiling or make_ceiling()
        flops = step_flops(case)
        roof = min(over.flops, flops / least_bytes(case) * over.bytes)
        turns = make_turns(flops / roof / share, noise=0)
        return position_of(make_result(case, turns=turns, profile=profile), (over,))

    return position


@pytest.fixture
def placed(make_case, make_result, make_ceiling):
    """A measured case under one ceiling."""
    return lambda values, ceiling: position_of(
        make_result(make_case(**values)), (make_ceiling(**ceiling),)
    )


def test_the_numbers_are_those_of_the_closed_forms_and_the_clock(
    make_case, make_result, make_turns, make_ceiling
):
    case = make_case(**LARGE)
    flops, least = 2 * 4 * 512 * 1024 * 50 * 64, least_bytes(case)
    turns = make_turns(0.5, noise=0)

    found = position_of(make_result(case, turns=turns), (make_ceiling(),))

    assert isinstance(found, Position)
    assert found.intensity == flops / least
    assert found.attained == pytest.approx(flops / 0.5)
    assert found.roof == 1e11
    assert found.share == pytest.approx(flops / 0.5 / 1e11)


def test_left_of_the_ridge_the_roof_is_the_memory_s(at, make_ceiling):
    found = at(0.9, input_size=1, hidden_size=2, batch_size=1, seq_len=1)

    assert ridge(make_ceiling()) == 10
    assert found.intensity < 10
    assert found.roof == found.intensity * 1e10
    assert found.bound is Bound.MEMORY


@pytest.mark.parametrize(
    ("share", "bound"),
    [
        (1.1, Bound.COMPUTE),
        (0.9, Bound.COMPUTE),
        (0.21, Bound.COMPUTE),
        (0.19, Bound.OVERHEAD),
        (0.001, Bound.OVERHEAD),
    ],
)
def test_far_below_the_roof_it_is_overhead(at, share, bound):
    assert at(share, **LARGE).bound is bound


@pytest.mark.parametrize(
    ("kinds", "bound"),
    [
        (((Kind.FRAMEWORK, 0.6), (Kind.MATRIX, 0.4)), Bound.OVERHEAD),
        (((Kind.IDLE, 0.3), (Kind.FRAMEWORK, 0.3), (Kind.MATRIX, 0.4)), Bound.OVERHEAD),
        (((Kind.FRAMEWORK, 0.4), (Kind.MATRIX, 0.6)), Bound.COMPUTE),
        ((), Bound.COMPUTE),
    ],
)
def test_a_profile_of_mostly_no_operator_is_overhead(at, make_profile, kinds, bound):
    profile = make_profile(seconds=1.0, kinds=kinds)

    assert at(0.3, profile=profile, **LARGE).bound is bound


def test_overhead_is_dispatch_on_a_cpu_and_launches_on_a_gpu(at, make_ceiling):
    on_gpu = at(0.1, device="cuda", ceiling=make_ceiling(device="cuda"), **LARGE)

    assert "dispatching operators" in at(0.1, **LARGE).reason
    assert "launching kernels" in on_gpu.reason


def test_weights_that_are_read_at_each_step_are_a_matter_of_memory(
    make_case, make_result, make_turns, make_ceiling
):
    case = make_case(hidden_size=2048, input_size=8, batch_size=1, seq_len=100)
    turns = make_turns(weight_bytes_again(case) / 1e10 / 0.8, noise=0)

    found = position_of(make_result(case, turns=turns), (make_ceiling(),))

    assert found.share < 0.2
    assert found.bound is Bound.MEMORY
    assert "at 80% of a copy's rate" in found.reason


@pytest.mark.parametrize(
    ("values", "ceiling", "found"),
    [
        ({}, {}, True),
        ({"threads": 2}, {}, False),
        ({"dtype": "bfloat16"}, {}, False),
        ({"dtype": "bfloat16"}, {"dtype": "bfloat16"}, True),
        ({"dtype": "autocast_bfloat16"}, {"dtype": "bfloat16"}, True),
        ({"dtype": "autocast_bfloat16"}, {"dtype": "float32"}, False),
        ({"device": "cuda"}, {}, False),
        ({"device": "cuda", "threads": 4}, {"device": "cuda"}, True),
        ({}, {"flops": 0.0}, False),
        ({}, {"bytes": 0.0}, False),
    ],
)
def test_a_case_stands_under_a_ceiling_of_its_own_kind(placed, values, ceiling, found):
    position = placed(values, ceiling)

    assert isinstance(position, Position) == found
    if not found:
        assert "no ceiling was measured for" in position


def test_the_exact_type_goes_before_what_autocast_computes_in(
    make_case, make_result, make_ceiling
):
    exact = make_ceiling(dtype="autocast_bfloat16", flops=2e11)
    ceilings = (make_ceiling(dtype="bfloat16"), exact)

    found = position_of(make_result(make_case(dtype="autocast_bfloat16")), ceilings)

    assert found.ceiling is exact


def test_a_layer_of_the_user_s_own_has_no_known_work(
    make_case, make_result, make_ceiling
):
    result = make_result(make_case(layer="mine:GRU"))

    assert "is unknown" in position_of(result, (make_ceiling(),))


def test_what_was_not_measured_has_no_place(make_result, make_ceiling):
    result = replace(make_result(), turns=())

    assert position_of(result, (make_ceiling(),)) == "not measured"
