"""pyperf: `python suite_pyperf.py --fast -o OUTPUT.json`; a worker builds one cell."""

import pyperf
from names import CELLS


class Late:
    """A callable that is built by its first call, in the process that calls it."""

    def __init__(self, cell):
        self.cell = cell
        self.step = None

    def __call__(self, loops):
        if self.step is None:
            from work import make  # noqa: PLC0415 - the manager needs no torch

            self.step = make(self.cell)
        with self.step.context():
            return timed(self.step.call, loops)


def timed(call, loops):
    # bench_func's own loop; by bench_time_func, so that it can be set up before.
    steps = range(loops)
    began = pyperf.perf_counter()
    for _ in steps:
        call()
    return pyperf.perf_counter() - began


if __name__ == "__main__":
    runner = pyperf.Runner()
    for cell in CELLS:
        runner.bench_time_func(cell, Late(cell))
