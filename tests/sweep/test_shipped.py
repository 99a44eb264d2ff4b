import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnnbench.model.errors import SweepError
from rnnbench.sweep.load import load_sweep
from rnnbench.sweep.shipped import SCHEMA, find_sweep, shipped_sweeps

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("sweep", shipped_sweeps(), ids=lambda sweep: sweep.name)
def test_each_shipped_sweep_loads_and_has_the_listed_question(sweep):
    record = load_sweep(sweep.path).record

    assert (record.name, record.question) == (sweep.name, sweep.question)


def test_every_sweep_of_the_repository_is_shipped():
    names = [sweep.name for sweep in shipped_sweeps()]

    assert names == sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))
    assert "quick" in names


def test_a_name_finds_the_shipped_sweep_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick").mkdir()

    found = find_sweep("quick")

    assert found.is_file()
    assert found.read_bytes() == (ROOT / "configs/quick.yaml").read_bytes()


def test_a_file_of_that_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick").touch()

    assert find_sweep("quick") == Path("quick")


@pytest.mark.parametrize("given", ["quick.yaml", "./nosuch.yaml", "folder/quick"])
def test_what_looks_like_a_path_is_taken_as_one(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert find_sweep(given) == Path(given)


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SweepError, match=r"quik: no such file.* \(quick\?\)"):
        find_sweep("quik")


@pytest.fixture(scope="module")
def installed(tmp_path_factory, wheel):
    """A folder in which nothing but the built wheel is installed."""
    target = tmp_path_factory.mktemp("site")
    run([sys.executable, "-m", "zipfile", "-e", wheel, target], cwd=target)
    return target


def run(command, **options):
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_holds_the_sweeps_and_the_suites(installed):
    def names(folder, pattern):
        return sorted(path.name for path in folder.glob(pattern))

    package = installed / "rnnbench"
    sweeps, suites = package / "sweep/configs", package / "suites"

    assert names(sweeps, "*") == names(ROOT / "configs", "*")
    assert names(suites, "*.py") == names(ROOT / "bench", "*.py")
    assert not any(path.is_symlink() for path in installed.rglob("*"))
    assert {path.name for path in installed.iterdir() if path.is_dir()} == {
        "rnnbench",
        next(installed.glob("*.dist-info")).name,
    }


@pytest.mark.slow
def test_the_installed_suites_collect_the_shipped_sweep_in_an_empty_folder(
    installed, tmp_path
):
    listing = run(
        [
            *(sys.executable, "-m", "pytest", "--pyargs", "rnnbench.suites"),
            *("--collect-only", "-q", "--rnn-sweep", "quick"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )

    assert "test_train[" in listing
    assert "test_inference[" in listing


def test_each_shipped_sweep_names_the_schema_beside_it():
    for sweep in shipped_sweeps():
        line = sweep.path.read_text(encoding="utf-8").splitlines()[1]
        assert line == "# yaml-language-server: $schema=sweep.schema.json"
    assert SCHEMA.parent == sweep.path.parent
    assert SCHEMA.is_file()
