"""What a new user types: the pins, the ranges and the commands agree."""

import configparser
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import rnnbench

ROOT = Path(__file__).parents[1]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def pins():
    lines = [line for line in read("constraints.txt").splitlines() if line]
    return [Requirement(line) for line in lines if not line.startswith("#")]


def project():
    return tomllib.loads(read("pyproject.toml"))["project"]


def test_each_pin_is_one_exact_public_version():
    found = pins()

    versions = [Version(str(pin.specifier).removeprefix("==")) for pin in found]
    assert [str(version) for version in versions if version.local] == []
    names = [canonicalize_name(pin.name) for pin in found]
    assert len(set(names)) == len(names)
    assert [name for name in names if name.startswith(("nvidia-", "cuda-"))] == []


def test_each_dependency_is_pinned_within_its_range():
    pinned = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins()
    }
    extras = project()["optional-dependencies"]
    wanted = project()["dependencies"] + extras["test"] + extras["docs"]

    outside = [
        text
        for text in wanted
        if (one := Requirement(text))
        and pinned.get(canonicalize_name(one.name), "0") not in one.specifier
    ]

    assert outside == []


def test_the_documentation_is_built_with_its_extra_and_without_torch():
    tox = configparser.ConfigParser(interpolation=None)
    tox.read_string(read("tox.ini"))
    deps = set(tox["testenv:docs"]["deps"].split())

    extra = project()["optional-dependencies"]["docs"]
    assert {Requirement(text).name for text in extra} <= deps
    assert "torch" not in deps


def test_ci_runs_the_readmes_test_command():
    command = (
        "python3 -m venv .venv && .venv/bin/python -m pip install tox && "
        ".venv/bin/python -m tox run -e"
    )

    assert f"{command} tests\n" in read("README.md")
    assert f"{command} bench\n" in read("README.md")
    assert f"{command} tests\n" in read(".ci/run")


def test_the_changelog_has_this_version():
    assert f"\n## [{rnnbench.__version__}] - " in read("CHANGELOG.md")


def test_every_link_of_the_published_site_leads_to_a_committed_file():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "reports"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    committed = {(ROOT / name).resolve() for name in listed.split("\0") if name}
    if not committed:
        pytest.skip("this is no clone")
    pages = [path for path in committed if path.suffix == ".html"]

    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r'href="([^"#?:]+)', page.read_text(encoding="utf-8"))
        if (page.parent / link).resolve() not in committed
    ]

    assert pages
    assert broken == []
