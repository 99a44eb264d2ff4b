import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from rnnbench.model.errors import ResultsError
from rnnbench.report.kinds.kinds_answer import kinds_headline, kinds_lead
from rnnbench.report.kinds.kinds_page import render_kinds
from rnnbench.report.kinds.machine_kind import kinds_of
from rnnbench.report.kinds.shared_ratios import shared_view
from rnnbench.report.sentences import plain

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e"


def words_of(page):
    text = re.sub(r"<(style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.mark.parametrize(
    ("factors", "headline"),
    [
        ((2, 3), "The LSTM is faster on both machines."),
        ((2, 3, 4), "The LSTM is faster on all 3 machines."),
        ((0.5, 0.8), "The GRU is faster on both machines."),
        ((2, 0.5), "GRU or LSTM? It depends on the machine."),
    ],
)
def test_the_headline_says_who_wins_where(machine, factors, headline):
    files = [
        machine(f"CPU {number}", lambda _, factor=factor: factor, seed=number)
        for number, factor in enumerate(factors, start=1)
    ]

    assert plain(kinds_headline(shared_view(kinds_of(files)))) == headline


def test_machines_that_agree_by_phase_are_said_to_by_phase(machine):
    def factor(case):
        return 0.5 if case.phase == "train" else 2

    kinds = kinds_of([machine("A", factor), machine("B", factor, seed=9)])

    assert plain(kinds_headline(shared_view(kinds))) == (
        "Faster on both machines: the LSTM for inference and the GRU for training."
    )


def test_the_lead_counts_ratios_and_names_the_widest_gap(two_machines):
    lead = [plain(sentence) for sentence in kinds_lead(shared_view(two_machines))]

    assert lead == [
        (
            "With PyTorch’s defaults a GRU takes 2.0×\u00a0/\u00a02.0× as long as an "
            "LSTM (inference / training) on Slow and 2.0×\u00a0/\u00a01.0× on Fast."
        ),
        (
            "3 of 4 ratios have the same winner on both machines, and 1 has different "
            "winners."
        ),
        (
            "The same ratio is up to 4.0× as large on one machine as on another "
            "(hidden size 64, training)."
        ),
    ]


def test_a_difference_of_versions_is_not_passed_off_as_one_of_machines(machine):
    kinds = kinds_of(
        [
            machine("A", lambda _: 2),
            machine("B", lambda _: 3, seed=9, torch="2.12.1+cpu"),
        ]
    )

    assert plain(kinds_lead(shared_view(kinds))[-1]) == (
        "The machines ran different versions of PyTorch (2.12.1 and 2.13.0): a "
        "difference may come from the version."
    )


def test_the_page_shows_each_ratio_on_each_machine_with_its_interval(two_machines):
    words = words_of(render_kinds(shared_view(two_machines)))

    assert "2 kinds of machines, 4 ratios measured on all of them" in words
    assert "Ratios with different winners" in words
    assert re.search(
        r"hidden size 64 training [12]\.\d\d× \S+ to \S+ 0\.[45]\d*× ", words
    )
    assert "GRU ÷ LSTM, 4 ratios" in words


def test_settings_are_compared_across_machines_as_well(make_sweep, simulate, machine):
    files = []
    for number, factor in enumerate((2, 0.5)):
        run = simulate(
            make_sweep(layer=["lstm"], bidirectional=[True, False]),
            lambda case, factor=factor: 1e-3 * (factor if case.bidirectional else 1),
            compare=("bidirectional",),
            noise=0.002,
        )
        path, other = machine(f"CPU {number}", lambda _: 1)
        files.append((path, replace(run, environment=other.environment)))

    words = words_of(render_kinds(shared_view(kinds_of(files))))

    assert "0 of 1 ratio has the same verdict on both machines." in words
    assert "bidirectional ÷ one direction, LSTM" in words


def test_hostile_names_are_text_on_the_page(machine):
    first = machine(HOSTILE, lambda _: 2)
    second = machine("B", lambda _: 2, hidden=(16,), seed=9, torch=HOSTILE)
    first = (first[0].with_name("<b>.json"), first[1])

    page = render_kinds(shared_view(kinds_of([first, second])))

    assert HOSTILE in unescape(page)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>.json" not in page


def test_turns_of_other_ratios_than_the_usual_ones_are_said(
    machine, make_sweep, simulate
):
    files = []
    for number, factor in enumerate((2, 0.5)):
        path, run = machine(f"CPU {number}", lambda _: 2)
        both = simulate(
            make_sweep(layer=["lstm", "gru"], bidirectional=[False, True]),
            lambda case, factor=factor: {
                ("gru", False): 2e-3,
                ("gru", True): factor * 1e-3,
            }.get((case.layer, case.bidirectional), 1e-3),
            noise=0.002,
        )
        files.append((path, replace(both, environment=run.environment)))

    shared = shared_view(kinds_of(files))

    lead = [plain(sentence) for sentence in kinds_lead(shared)]
    assert (
        "1 of 1 ratio has the same winner on both machines, and none has different "
        "winners." in lead
    )
    assert "Of the other 1 ratio, 1 has different winners." in lead
    assert "With PyTorch’s defaults, GRU ÷ LSTM: no ratio has different" in words_of(
        render_kinds(shared)
    )


@pytest.mark.parametrize("launches", [1, 6])
def test_one_launch_gives_a_page_without_intervals(machine, launches):
    kinds = kinds_of(
        [
            machine("A", lambda _: 2, launches=launches),
            machine("B", lambda _: 0.5, launches=launches, seed=9),
        ]
    )

    words = words_of(render_kinds(shared_view(kinds)))

    assert ("no interval" in words) is (launches == 1)
    assert "nan" not in words.lower().split()


@pytest.mark.parametrize("is_first", [True, False])
def test_a_file_in_which_nothing_was_measured_is_named(machine, is_first):
    path, run = machine("A", lambda _: 2)
    nothing = replace(run, results=())
    files = [(Path("nothing.json"), nothing), (path, run)][:: 1 if is_first else -1]

    with pytest.raises(ResultsError, match=r"^nothing\.json: nothing was measured$"):
        kinds_of(files)
