import pytest

from rnnbench.model.case import Allocator
from rnnbench.worker.timing.canary import LIMIT
from studies import canary
from studies.calibration.cells import cells_of
from studies.calibration.samples import Part


@pytest.mark.slow_study
def test_each_turn_is_listened_to_before_it_and_none_is_waited_for():
    cell = cells_of(Part.REPEAT, Allocator.STEADY)[0]

    watch = canary.listen(0.0, [cell])

    # The members and the yardstick.
    assert len(watch.readings) >= canary.ROUNDS * (len(cell.members) + 1)
    assert min(watch.readings) >= watch.calm > 0
    assert watch.waited == 0.0


def test_the_table_has_the_share_beyond_each_limit():
    calm = 1e-5
    readings = [calm] * 5 + [1.3 * calm] * 3 + [1.7 * calm] * 2

    first, *lines = canary.table(readings, calm)

    assert first.startswith("10 readings of a canary that takes 10.0 µs")
    assert first.endswith("beyond 1.30 times that")
    assert "beyond 1.25:  50.0%" in lines
    assert f"beyond {LIMIT:.2f}:  20.0%  (the limit)" in lines
    assert lines[-1] == "beyond 2.00:   0.0%"
