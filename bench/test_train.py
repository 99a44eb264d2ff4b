"""Training: one forward and one backward pass."""

import pytest


@pytest.mark.sweep(phase="train")
def test_train(case, measure):
    measure(case)
