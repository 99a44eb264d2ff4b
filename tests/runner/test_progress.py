import pytest

from rnnbench.runner.progress import ProgressLine, clock, sentence
from rnnbench.runner.scheduler import Progress


class Writer:
    def __init__(self, *, hasmarkup):
        self.hasmarkup = hasmarkup
        self.fullwidth = 60
        self.text = ""

    def write(self, msg, *, flush=False):
        self.text += msg

    def line(self, s=""):
        self.text += s + "\n"


def progress(done=3, left=61.0):
    return Progress(at="lstm", done=done, total=9, elapsed=30, left=left)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (187, "3:07")]
)
def test_a_clock_shows_minutes_and_seconds(seconds, text):
    assert clock(seconds) == text


def test_a_sentence_says_how_far_how_long_and_what():
    assert sentence(progress()) == "rnnbench 3/9, 0:30, about 1:01 left: lstm"
    assert sentence(progress(left=None)) == "rnnbench 3/9, 0:30: lstm"


def test_a_terminal_gets_one_line_that_fits_it():
    writer = Writer(hasmarkup=True)
    line = ProgressLine(writer)

    line.show(progress())
    line.close()

    assert writer.text.startswith("\n\rrnnbench 3/9")
    assert max(len(part) for part in writer.text.splitlines()) < 60


def test_a_log_gets_plain_lines_and_not_one_a_pass(monkeypatch):
    now = iter(range(0, 100, 4))
    monkeypatch.setattr("rnnbench.runner.progress.time.monotonic", lambda: next(now))
    writer = Writer(hasmarkup=False)
    line = ProgressLine(writer)

    for done in range(9):
        line.show(progress(done))

    assert "\r" not in writer.text
    assert 2 <= writer.text.count("rnnbench") <= 4
