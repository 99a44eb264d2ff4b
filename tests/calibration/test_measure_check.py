"""Self-checks measured with a worker that has no torch, and one with torch."""

import signal
import sys
from itertools import count
from pathlib import Path

import pytest

from rnnbench.calibration.answers import answers_of
from rnnbench.calibration.measure_check import CheckOptions, measure_self_check
from rnnbench.model.errors import CampaignError
from rnnbench.worker.protocol import Prepare

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))


def ticking():
    """A clock that goes on by one second each time it is read."""
    ticks = count()
    return lambda: float(next(ticks))


def measure(ticks, *, on_progress=lambda _: None, worker=FAKE):
    options = CheckOptions(seconds=ticks, command="rnnbench calibrate", worker=worker)
    return measure_self_check(options, on_progress, ticking())


@pytest.fixture(scope="module")
def measured():
    return measure(400)


def test_every_member_takes_turns_in_every_launch_until_the_time_is_over(measured):
    check, is_whole = measured

    assert is_whole
    assert check.launches > check.set_launches
    for shape in check.shapes:
        launches = {
            tuple(turns.launch for turns in member.turns) for member in shape.members
        }
        assert len(launches) == 1


def test_slowdowns_are_found_and_equal_layers_are_not_called_different(measured):
    check, _ = measured

    answers = answers_of(check)

    assert answers.different.estimate == 0
    assert dict(answers.found)[0.05].estimate == 1


def test_each_shape_has_each_layer_twice_and_one_of_them_slowed(monkeypatch):
    asked = []
    real = Prepare.__init__

    def spy(self, **values):
        asked.append(values)
        real(self, **values)

    monkeypatch.setattr(Prepare, "__init__", spy)

    measure(60)

    for job in asked:
        members = list(zip(job["cases"], job["slowdowns"], strict=True))
        plain = [case for case, slowdown in members if not slowdown]
        slowed = {case for case, slowdown in members if slowdown}
        assert sorted(case.layer for case in plain) == ["gru", "gru", "lstm", "lstm"]
        assert len(slowed) == 1
        assert slowed < set(plain)
    assert [job["check"] for job in asked].count(True) <= 6


def test_an_interrupt_keeps_what_was_measured():
    def interrupt(progress):
        if progress.done >= 8:
            # As Ctrl-C does: an exception from here would not let workers be ended.
            signal.raise_signal(signal.SIGINT)

    check, is_whole = measure(10_000, on_progress=interrupt)

    assert not is_whole
    assert check.launches >= 1


def test_progress_goes_on_to_the_end():
    told = []

    measure(200, on_progress=told.append)

    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert done[-1] > 0
    assert all(progress.done < progress.total for progress in told)
    assert all(progress.left >= 0 for progress in told)


def test_a_worker_that_cannot_start_is_one_line():
    with pytest.raises(CampaignError, match=r"worker: .*no-such-program") as caught:
        measure(400, worker=("no-such-program",))

    assert "\n" not in str(caught.value)


@pytest.fixture
def failing(tmp_path):
    """A worker that dies in rounds, or refuses a member."""

    def command(old, new):
        source = Path(FAKE[1]).read_text(encoding="utf-8")
        assert old in source
        path = tmp_path / "failing_worker.py"
        path.write_text(source.replace(old, new), encoding="utf-8")
        return (sys.executable, str(path))

    return command


def test_workers_that_die_again_and_again_end_it(failing):
    dying = "def rounds(*_):\n    os._exit(7)\n\n\ndef unused(c"
    worker = failing("def rounds(c", dying)

    with pytest.raises(CampaignError, match=r"3 in a row died: .* exit code 7"):
        measure(4000, worker=worker)


def test_a_member_that_fails_ends_it_with_its_name(failing):
    worker = failing('case.layer == "fake:raises"', 'case.layer == "lstm"')

    with pytest.raises(CampaignError, match=r"lstm.*: ValueError: no"):
        measure(400, worker=worker)


@pytest.mark.slow
def test_a_real_worker_measures_real_layers():
    check, is_whole = measure(16, worker=())

    assert is_whole
    assert check.launches >= 1
    assert check.environment.torch
    seconds = [
        value
        for shape in check.shapes
        for member in shape.members
        for turns in member.turns
        for value in turns.seconds
    ]
    assert seconds
    assert all(0 < value < 1 for value in seconds)
