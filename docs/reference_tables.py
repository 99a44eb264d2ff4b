"""Reference tables made from the code when the documentation is built.

The help of every command, the options of pytest, the axes and the keys of a sweep, each
as Markdown. A page names a row of `TABLES` in a directive, which conf.py registers:

    ```{from-code} axes
    ```
"""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from markdown_tables import table

import rnnbench
from rnnbench.analysis.launch_rows import COLUMNS
from rnnbench.cli.main import app
from rnnbench.model.case import Phase
from rnnbench.model.run import Environment
from rnnbench.model.runtimes import RUNTIMES, Runtime
from rnnbench.model.task_table import TASKS
from rnnbench.model.variable_table import VARIABLES
from rnnbench.plugin import hooks
from rnnbench.sweep.axis_table import axis_table
from rnnbench.sweep.json_schema import json_schema
from rnnbench.sweep.shipped import shipped_sweeps

SOURCE = Path(rnnbench.__file__).parent
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
    rows = [(f"`{name}`", meaning) for name, meaning, _ in _described(json_schema())]
    return table(("key", "what it does"), rows)


def policy_keys() -> str:
    """A table of the keys of a sweep's policy, with the defaults that apply."""
    policy = json_schema()["$defs"]["Policy"]
    rows = [
        (f"`{name}`", f"`{default}`", meaning)
        for name, meaning, default in _described(policy)
    ]
    return table(("key", "default", "what it does"), rows)


def learning_keys() -> str:
    """A table of the keys of a sweep's learning section, but for its rules."""
    return _learning_keys("LearningSection", without="cases")


def learning_rule_keys() -> str:
    """A table of the keys of a rule of that section."""
    return _learning_keys("LearningRule")


def _learning_keys(section: str, without: str = "") -> str:
    rows = [
        (f"`{name}`", "" if default is None else f"`{default}`", meaning)
        for name, meaning, default in _described(json_schema()["$defs"][section])
        if name != without
    ]
    return table(("key", "default", "what it does"), rows)


def tasks() -> str:
    """A table of the learning tasks, with their goals at the usual length."""
    rows = []
    for name, row in TASKS.items():
        goal = row.goal(row.seq_len)
        target = "none" if goal.target is None else f"{goal.target:g}"
        budget = f"{goal.budget:,}" if goal.budget else ""
        rows.append(
            (
                f"`{name}`",
                row.question,
                str(row.seq_len),
                target,
                str(row.quality),
                budget,
            )
        )
    headings = (
        "task",
        "question",
        "usual length",
        "target",
        "quality",
        "budget, steps",
    )
    return table(headings, rows)


def sweeps() -> str:
    """A table of the sweeps that come with the package, with their questions."""
    rows = [(f"`{sweep.name}`", sweep.question) for sweep in shipped_sweeps()]
    return table(("sweep", "question"), rows)


def runtimes() -> str:
    """A table of the runtimes: phases, packages, fixed shapes, notes."""
    rows = [
        (
            f"`{row.name}`",
            ", ".join(phase for phase in Phase if phase in row.phases),
            ", ".join(f"`{package}`" for package in row.packages) or "torch",
            _fixed(row),
            row.note,
        )
        for row in RUNTIMES.values()
    ]
    return table(("runtime", "phases", "packages", "fixed when built", "notes"), rows)


def _fixed(row: Runtime) -> str:
    shapes = {"length": row.dynamic_length, "batch": row.dynamic_batch}
    return ", ".join(name for name, dynamic in shapes.items() if not dynamic) or "none"


def python_interface() -> str:
    """Signature and docstring of every public function, class and method."""
    tree = ast.parse((SOURCE / "api.py").read_text(encoding="utf-8"))
    named = {node.name: node for node in tree.body if hasattr(node, "name")}
    parts = []
    for name in sorted(rnnbench.__all__, key=str.swapcase):
        parts += _explained(named[name], f"rnnbench.{name}", "##")
        for child in getattr(named[name], "body", []):
            is_public = not getattr(child, "name", "_").startswith("_")
            if isinstance(named[name], ast.ClassDef) and is_public:
                parts += _explained(child, f"{name}.{child.name}", "###")
    return "\n\n".join(parts)


def environment() -> str:
    """The fields of a results file's environment."""
    return ", ".join(f"`{field.name}`" for field in fields(Environment)) + "."


def variables() -> str:
    """A table of the environment variables that a worker does not get or records."""
    rows = [
        (
            ", ".join(
                f"`{prefix}{'*' if prefix.endswith('_') else ''}`"
                for prefix in row.prefixes
            ),
            str(row.treatment),
            row.reason,
        )
        for row in VARIABLES
    ]
    return table(("variable", "treatment", "reason"), rows)


def dataset_columns() -> str:
    """A table of the columns that `rnnbench export` writes."""
    rows = [(f"`{name}`", kind, meaning) for name, kind, meaning in COLUMNS]
    return table(("column", "type", "content"), rows)


TABLES = {
    "dataset-columns": dataset_columns,
    "commands": commands,
    "pytest-options": pytest_options,
    "axes": axes,
    "sweep-keys": sweep_keys,
    "policy-keys": policy_keys,
    "learning-keys": learning_keys,
    "learning-rule-keys": learning_rule_keys,
    "tasks": tasks,
    "sweeps": sweeps,
    "runtimes": runtimes,
    "python-interface": python_interface,
    "environment": environment,
    "variables": variables,
}


def _helps(command: Any, path: str) -> Iterator[tuple[str, str]]:
    context = command.make_context(
        path, [], resilient_parsing=True, terminal_width=_WIDTH
    )
    yield path, command.get_help(context).strip()
    for name, child in getattr(command, "commands", {}).items():
        yield from _helps(child, f"{path} {name}")


def _explained(node: Any, name: str, heading: str) -> list[str]:
    docstring = ast.get_docstring(node) or ""
    signature = name
    if isinstance(node, ast.FunctionDef) and not node.decorator_list:
        signature = f"{name}({ast.unparse(node.args).removeprefix('self, ')})"
        signature = signature.replace("(self)", "()")
    return [f"{heading} `{name}`", f"```text\n{signature}\n\n{docstring}\n```"]


def _described(schema: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Each property with its description and its default."""
    for name, found in schema["properties"].items():
        yield name, found["description"], found.get("default")


def _metavar(option: Any) -> str:
    return option.attrs().get("metavar", "")
