from dataclasses import fields, replace

import pytest

from rnnbench.model.machine import (
    FieldRole,
    differences,
    environment_facts,
    forbidding,
    machine_key,
    machine_parts,
)
from rnnbench.model.run import Environment

MOVES_BY_ITSELF = {"memory_bytes", "cpu_flags"}


@pytest.fixture
def environment(make_run):
    return make_run().environment


def altered(environment, field):
    value = getattr(environment, field)
    return replace(environment, **{field: value + 1 if type(value) is int else "x"})


@pytest.mark.parametrize("field", [field.name for field in fields(Environment)])
def test_each_field_that_changes_is_named_but_for_what_moves_by_itself(
    environment, field
):
    changed = differences(environment, altered(environment, field))

    assert [one.field for one in changed] == [field] * (field not in MOVES_BY_ITSELF)


def test_a_gpu_forbids_nothing_where_nothing_runs_on_it(environment, make_case):
    changed = differences(environment, replace(environment, gpu="another"))

    assert forbidding(changed, [make_case()]) == ()
    assert len(forbidding(changed, [make_case(device="cuda")])) == 1


@pytest.mark.parametrize("field", ["cpu_model", "physical_cores", "allocator"])
def test_another_machine_forbids_a_comparison(environment, make_case, field):
    changed = differences(environment, altered(environment, field))

    assert [one.role for one in forbidding(changed, [make_case()])] == [
        FieldRole.MACHINE
    ]


@pytest.mark.parametrize("field", ["torch", "python", "kernel", "numpy", "driver"])
def test_other_software_forbids_nothing(environment, make_case, field):
    changed = differences(environment, altered(environment, field))

    assert changed
    assert forbidding(changed, [make_case()]) == ()


@pytest.mark.parametrize(
    ("change", "apart"),
    [
        ({"cpu_model": "Other CPU"}, True),
        # A hypervisor may give two designs one name, as "AMD EPYC".
        ({"cpu_signature": "family 25 model 17"}, True),
        ({"gpu": "Some GPU"}, True),
        ({"logical_cores": 8}, True),
        ({"torch": "2.13.0+cu126"}, True),
        ({"parallel_backend": "TBB"}, True),
        ({"torch": "2.14.0+cpu"}, False),
        ({"kernel": "7.0"}, False),
        ({"memory_bytes": 17 * 2**30}, False),
    ],
)
def test_a_history_keeps_machines_and_builds_apart_but_not_versions(
    environment, change, apart
):
    keys = [
        machine_key(machine_parts(one))
        for one in (environment, replace(environment, **change))
    ]

    assert (keys[0] != keys[1]) == apart


@pytest.mark.parametrize("name", ["../../etc/x", "a/b\\c", "<b>\n'\"", "\0", "é" * 99])
def test_a_machine_of_any_name_is_a_plain_folder(environment, name):
    key = machine_key(machine_parts(replace(environment, cpu_model=name)))

    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 12 < len(key) <= 60


def test_the_facts_of_an_environment_have_no_row_without_a_value(environment):
    bare = dict(environment_facts(replace(environment, variables=())))
    set_ = replace(environment, variables=("ATEN_CPU_CAPABILITY=avx2", "KMP_X=1"))

    assert bare["memory"] == "16.0 GiB"
    assert not {"variables", "gpu"} & bare.keys()
    assert dict(environment_facts(set_))["variables"] == (
        "ATEN_CPU_CAPABILITY=avx2 KMP_X=1"
    )
