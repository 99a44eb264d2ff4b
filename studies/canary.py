"""Readings of the canary between turns on this core: is its limit in a gap?

    python -m studies.canary --seconds 30

Turns are taken as a worker takes them, but without waiting for a calm core; before each
turn the canary is read. The table gives the share of readings beyond multiples of the
fastest. A limit belongs where the share stays the same from one line to the next: below
it the core is calm, beyond it the core's other hardware thread is busy.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field

import torch

from rnnbench.model.case import Allocator, Device
from rnnbench.model.machine import physical_cores
from rnnbench.worker.confine import Confinement
from rnnbench.worker.layers.step import build
from rnnbench.worker.protocol import Rounds
from rnnbench.worker.timing.canary import LIMIT, Watch
from rnnbench.worker.timing.clock import HostClock
from rnnbench.worker.timing.rounds import PreparedWorkload, take_rounds
from rnnbench.worker.timing.turn import warm_up
from rnnbench.worker.timing.yardstick import make_yardstick
from studies.calibration.cells import cells_of
from studies.calibration.samples import Part

TIMES = (1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.5, 1.6, 1.8, 2.0)
ROUNDS = 5


@dataclass(slots=True)
class Listener(Watch):
    """A watch that never waits and keeps its readings, in seconds."""

    readings: list[float] = field(default_factory=list)

    def wait(self):
        self.readings.append(self._canary())


def listen(seconds, cells):
    """Take rounds of cell after cell for `seconds`; the watch with its readings."""
    watch, clock = Listener(), HostClock()
    # One for all cells, as in a worker: they have one device and type.
    yardstick = warm_up(make_yardstick(cells[0].members[0].case), clock)
    watch.begin()
    end = time.perf_counter() + seconds
    while True:
        for cell in cells:
            prepared = PreparedWorkload(
                members=[warm_up(build(one.case), clock) for one in cell.members],
                yardstick=yardstick,
                clock=clock,
                device=Device.CPU,
                watch=watch,
            )
            job = Rounds(seed=0, seconds=cell.seconds, least=ROUNDS, most=ROUNDS)
            take_rounds(prepared, job, lambda _: None)
            if time.perf_counter() >= end:
                return watch


def table(readings, calm):
    """Lines with the number of readings and the share beyond each of TIMES."""
    middle = sorted(readings)[len(readings) // 2] / calm
    yield (
        f"{len(readings)} readings of a canary that takes {calm * 1e6:.1f} µs at its "
        f"fastest; half of them beyond {middle:.2f} times that"
    )
    for times in TIMES:
        beyond = sum(reading > times * calm for reading in readings) / len(readings)
        mark = "  (the limit)" if times == LIMIT else ""
        yield f"beyond {times:.2f}: {beyond:6.1%}{mark}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0)
    seconds = parser.parse_args().seconds
    Confinement(physical_cores()[-1:]).apply()
    torch.set_num_threads(1)
    watch = listen(seconds, cells_of(Part.REPEAT, Allocator.STEADY))
    sys.stdout.write("\n".join(table(watch.readings, watch.calm)) + "\n")


if __name__ == "__main__":
    main()
