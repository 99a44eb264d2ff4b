import pytest

from rnnbench.model.case import Allocator
from rnnbench.model.errors import ResultsError
from studies.calibration.samples import Condition, Part, Sample
from studies.calibration.samples_journal import Header, SampleJournal

HEADER = Header(machine="m", versions="v")
MEASURING = dict.fromkeys(Part, "d")


def sample(**values):
    whole = {
        "part": Part.AA,
        "condition": Condition.IDLE,
        "allocator": Allocator.STEADY,
        "launch": 0,
        "cell": "a cell",
        "values": {"gru/gru": 0.01},
        "calls": {"gru": 1e-3},
        "wall": 1.0,
        "inside": 0.8,
    }
    return Sample(**(whole | values))


def start(path, header=HEADER, measuring=MEASURING, **options):
    return SampleJournal.start(path, header, measuring, **{"resume": True} | options)


def test_what_was_recorded_is_read_again(tmp_path):
    one, other = sample(), sample(launch=1, rough=("gru/gru",))
    with start(tmp_path / "j") as journal:
        journal.record(one)
        journal.record(other)

    with start(tmp_path / "j") as again:
        assert list(again.samples.values()) == [one, other]


def test_a_new_journal_begins_with_what_was_published(tmp_path):
    path = tmp_path / "j"
    published = [sample(), sample(launch=1)]

    with start(path, published=published) as journal:
        journal.record(sample(launch=2))
    with start(path, published=published) as again:
        assert [one.launch for one in again.samples.values()] == [0, 1, 2]


def test_a_fresh_journal_begins_with_nothing(tmp_path):
    path = tmp_path / "j"
    start(path).close()
    published = [sample()]

    with start(path, resume=False, published=published) as fresh:
        assert fresh.samples == {}
    with start(path, published=published) as again:
        assert again.samples == {}


def test_a_line_that_a_kill_left_torn_is_cut_off(tmp_path):
    path = tmp_path / "j"
    with start(path) as journal:
        journal.record(sample())
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines()[1][:50])

    with start(path) as again:
        again.record(sample(launch=1))

    with start(path) as last:
        assert [one.launch for one in last.samples.values()] == [0, 1]


def test_samples_of_another_machine_are_refused_and_kept(tmp_path):
    path = tmp_path / "j"
    with start(path) as journal:
        journal.record(sample())
    other = Header(machine="another", versions="v")

    with pytest.raises(ResultsError, match=r"its machine is 'm'.*--fresh"):
        start(path, other)
    with start(path, other, resume=False) as fresh:
        assert fresh.samples == {}

    assert len(list(tmp_path.iterdir())) == 2


def test_what_other_code_measured_counts_for_nothing_part_by_part(tmp_path):
    path = tmp_path / "j"
    settled = sample(part=Part.SETTLE)
    with start(path) as journal:
        journal.record(sample())
        journal.record(settled)
    newer = {**MEASURING, Part.AA: "newer"}

    with start(path, measuring=newer) as again:
        assert list(again.samples.values()) == [settled]
        again.record(sample(wall=2.0))
    with start(path, measuring=newer) as last:
        assert list(last.samples.values()) == [settled, sample(wall=2.0)]
    with start(path) as older:
        assert list(older.samples.values()) == [sample(), settled]


@pytest.mark.parametrize(
    "line",
    ["[]", "{}", '{"kind":"Other"}', '{"kind":"Sample","cell":"s"}', "\udcff", "[" * 9],
)
def test_a_line_that_is_none_of_ours_is_named(tmp_path, line):
    path = tmp_path / "j"
    start(path).close()
    with path.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{line}\n")

    with pytest.raises(ResultsError, match="j:2: "):
        start(path)
