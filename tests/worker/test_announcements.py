"""What a worker announced, found in what it printed."""

from rnnbench.worker.announcements import last_announced, without_announcements
from rnnbench.worker.protocol import announcement


def test_the_last_announcement_counts_whatever_is_printed_around_it():
    text = (
        announcement("build", 0)
        + b"half a line"
        + announcement("turn", 12)
        + b"rnnbench-at is not announced here\n"
    )

    assert last_announced(text) == ("turn", 12)


def test_nothing_is_announced_in_an_empty_text():
    assert last_announced(b"") is None


def test_what_else_was_printed_is_kept_for_the_reason():
    text = b"Segmentation" + announcement("turn", 3) + b" fault\n"

    said = without_announcements(text)

    assert "Segmentation" in said
    assert "fault" in said
    assert "rnnbench-at" not in said
