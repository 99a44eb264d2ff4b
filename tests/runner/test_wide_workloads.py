"""Many workloads judged at once: as the stop rule judges each of them."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import Case
from rnnbench.model.run import Turns
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner.journal import Pass
from rnnbench.runner.stop_rule import is_narrow, widest
from rnnbench.runner.wide_workloads import wide_workloads

LAYERS = ("lstm", "gru", "rnn_tanh")


def workloads(layers, count):
    cases = [
        Case(layer=layer, input_size=8, hidden_size=size, seq_len=4, batch_size=2)
        for size in range(1, count + 1)
        for layer in layers
    ]
    return group(cases, DEFAULT_COMPARE)


def made_passes(draw, workload, launches, *, noise, rough, gaps):
    """Passes of a workload by their launch; some are disturbed, or lack a member."""
    found = {}
    for launch in launches:
        rounds = draw.choice((4, 5))

        def turns(launch=launch, rounds=rounds):
            level = 10 ** draw.uniform(-6, 0) if noise > 1 else 1e-3
            level *= math.exp(draw.gauss(0, noise))
            seconds = tuple(level * draw.uniform(1, 1.1) for _ in range(rounds))
            disturbed = draw.randrange(rounds + 1) if draw.random() < rough else 0
            return Turns(launch, seconds, rough=disturbed)

        members = [
            case.id for case in workload.members if not gaps or draw.random() > 0.1
        ]
        found[launch] = Pass(
            launch=launch,
            workload=workload.id,
            turns={member: turns() for member in members},
            yardstick=turns(),
            inside_turns=0.0,
            wall=0.0,
        )
    return found


@given(
    layers=st.lists(st.sampled_from(LAYERS), min_size=1, max_size=3, unique=True),
    launches=st.integers(1, 12),
    noise=st.sampled_from([0.0, 1e-9, 0.01, 0.3, 5.0]),
    rough=st.sampled_from([0.0, 0.3, 1.0]),
    gaps=st.booleans(),
    ends=st.booleans(),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_workloads_are_judged_as_the_stop_rule_judges_each(
    *, layers, launches, noise, rough, gaps, ends, seed, data
):
    draw = random.Random(seed)
    wanted = workloads(layers, 6)
    passes = [
        made_passes(draw, each, range(launches), noise=noise, rough=rough, gaps=gaps)
        for each in wanted
    ]
    ended = {wanted[0].members[0].id} if ends else set()
    widths = [
        widest(each, done.values(), without=ended)
        for each, done in zip(wanted, passes, strict=True)
    ]
    # A precision that is exactly a width, and its neighbours: the last bit decides.
    width = data.draw(st.sampled_from(widths))
    precision = data.draw(
        st.sampled_from(
            [0.02, width, math.nextafter(width, 0), math.nextafter(width, math.inf)]
        )
    )

    found = wide_workloads(
        list(zip(wanted, passes, strict=True)), precision, without=ended
    )

    assert found == [not is_narrow(width, precision) for width in widths]


def test_nothing_to_judge_is_no_error():
    assert wide_workloads([], 0.02, without=()) == []
