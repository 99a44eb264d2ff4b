"""The reference has a row for everything that the code has."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import pytest
import reference_tables

from rnnbench.analysis import ratio
from rnnbench.analysis.learning_ratios import LearningVerdict
from rnnbench.model.case import Case
from rnnbench.model.condition import ConditionLevel
from rnnbench.model.run import Environment, Run
from rnnbench.model.status import Status
from rnnbench.regression import compared_value, gate_decision

DOCS = Path(__file__).parents[2] / "docs"


def stored(kind, found):
    """`kind` and each dataclass in it, without those with a table from the code."""
    if get_origin(kind) is not None:
        for argument in get_args(kind):
            stored(argument, found)
    elif is_dataclass(kind) and kind not in (*found, Case, Environment):
        found.append(kind)
        for hint in get_type_hints(kind).values():
            stored(hint, found)
    return found


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def section(name, heading):
    return page(name).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", reference_tables.TABLES)
def test_each_table_can_be_made(name):
    assert reference_tables.TABLES[name]().strip()


@pytest.mark.parametrize("kind", stored(Run, []), ids=lambda kind: kind.__name__)
def test_the_page_of_the_results_file_has_each_field(kind):
    text = page("results-file.md")

    assert [f.name for f in fields(kind) if f"`{f.name}`" not in text] == []


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Statuses of a case", Status),
        ("Verdicts on a ratio", ratio.Verdict),
        ("Verdicts on learning", LearningVerdict),
        ("Compare", compared_value.CompareVerdict),
        ("Gate", gate_decision.GateVerdict),
        ("Doctor", ConditionLevel),
    ],
)
def test_each_status_and_each_verdict_has_its_row(heading, words):
    text = section("statuses.md", heading)

    assert [str(word) for word in words if f"`{word}`" not in text] == []
    assert text.count("\n| `") == len(words) - text.count("`, `")


def test_the_map_of_the_folders_has_each_folder():
    text = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    package = DOCS.parent / "rnnbench"
    # The suites are a link to bench/, which the map has.
    folders = {path.parent.name for path in package.glob("*/__init__.py")} - {"suites"}

    assert sorted(name for name in folders if f"`rnnbench/{name}/`" not in text) == []


def test_each_promise_has_a_test_that_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page("faults.md"))

    missing = [
        name
        for file, name in named
        if f"def {name}(" not in (DOCS.parent / file).read_text(encoding="utf-8")
    ]
    assert missing == []
    assert len(named) == page("faults.md").count("::")
