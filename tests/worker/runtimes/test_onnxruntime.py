"""The memory that ONNX Runtime reads, under a session that keeps nothing of its own."""

import gc
import weakref
from types import SimpleNamespace

import pytest

from rnnbench.model.case import Case, Phase
from rnnbench.worker.runtimes.prepare import source_of

runtime = pytest.importorskip("rnnbench.worker.runtimes.onnxruntime")


class Bound:
    """A value that a binding points to."""


def forgetful_session():
    """A session whose bindings keep no value, as those of older versions."""
    names = ("bind_ortvalue_input", "bind_ortvalue_output", "bind_output")
    binding = SimpleNamespace(**dict.fromkeys(names, lambda *_: None))
    return SimpleNamespace(io_binding=lambda: binding, run_with_iobinding=None)


@pytest.mark.parametrize(
    ("phase", "calls"), [(Phase.INFERENCE, "_Sequence"), (Phase.STREAM, "_Stream")]
)
def test_what_is_bound_stays_in_memory(monkeypatch, phase, calls):
    made = []

    def value(_):
        bound = Bound()
        made.append(weakref.ref(bound))
        return bound

    monkeypatch.setattr(runtime, "_value", value)
    case = Case(
        layer="lstm",
        input_size=3,
        hidden_size=4,
        seq_len=1,
        batch_size=1,
        phase=phase,
        runtime="onnxruntime",
    )

    kept = getattr(runtime, calls)(forgetful_session(), source_of(case))
    gc.collect()

    assert made
    assert all(one() is not None for one in made), kept
