"""Reference tables made from the code when the documentation is built.

The help of every command, the options of pytest, the axes and the keys of a sweep, each
as Markdown. A page names a row of `TABLES` in a directive, which conf.py registers:

    ```{from-code} axes
    ```
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from markdown_tables import table

from rnnbench.cli.main import app
from rnnbench.model.run import Environment, Policy
from rnnbench.plugin import hooks
from rnnbench.sweep.axis_table import axis_table
from rnnbench.sweep.schema import PolicySection, SweepFile
from rnnbench.sweep.shipped import shipped_sweeps

MEANINGS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("meanings.toml").read_text(encoding="utf-8")
)
_WIDTH = 88


def commands() -> str:
    """The help of every command, as a terminal shows it."""
    group = typer.main.get_command(app)
    return "\n\n".join(
        f"## `{path}`\n\n```text\n{text}\n```"
        for path, text in _helps(group, "rnnbench")
    )


def pytest_options() -> str:
    """A table of what the plugin adds to pytest's command line."""
    parser = pytest.Parser(_ispytest=True)
    hooks.pytest_addoption(parser)
    rows = [
        (
            f"`{' '.join(filter(None, (option.names()[0], _metavar(option))))}`",
            str(option.attrs().get("help", "")).replace("%%", "%"),
        )
        for option in parser.getgroup("rnnbench").options
    ]
    return table(("option", "what it does"), rows)


def axes() -> str:
    """A table of the axes: values, default, meaning."""
    rows = [
        (f"`{axis.name}`", axis.values, f"`{axis.default}`", axis.meaning)
        for axis in axis_table()
    ]
    return table(("axis", "values", "default", "meaning"), rows)


def sweep_keys() -> str:
    """A table of the keys at the top of a sweep."""
    return _keys("sweep", SweepFile.model_fields)


def policy_keys() -> str:
    """A table of the keys of a sweep's policy, with the defaults that apply."""
    rows = [
        (f"`{name}`", f"`{getattr(Policy(), name)}`", MEANINGS["policy"][name])
        for name in PolicySection.model_fields
    ]
    return table(("key", "default", "what it does"), rows)


def sweeps() -> str:
    """A table of the sweeps that come with the package, with their questions."""
    rows = [(f"`{sweep.name}`", sweep.question) for sweep in shipped_sweeps()]
    return table(("sweep", "question"), rows)


def environment() -> str:
    """The fields of a results file's environment."""
    return ", ".join(f"`{field.name}`" for field in fields(Environment)) + "."


TABLES = {
    "commands": commands,
    "pytest-options": pytest_options,
    "axes": axes,
    "sweep-keys": sweep_keys,
    "policy-keys": policy_keys,
    "sweeps": sweeps,
    "environment": environment,
}


def _helps(command: Any, path: str) -> Iterator[tuple[str, str]]:
    context = command.make_context(
        path, [], resilient_parsing=True, terminal_width=_WIDTH
    )
    yield path, command.get_help(context).strip()
    for name, child in getattr(command, "commands", {}).items():
        yield from _helps(child, f"{path} {name}")


def _metavar(option: Any) -> str:
    return option.attrs().get("metavar", "")


def _keys(section: str, known: Iterable[str]) -> str:
    rows = [(f"`{name}`", MEANINGS[section][name]) for name in known]
    return table(("key", "what it does"), rows)
