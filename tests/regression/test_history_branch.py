"""The history's branch in a bare repository, and the results files of nights in it."""

import hashlib
import subprocess
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from rnnbench.cli.main import app
from rnnbench.model.errors import ResultsError, RnnbenchError
from rnnbench.regression import history_branch, night_files
from rnnbench.regression.history import add
from rnnbench.regression.history_branch import HistoryBranch
from rnnbench.regression.history_merge import merge
from rnnbench.regression.history_store import load
from rnnbench.storage.results_file import load_run, save_run


@pytest.fixture
def night(tmp_path, make_run, make_result):
    """A night's results file, added to a store and kept there."""

    def make(day, store):
        results = tmp_path / f"night-{day}.json"
        created = f"2026-11-{day:02}T02:00:00+00:00"
        save_run(results, make_run([make_result()], created=created))
        add(load_run(results), store)
        night_files.keep(results, store)
        return results

    return make


@pytest.fixture
def remote(tmp_path):
    path = tmp_path / "project.git"
    subprocess.run(["git", "init", "--quiet", "--bare", path], check=True)
    return str(path)


def branch(remote):
    return HistoryBranch(remote, pause=lambda _: None)


def test_nights_of_two_machines_are_added_and_never_taken_away(tmp_path, night, remote):
    first, second, read = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    night(1, first)
    night(2, second)

    pushed = [branch(remote).push(store, "Run") for store in (first, second, second)]

    assert pushed == [2, 2, 0]
    assert branch(remote).fetch(read) == 4
    assert len(load(read).entries) == 2
    assert load(read).skipped == ()
    assert [path.suffix for path in night_files.kept_files(read)] == [".json"] * 2


def test_a_branch_that_is_not_there_yet_has_no_files(tmp_path, remote):
    assert branch(remote).fetch(tmp_path / "store") == 0


def test_a_push_that_lost_the_race_is_repeated(tmp_path, night, remote, monkeypatch):
    store, other, read = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    night(1, store)
    night(2, other)
    real, raced = history_branch.merge, []

    def race(source, target):
        merged = real(source, target)
        if not raced:
            raced.append(True)
            branch(remote).push(other, "Another night")
        return merged

    monkeypatch.setattr(history_branch, "merge", race)

    assert branch(remote).push(store, "Run") == 2
    monkeypatch.undo()
    assert branch(remote).fetch(read) == 4


def test_a_remote_that_can_t_be_reached_is_one_line_without_the_token(tmp_path, night):
    store = tmp_path / "a"
    night(1, store)
    remote = HistoryBranch(
        str(tmp_path / "nowhere"), token="secret", pause=lambda _: None
    )

    with pytest.raises(RnnbenchError) as error:
        remote.push(store, "Run")

    assert "nowhere" in str(error.value)
    assert "secret" not in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_the_night_before_is_that_of_the_same_machine(tmp_path, night):
    store = tmp_path / "store"
    results = [night(day, store) for day in (1, 2, 3)]
    elsewhere = tmp_path / "elsewhere.json"
    run = load_run(results[0])
    other = replace(run.environment, cpu_model="Another CPU")
    save_run(
        elsewhere, replace(run, environment=other, created="2026-11-02T05:00:00+00:00")
    )
    night_files.keep(elsewhere, store)

    before = [night_files.night_before(path, store) for path in results]

    assert before[0] is None
    assert load_run(before[1]).created == load_run(results[0]).created
    assert load_run(before[2]).created == load_run(results[1]).created
    assert night_files.night_before(elsewhere, store) is None


@pytest.mark.parametrize("fault", ["changed", "renamed", "moved", "no run"])
def test_a_kept_file_that_is_not_what_its_name_says_is_refused(tmp_path, night, fault):
    source, store = tmp_path / "a", tmp_path / "b"
    night(1, source)
    (kept,) = night_files.kept_files(source)
    if fault == "changed":
        kept.write_bytes(kept.read_bytes() + b" ")
    elif fault == "renamed":
        kept.rename(kept.with_name("night.json"))
    elif fault == "moved":
        folder = kept.parent.with_name("example-0123456789ab")
        kept.parent.rename(folder)
    else:
        digest = hashlib.sha256(b"{}").hexdigest()[:16]
        kept.with_name(f"20261101T020000Z-{digest}.json").write_bytes(b"{}")
        kept.unlink()

    merged = merge(source, store)

    assert len(merged.refused) == 1
    assert not merged.is_whole
    assert night_files.kept_files(store) == []


def test_a_results_file_that_is_none_is_not_kept(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{}")

    with pytest.raises(ResultsError):
        night_files.keep(path, tmp_path / "store")


def test_a_store_that_is_not_there_is_no_empty_push(remote, tmp_path):
    done = CliRunner().invoke(
        app, ["history", "push", remote, "--store", str(tmp_path / "none")]
    )

    assert done.exit_code == 2
    assert "no such folder" in done.output
