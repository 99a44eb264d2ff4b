"""benchmatrix: its matrix of implementations and cases, one metric."""

import pytest
from benchmatrix import BenchmarkCase, make_benchmark_test
from names import LAYERS, WORKLOADS
from work import make


class Called:
    """The callable of one layer in the matrix; a fixture builds it once per case."""

    def __init__(self, layer):
        self.layer = layer
        self.calls = {}

    def __call__(self, workload):
        return self.calls[workload]()


CALLED = {layer: Called(layer) for layer in LAYERS}
CASES = [
    BenchmarkCase.from_values(name, name, work_units=1, work_unit_name="calls")
    for name in WORKLOADS
]


@pytest.fixture(autouse=True)
def built(implementation_name, case_name):
    step = make(f"{case_name}/{implementation_name}")
    CALLED[implementation_name].calls[case_name] = step.call
    with step.context():
        yield


test_matrix = make_benchmark_test(CALLED, CASES, metrics=["single_call_latency"])
