"""asv: one benchmark with the cells as its parameter."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from names import CELLS


class Cells:
    params = CELLS
    param_names = ("cell",)

    def setup(self, cell):
        from work import make  # noqa: PLC0415 - not while asv looks for benchmarks

        step = make(cell)
        self.call, self.context = step.call, step.context()
        self.context.__enter__()

    def teardown(self, cell):
        self.context.__exit__(None, None, None)

    def time_cell(self, cell):
        self.call()
