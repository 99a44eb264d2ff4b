"""Reading the state of the worker's process."""

import builtins
import sys

from rnnbench.worker import process_state


def test_the_state_is_read_even_if_a_value_imports_a_module(monkeypatch):
    """torch imports some of its modules when one of their values is read first."""

    def importing():
        monkeypatch.setitem(sys.modules, "imported_by_a_value", sys)
        yield "a value", 1

    monkeypatch.setattr(process_state, "_values", importing)

    assert process_state.ProcessState.read().values == {"a value": 1}


def test_what_rnnbench_sets_for_a_runtime_is_no_change_by_it(monkeypatch):
    before = process_state.ProcessState.read()
    for name in ("NPROC", "XLA_FLAGS", "SET_BY_A_LAYER"):
        monkeypatch.setenv(name, "1")

    changes = before.changes(process_state.ProcessState.read())

    assert changes == ("environment variable SET_BY_A_LAYER",)


def test_the_register_of_an_extension_replaces_no_builtin(monkeypatch):
    before = process_state.ProcessState.read()
    monkeypatch.setattr(builtins, "__pybind11_internals_v4__", object(), raising=False)
    monkeypatch.setattr(builtins, "added_by_a_layer", object(), raising=False)

    changes = before.changes(process_state.ProcessState.read())

    assert changes == ("builtins.added_by_a_layer",)
