"""Inference: one forward pass, nothing kept for autograd."""

import pytest


@pytest.mark.sweep(phase="inference")
def test_inference(case, measure):
    measure(case)
