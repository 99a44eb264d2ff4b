"""Reading the state of the worker's process."""

import sys

from rnnbench.worker import process_state


def test_the_state_is_read_even_if_a_value_imports_a_module(monkeypatch):
    """torch imports some of its modules when one of their values is read first."""

    def importing():
        monkeypatch.setitem(sys.modules, "imported_by_a_value", sys)
        yield "a value", 1

    monkeypatch.setattr(process_state, "_values", importing)

    assert process_state.ProcessState.read().values == {"a value": 1}
