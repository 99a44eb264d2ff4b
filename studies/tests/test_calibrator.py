"""Stages carried out with a worker that is none of torch's."""

import sys
from contextlib import contextmanager
from dataclasses import replace
from math import log
from pathlib import Path

import pytest

from rnnbench.model.case import Allocator
from rnnbench.model.errors import CampaignError
from studies.calibration.calibrator import Calibrator
from studies.calibration.cells import Cell, cells_of
from studies.calibration.samples import Condition, Part
from studies.calibration.samples_journal import Header, SampleJournal
from studies.calibration.stages import Stage

FAKE = (
    sys.executable,
    str(Path(__file__).parents[2] / "tests" / "data" / "fake_worker.py"),
)
HEADER = Header(machine="m", versions="v")
MEASURING = dict.fromkeys(Part, "d")


def stage(part, *, launches=2, count=2, condition=Condition.IDLE, layer="", **values):
    cells = tuple(
        replace_layer(cell, layer) if layer else cell
        for cell in cells_of(part, Allocator.STEADY)[:count]
    )
    whole = {
        "part": part,
        "condition": condition,
        "allocator": Allocator.STEADY,
        "launches": launches,
        "cells": cells,
    }
    return Stage(**(whole | values))


def replace_layer(cell, layer):
    """The same cell, its LSTMs replaced by a layer that fails."""
    members = tuple(
        replace(one, case=replace(one.case, layer=layer))
        if one.case.layer == "lstm"
        else one
        for one in cell.members
    )
    return Cell(id=cell.id, members=members, comparisons=cell.comparisons)


def carry_out(path, *stages, show=lambda _: None):
    with SampleJournal.start(path, HEADER, MEASURING, resume=True) as journal:
        calibrator = Calibrator(journal=journal, show=show, command=FAKE)
        for one in stages:
            calibrator.carry_out(one)
    return calibrator


def samples(calibrator):
    return list(calibrator.journal.samples.values())


def test_equal_layers_are_two_members_each_of_every_launch(tmp_path):
    done = carry_out(tmp_path / "j", stage(Part.AA))

    found = samples(done)
    assert sorted({(one.launch, one.cell) for one in found}) == sorted(
        (launch, cell.id)
        for launch in range(2)
        for cell in cells_of(Part.AA, Allocator.STEADY)[:2]
    )
    for one in found:
        assert set(one.values) == {"gru/gru", "lstm/lstm", "gru/lstm", "gru2/lstm2"}
        assert one.values["gru/gru"] == pytest.approx(0, abs=0.01)
        assert one.values["gru2/lstm2"] == pytest.approx(log(1.5), abs=0.01)
        assert set(one.calls) == {"gru", "gru2", "lstm", "lstm2"}
        assert one.inside > 0


def test_what_was_slowed_is_held_against_what_was_not(tmp_path):
    done = carry_out(tmp_path / "j", stage(Part.INJECTED))

    gru = next(one for one in samples(done) if one.cell.startswith("gru"))
    assert list(gru.values) == ["gru+1%", "gru+2%", "gru+3%", "gru+5%"]
    assert gru.values["gru+5%"] == pytest.approx(log(1.05), abs=0.01)


def test_a_ratio_is_read_by_turns_and_by_blocks(tmp_path):
    done = carry_out(tmp_path / "j", stage(Part.SETTLE))

    for one in samples(done):
        assert set(one.values) == {"turns", "blocks"}
        assert set(one.calls) == {"gru", "lstm"}


def test_the_floor_is_seconds(tmp_path):
    done = carry_out(tmp_path / "j", stage(Part.FLOOR))

    assert [one.values for one in samples(done)] == [
        {"empty": 2e-8, "clock": 4e-8, "resolution": 1e-9}
    ] * 2


def test_a_whole_rerun_leaves_its_printed_ratios(tmp_path):
    done = carry_out(tmp_path / "j", stage(Part.REPEAT, launches=1))

    found = samples(done)
    assert [one.launch for one in found] == [0, 0]
    for one in found:
        assert one.values["gru/lstm"] == pytest.approx(log(1.5), abs=0.01)
        assert one.calls["lstm"] == pytest.approx(1e-3, rel=0.01)
        assert one.inside > 0


def test_what_was_measured_is_not_measured_again(tmp_path):
    first = carry_out(tmp_path / "j", stage(Part.AA, launches=1))
    seen = []

    second = carry_out(tmp_path / "j", stage(Part.AA, launches=2), show=seen.append)
    third = carry_out(tmp_path / "j", stage(Part.AA, launches=2), show=seen.append)

    assert seen[-1].total == 2
    assert first.journal.samples.items() <= second.journal.samples.items()
    assert third.journal.samples == second.journal.samples


def test_with_the_systems_allocator_each_cell_has_a_process_of_its_own(
    tmp_path, monkeypatch
):
    started = []
    start = "studies.calibration.calibrator.Worker.start"
    monkeypatch.setattr(start, counting(started))

    carry_out(tmp_path / "j", stage(Part.AA, allocator=Allocator.SYSTEM))

    assert [setting.allocator for setting in started] == [Allocator.SYSTEM] * 4


@pytest.mark.slow_study
def test_a_rerun_with_the_systems_allocator_is_whole_and_says_so(tmp_path):
    cells = cells_of(Part.REPEAT, Allocator.SYSTEM)[:2]
    order = stage(Part.REPEAT, launches=1, allocator=Allocator.SYSTEM, cells=cells)
    seen = []

    done = carry_out(tmp_path / "j", order, show=seen.append)

    assert [(one.allocator, one.cell) for one in samples(done)] == [
        (Allocator.SYSTEM, cell.id) for cell in cells
    ]
    assert {one.at.partition(",")[0] for one in seen} == {"re-run 1"}
    # Both at once, so that nothing is said to be done before the end.
    assert {one.done for one in seen[:-1]} == {0}


def counting(started):
    from rnnbench.runner.worker_process import Worker  # noqa: PLC0415 - before it is replaced

    real = Worker.start

    async def start(setting, job, command):
        started.append(setting)
        return await real(setting, job, command)

    return start


def test_a_layer_that_fails_is_left_out_and_said(tmp_path):
    bad = stage(Part.AA, launches=1, layer="fake:raises")

    done = carry_out(tmp_path / "j", bad)

    assert samples(done) == []
    assert len(done.missed) == 2
    assert "ValueError: no" in done.missed[0]


def test_a_worker_that_dies_once_costs_one_cell(tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_MARK", str(tmp_path / "mark"))
    cells = cells_of(Part.AA, Allocator.STEADY)[:3]
    some = (replace_layer(cells[0], "fake:once"), *cells[1:])

    done = carry_out(tmp_path / "j", stage(Part.AA, launches=1, cells=some))

    assert {one.cell for one in samples(done)} == {cell.id for cell in cells[1:]}
    assert "SIGKILL" in done.missed[0]


def test_what_dies_three_times_in_a_row_is_a_line(tmp_path):
    bad = stage(Part.AA, launches=3, layer="fake:segfault")

    with pytest.raises(CampaignError, match=r"died 3 times in a row: .*SIGSEGV"):
        carry_out(tmp_path / "j", bad)


def test_a_worker_that_can_not_start_is_a_line(tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_SCHEMA", "99")

    with pytest.raises(CampaignError, match="schema 99"):
        carry_out(tmp_path / "j", stage(Part.FLOOR))


def test_bursts_run_while_a_stage_does_and_no_longer(tmp_path, monkeypatch):
    running = []

    @contextmanager
    def load():
        running.append("on")
        yield
        running.append("off")

    monkeypatch.setattr("studies.calibration.calibrator.bursts", load)

    carry_out(
        tmp_path / "j",
        stage(Part.FLOOR),
        stage(Part.FLOOR, condition=Condition.BURSTS),
    )

    assert running == ["on", "off"]
