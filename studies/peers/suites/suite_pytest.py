"""pytest-benchmark: one test for each cell, as its documentation shows."""

import pytest
from names import CELLS
from work import make


@pytest.mark.parametrize("cell", CELLS)
def test_cell(benchmark, cell):
    step = make(cell)
    with step.context():
        benchmark(step.call)
