"""Bisections of real wheels and real commits, whose fake workers need no torch."""

import json
import os
import random
import runpy
import subprocess
import zipfile
from math import log
from pathlib import Path

import pytest

from rnnbench.regression import gate_run, interleave
from rnnbench.regression.case_pair import Side
from rnnbench.regression.package_versions import PackageVersions

FAKE = Path(__file__).parents[1] / "data" / "fake_gate_worker.py"
SWEEP = """# Which version made the layer slower?
axes:
  layer: gru
  input_size: 8
  hidden_size: 64
  seq_len: 4
  batch_size: 2
"""
CULPRIT, LAST = 5, 8


def source_of(version, factor=1.06):
    return f"FACTOR = {factor if version >= CULPRIT else 1.0}  # {version}\n"


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Workers as fast as the module `tiny_layers` of their side says, counted."""
    started = []

    def command(python, _, paths=()):
        started.append(paths)
        named = ["--module", "tiny_layers", "--paths", os.pathsep.join(paths)]
        named += ["--spread", "0.0001"]
        return (python, str(FAKE), *named)

    monkeypatch.setattr(gate_run, "worker_command", command)
    monkeypatch.setattr(interleave, "PAIR_SECONDS", 0.01)
    # Less noise than of a real layer, and so fewer launches.
    monkeypatch.setattr(gate_run, "LOOKS", (3,))
    (tmp_path / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    # Of the current folder, and imported by no side.
    (tmp_path / "tiny_layers.py").write_text("FACTOR = 9.0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return started


@pytest.fixture
def simulated(measured, monkeypatch):
    """The same without processes: a launch reads the module of each side."""

    class Simulated(interleave.InterleavedLauncher):
        async def read_environments(self):
            environment = runpy.run_path(str(FAKE))["environment"]
            return {side: environment("1.0") for side in Side}

        async def launch(self, pairs):
            base, candidate = (self._factor(side) for side in Side)
            return {
                pair: log(candidate / base) + random.gauss(0, 1e-4) for pair in pairs
            }

        def _factor(self, side):
            command = self.workers.commands[side]
            paths = command[command.index("--paths") + 1].split(os.pathsep)
            files = (Path(folder, "tiny_layers.py") for folder in paths)
            found = {}
            exec(next(filter(Path.exists, files)).read_text("utf-8"), found)
            return found["FACTOR"]

    monkeypatch.setattr(gate_run, "InterleavedLauncher", Simulated)
    return measured


@pytest.fixture
def unpacked(wheels, monkeypatch):
    """Wheels that are unpacked where pip would install them."""

    def install(self, folder, python, version):
        (packages,) = folder.glob("lib/python*/site-packages")
        with zipfile.ZipFile(
            wheels / f"tiny_layers-{version}-py3-none-any.whl"
        ) as file:
            file.extractall(packages)

    monkeypatch.setattr(PackageVersions, "_install", install)
    return wheels


@pytest.fixture
def wheels(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in range(1, LAST + 1):
        build_wheel(folder, version, source_of(version))
    return folder


def build_wheel(folder, version, source, requires=""):
    about = f"tiny_layers-{version}.0.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        "tiny_layers.py": source,
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny-layers\n"
        f"Version: {version}.0\n{needs}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{about}/RECORD"))
    path = folder / f"tiny_layers-{version}.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in (files | {f"{about}/RECORD": record}).items():
            wheel.writestr(name, text)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for version in range(1, LAST + 1):
        (folder / "tiny_layers.py").write_text(source_of(version), encoding="utf-8")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message", f"Version {version}")
        git(folder, "tag", f"v{version}")
    return folder


def git(folder, *arguments):
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    command = ["git", "-C", folder, *name, *arguments]
    return subprocess.check_output(command, text=True)


def of_package(wheels, good=1, bad=LAST):
    source = ["--package", "tiny-layers", "--find-links", wheels]
    ends = ["--good", f"{good}.0", "--bad", f"{bad}.0"]
    return ["bisect", "sweep.yaml", *source, *ends, "--cache", "cache"]


def test_the_version_that_made_the_layer_slower_is_named(run, simulated, unpacked):
    status, out, err = run(*of_package(unpacked), "--output", "bisect.json")

    assert status == 0, err
    assert out.startswith("tiny-layers 5.0 is slower: 1.0")
    document = json.loads(Path("bisect.json").read_text("utf-8"))
    assert document["suspects"] == ["5.0"]
    # Both ends, two or three halvings, and the direct comparison.
    assert 4 <= len(document["comparisons"]) <= 5
    assert "the chance that one is wrong is at most" in out

    # Again: environments and comparisons are known.
    before = len(simulated)
    status, again, err = run(*of_package(unpacked))

    assert (status, again) == (0, out)
    assert len(simulated) == before
    assert "are known already" in err


def test_an_interrupted_search_goes_on_where_it_was(
    run, simulated, unpacked, monkeypatch
):
    judge, done = gate_run.judge_pairs, []

    async def interrupted(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(None)
        return await judge(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(gate_run, "judge_pairs", interrupted)
        assert run(*of_package(unpacked, good=3, bad=6))[0] == 130
    status, out, err = run(*of_package(unpacked, good=3, bad=6))

    assert status == 0, err
    assert "2 comparisons are known already" in err
    assert out.startswith("tiny-layers 5.0 is slower")


def test_the_commit_that_made_the_layer_slower_is_named(run, simulated, repository):
    ends = ["--layer-repo", repository, "--good", "v1", "--bad", "main"]

    status, out, err = run("bisect", "sweep.yaml", *ends, "--cache", "cache")

    culprit = git(repository, "rev-parse", "--short", "v5").strip()
    assert status == 0, err
    assert out.startswith(f"{culprit} Version 5 is slower: 1.0")
    assert git(repository, "status", "--porcelain", "--ignored") == ""


@pytest.mark.slow
def test_a_version_that_can_t_be_installed_is_left_out(run, measured, wheels):
    """With pip and workers in processes of their own."""
    build_wheel(wheels, 4, source_of(4), requires="no-such-package-of-anyone")

    status, out, err = run(*of_package(wheels, good=3, bad=5))

    assert status == 0, err
    assert out.startswith("The change is in one of 2 versions, which could not")
    assert "4.0" in out
    assert "5.0" in out


def test_a_range_without_a_difference_ends_with_that(run, simulated, unpacked):
    status, out, _ = run(*of_package(unpacked, good=1, bad=2))

    assert status == 0
    assert out.startswith("No change of more than 1 % between tiny-layers 1.0 and")


def test_a_gate_compares_two_versions_of_a_package(
    run, measured, wheels, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    source = ["--package", "tiny-layers", "--find-links", wheels]
    ends = ["--baseline", "4.0", "--candidate", "5.0"]

    status, out, err = run("gate", "sweep.yaml", *source, *ends)

    assert status == 1, err
    assert out.count("The candidate is worse.") == 1
    assert "tiny-layers 5.0 over 4.0" in out
    sides = {paths for paths in measured if paths}
    assert len(sides) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--good", "1.0", "--bad", "nine"], "nine: not a version"),
        (["--good", "1.0", "--bad", "9.0"], "tiny-layers 9.0: no such version here"),
        (["--good", "2.0", "--bad", "2.0"], "tiny-layers 2.0: the range has no other"),
        (
            ["--good", "1.0", "--bad", "2.0", "--package", "--evil"],
            "--evil: not the name of a package",
        ),
        (
            ["--good", "1", "--bad", "2", "--package", "no-such-package"],
            "No matching distribution found for no-such-package",
        ),
    ],
)
def test_a_mistake_in_the_range_is_one_line(run, measured, wheels, arguments, said):
    source = ["--package", "tiny-layers", "--find-links", wheels, "--cache", "cache"]

    status, out, err = run("bisect", "sweep.yaml", *source, *arguments)

    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not measured


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (("v1", "nosuch"), "fatal: Needed a single revision"),
        (("v5", "v2"), "v5 is not an earlier commit of v2"),
        (("v5", "v5"), "v5 is not an earlier commit of v5"),
        (("--all", "v5"), "fatal: "),
    ],
)
def test_a_mistake_in_the_commits_is_one_line(run, measured, repository, ends, said):
    good, bad = ends
    range_ = ["--layer-repo", repository, f"--good={good}", f"--bad={bad}"]

    status, out, err = run("bisect", "sweep.yaml", *range_, "--cache", "cache")

    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_damaged_journal_is_one_line(run, simulated, repository):
    ends = ["--layer-repo", repository, "--good", "v1", "--bad", "v2"]
    command = ["bisect", "sweep.yaml", *ends, "--cache", "cache"]
    assert run(*command)[0] == 0
    (journal,) = Path("cache", "bisect").glob("*.json")
    journal.write_text("[{}]", encoding="utf-8")

    status, _, err = run(*command)

    assert status == 2
    assert err.startswith(f"{journal}: can't be resumed: use --restart")
    assert run(*command, "--restart")[0] == 0


def test_the_gate_takes_a_ref_for_a_side(run, measured, repository, monkeypatch):
    monkeypatch.chdir(repository)
    monkeypatch.setenv("XDG_CACHE_HOME", str(repository.parent / "cache"))
    sweep = repository.parent / "sweep.yaml"

    sides = ["--baseline", "ref:v4", "--candidate", "ref:main"]
    status, out, err = run("gate", sweep, *sides)

    assert status == 1, err
    assert "1 regression" in out


def test_a_side_that_is_nothing_is_one_line(run, measured):
    status, _, err = run("gate", "sweep.yaml", "--baseline", "no-such-python")

    assert status == 2
    assert err.startswith("--baseline: no-such-python: no such interpreter")
    assert len(err.splitlines()) == 1


def test_uv_installs_torch_where_there_is_one(tmp_path, monkeypatch):
    """uv knows the place of PyTorch's CPU build; pip does not."""
    programs = tmp_path / "programs"
    programs.mkdir()
    uv = programs / "uv"
    uv.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path / "uv.log"}\n', encoding="utf-8")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    source = PackageVersions(cache=tmp_path / "cache")

    first, again = source.place("2.12.0"), source.place("2.12.0")

    assert first == again
    assert Path(first.python).exists()
    (call,) = (tmp_path / "uv.log").read_text().splitlines()
    assert call.startswith(f"pip install --quiet --python {first.python}")
    assert call.endswith("torch==2.12.0 numpy")
