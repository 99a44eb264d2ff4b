"""What is guessed of a case before anything of it is built."""

import pytest

from rnnbench.model.case import Case, Dtype
from rnnbench.runner.footprint import is_heavy


def case(hidden_size, layer="lstm", **changes):
    return Case(
        layer=layer,
        input_size=64,
        hidden_size=hidden_size,
        seq_len=16,
        batch_size=1,
        **changes,
    )


@pytest.mark.parametrize(
    ("one", "heavy"),
    [
        (case(256), False),
        (case(256, num_layers=2), False),
        (case(512), True),
        (case(512, dtype=Dtype.BFLOAT16), False),
        (case(512, layer="rnn_tanh"), False),
        (case(512, layer="my.layers:slow"), True),
    ],
)
def test_what_outgrows_a_core_s_own_cache_is_heavy(one, heavy):
    assert is_heavy(one) is heavy
