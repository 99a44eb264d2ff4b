"""`rnnbench doctor`: what is off comes first, and the status says whether it is."""

import json

import pytest

from rnnbench.model.condition import Condition, ConditionLevel

FINE = Condition(name="ASLR", level=ConditionLevel.OK, state="on")
LANES = Condition(name="lanes", level=ConditionLevel.OK, state="2")
OFF = Condition(
    name="load",
    level=ConditionLevel.WARNING,
    state="3 of 2 CPUs",
    effect="disturbs\x1b[31m turns",
    fix="stop it",
)


@pytest.fixture
def conditions(monkeypatch):
    def use(*found):
        monkeypatch.setattr(
            "rnnbench.runner.doctor.conditions.read_conditions", lambda _: found
        )
        monkeypatch.setattr("rnnbench.runner.lanes.lane_condition", lambda: LANES)

    return use


def test_a_warning_comes_first_with_effect_and_fix(run, conditions):
    conditions(FINE, OFF)

    code, out, _ = run("doctor", "--no-measure")

    assert code == 1
    assert out.splitlines() == [
        "warning: load: 3 of 2 CPUs",
        "         effect: disturbs?[31m turns",
        "         fix: stop it",
        "ok:      ASLR: on",
        "ok:      lanes: 2",
    ]


def test_without_a_warning_the_status_is_0(run, conditions):
    conditions(FINE)

    assert run("doctor", "--no-measure")[0] == 0


def test_json_has_every_condition(run, conditions):
    conditions(FINE, OFF)

    _, out, _ = run("doctor", "--no-measure", "--json")

    found = json.loads(out)["conditions"]
    assert [each["name"] for each in found] == ["ASLR", "load", "lanes"]
    assert found[1]["fix"] == "stop it"
