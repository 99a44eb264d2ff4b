"""Forward: one forward pass in training mode, the graph kept."""

import pytest


@pytest.mark.sweep(phase="forward")
def test_forward(case, measure):
    measure(case)
