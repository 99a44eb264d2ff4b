import math
import random

import pytest

from rnnbench.model.case import Case
from rnnbench.model.run import Turns
from rnnbench.model.workload import DEFAULT_COMPARE, Workload
from rnnbench.runner.journal import Pass
from rnnbench.runner.stop_rule import (
    interim_looks,
    member_widths,
    relative_width,
    widest,
)

SHAPE = {"input_size": 8, "hidden_size": 8, "seq_len": 4, "batch_size": 2}
LSTM, GRU, RNN = (Case(layer=layer, **SHAPE) for layer in ("lstm", "gru", "rnn_tanh"))


def passes(spreads, count=6):
    """Launches whose ratio to the yardstick has a standard deviation of its own."""
    draw = random.Random(1)
    return [
        Pass(
            launch=number,
            workload="w",
            turns={
                case.id: Turns(number, (math.exp(draw.gauss(0, spread)),) * 4)
                for case, spread in spreads.items()
            },
            yardstick=Turns(number, (1.0,) * 4),
            inside_turns=0.0,
            wall=0.0,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("launches", "expected"),
    [
        (20, (6, 8, 10, 14, 20)),
        (7, (6, 7)),
        (6, (6,)),
        (1, (1,)),
        (60, (6, 8, 10, 14, 20, 28, 40, 60)),
    ],
)
def test_the_last_look_is_at_the_most_launches(launches, expected):
    assert interim_looks(launches) == expected


def test_the_widest_interval_is_that_of_the_noisiest_pair():
    workload = Workload((LSTM, GRU, RNN), DEFAULT_COMPARE)
    done = passes({LSTM: 0.0, GRU: 0.2, RNN: 0.001})

    widths = member_widths(workload, done, without=())

    assert widths[GRU.id] == widest(workload, done, without=()) > 0.1
    assert widths[RNN.id] < 0.01
    assert widths[LSTM.id] == 0


def test_a_member_that_ended_widens_nothing():
    workload = Workload((LSTM, GRU, RNN), DEFAULT_COMPARE)
    done = passes({LSTM: 0.0, GRU: 0.2, RNN: 0.001})

    assert widest(workload, done, without={GRU.id}) < 0.01


def test_a_member_without_a_reference_is_held_against_the_yardstick():
    workload = Workload((GRU,), DEFAULT_COMPARE)

    width = widest(workload, passes({GRU: 0.1}), without=())

    assert 0.01 < width < 1


def test_one_launch_is_never_narrow():
    assert relative_width([Turns(0, (1.0,))], [Turns(0, (1.0,))]) == math.inf


def test_the_width_does_not_depend_on_the_side_of_one():
    slow = [Turns(number, (2.0 + number / 100,)) for number in range(6)]
    fast = [Turns(number, (1 / (2.0 + number / 100),)) for number in range(6)]
    same = [Turns(number, (1.0,)) for number in range(6)]

    assert relative_width(slow, same) == pytest.approx(relative_width(fast, same))
