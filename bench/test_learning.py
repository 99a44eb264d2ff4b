"""Learning: steps to a target on tasks that tell layers apart."""

import pytest


@pytest.mark.sweep(phase="learning", default="learning-quick")
def test_learning(case, measure):
    measure(case)
