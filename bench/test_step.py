"""Step: forward, backward, and one step of the optimizer."""

import pytest


@pytest.mark.sweep(phase="step")
def test_step(case, measure):
    measure(case)
