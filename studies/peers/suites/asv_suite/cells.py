"""asv: one benchmark with the cells as its parameter.

It has no `setup`: asv_runner 0.3 calls that again before each timed call, and times
each alone, so what it reads is the first call of one new layer after another. A process
has one cell, and the first of its warming calls builds it.
"""

import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from names import CELLS
from work import make

ENTERED = ExitStack()


@cache
def called(cell):
    """The call of a cell; what it is called under is entered once, as in a turn."""
    step = make(cell)
    ENTERED.enter_context(step.context())
    return step.call


class Cells:
    params = CELLS
    param_names = ("cell",)
    # With the default of 0.1 s the first training step, which takes as long, is all of
    # it, and a sample is then one call.
    warmup_time = 0.5

    def time_cell(self, cell):
        called(cell)()
